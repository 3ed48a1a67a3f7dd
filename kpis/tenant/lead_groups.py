"""Which ids are one lead, and when a subject reached the steps of the funnel."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from kpis.cells.ledger import MANY
from kpis.facts.leads import LeadEvent, LeadLog, read_lead
from kpis.tenant.facts import TenantFacts


class Steps(NamedTuple):
    """When a subject last became a lead, an opportunity, and won a deal, ms; None: never."""

    lead: int | None = None
    opportunity: int | None = None
    won: int | None = None


NO_STEPS: Final = Steps()


def lead_group(tenant: TenantFacts, lead: str) -> str:
    """The key of a lead's group: of merged leads, the first by name that has events."""
    return next((one for one in merged_leads(tenant, lead) if one in tenant.leads), lead)


def merged_leads(tenant: TenantFacts, lead: str) -> tuple[str, ...]:
    """All ids merged with a lead, including itself, sorted."""
    identity = tenant.people.identity
    return identity.merged_with(lead) if lead in identity.of else (lead,)


def lead_events(tenant: TenantFacts, lead: str) -> list[LeadEvent]:
    """The events that determine a lead, over all merged ids."""
    return [event for one in merged_leads(tenant, lead) for event in deciding(tenant, one)]


def deciding(tenant: TenantFacts, lead: str) -> list[LeadEvent]:
    """An id's lead events; if there are many, only those that determine the lead."""
    events = tenant.leads.get(lead, [])
    return events if len(events) <= MANY else log_of(tenant, lead).deciding


def log_of(tenant: TenantFacts, lead: str) -> LeadLog:
    """An id's lead events as read; if there are many, only the new ones are read."""
    events = tenant.leads.get(lead, [])
    log = tenant.lead_logs.get(lead)
    if log is None or log.events is not events:
        log = LeadLog(events)
        if len(events) > MANY:
            tenant.lead_logs[lead] = log
    return log.go_on()


def latest_steps(tenant: TenantFacts, person: str) -> Steps:
    """When a person (or an account as a whole) last reached each step of the funnel."""
    people = tenant.people
    found = {lead_group(tenant, key) for key in people.owned_by_person(person, "lead")}
    leads = [lead for group in found if (lead := read_lead(lead_events(tenant, group)))]
    opportunities = (lead.opportunity for lead in leads if lead.opportunity is not None)
    deals = (tenant.purchases.get(f"deal:{key}") for key in people.owned_by_person(person, "deal"))
    won = (deal.time for deal in deals if deal is not None)
    return Steps(
        max((lead.created for lead in leads), default=None), max(opportunities, default=None), max(won, default=None)
    )


def open_deals_of(tenant: TenantFacts, *leads: Iterable[LeadEvent]) -> None:
    """Retract the won deals that lead events name, before the leads change."""
    for events in leads:
        for event in events:
            if event.deal and f"deal:{event.deal}" in tenant.purchases:
                tenant.ledger.open("closing", event.deal)


def open_deals_of_leads(tenant: TenantFacts, ids: Iterable[str]) -> None:
    """Retract the won deals that these ids' leads name, before their merged ids change."""
    open_deals_of(tenant, *(tenant.leads[one] for one in ids if one in tenant.leads))
