"""The contribution of a lead."""

from kpis.cells.ledger import Contribution, Parts, coded
from kpis.contributions.touches_to_close import outbound
from kpis.facts.lead_response import response_deltas
from kpis.facts.leads import lead_deltas, read_lead
from kpis.tenant.facts import TenantFacts
from kpis.tenant.lead_groups import lead_events, lead_group, log_of


def of_lead(tenant: TenantFacts, key: str) -> Contribution:
    """A lead, in the segments of its subject. Of merged leads, only the first contributes."""
    for segments, deltas in lead_parts(tenant, key).values():
        yield from coded(segments, deltas)


def lead_parts(tenant: TenantFacts, key: str) -> Parts:
    """A lead's contribution in parts: its attempts, and the lead itself."""
    tried: Parts = {"tried": (0, list(log_of(tenant, key).attempts))}
    lead = read_lead(lead_events(tenant, key)) if lead_group(tenant, key) == key else None
    if lead is None:
        return tried
    segments = tenant.people.segments(tenant.people.subject(key))
    answered = response_deltas(lead, outbound(tenant, key), tenant.settings, tenant.zone)
    return {**tried, "own": (segments, [*lead_deltas(lead), *answered])}
