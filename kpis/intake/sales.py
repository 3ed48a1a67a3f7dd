"""Handlers for deal, order and lead events."""

from kpis.facts.deals import deal_event
from kpis.facts.leads import LeadEvent
from kpis.facts.orders import order_event
from kpis.identity.ids import named_ids
from kpis.intake.attribution import note_reported
from kpis.intake.ownership import assign_object
from kpis.intake.unpicked import keeps, keeps_object
from kpis.tenant.lead_groups import deciding, merged_leads, open_deals_of
from kpis.tenant.tenant import Tenant
from models.record import Row


def take_deal(tenant: Tenant, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
    """A deal event; a created deal that names a lead is also an event of that lead."""
    key = str(row.data["deal_id"])
    if keeps_object(tenant, f"deal:{key}", row):
        _deal_event(tenant, key, kind, row, late)
    lead = row.data.get("lead_id")
    if kind == "created" and lead is not None and row.data.get("time_known") is not False:
        lead_event(tenant, f"lead:{lead}", LeadEvent(row.time, "deal", row.source, row.id, key))


def _deal_event(tenant: Tenant, key: str, kind: str, row: Row, late: bool) -> None:
    thing = f"deal:{key}"
    tenant.ledger.open("deal", key)
    tenant.ledger.open("closing", key)
    tenant.ages.changed.add(key)
    tenant.unsettled.add(thing)
    if key not in tenant.deals:
        note_reported(tenant, tenant.people.subject(thing))
    assign_object(tenant, "deal", key)
    tenant.file("deal", key, tenant.deals, deal_event(row.time, kind, row.source, row.id, row.data, late))


def take_order(tenant: Tenant, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
    """An order event."""
    key = str(row.data["order_id"])
    if not keeps_object(tenant, f"order:{key}", row):
        return
    if key in tenant.orders:
        tenant.ledger.open("order", key)
    else:
        tenant.ledger.open_empty("order", key)
    tenant.unsettled.add(f"order:{key}")
    assign_object(tenant, "order", key)
    tenant.file("order", key, tenant.orders, order_event(row.time, kind, row.source, row.id, row.data))


def take_lead(tenant: Tenant, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
    """A lead event."""
    lead = f"lead:{row.data['lead_id']}"
    lead_event(tenant, lead, LeadEvent(row.time, kind, row.source, row.id, row.data.get("deal_id")))
    source_and_owner(tenant, row)


def lead_event(tenant: Tenant, lead: str, event: LeadEvent) -> None:
    """Store a lead's event, or that a deal names the lead as its origin."""
    if not keeps(tenant, lead):
        return
    found = merged_leads(tenant, lead)
    for one in found:
        tenant.ledger.open("lead", one)
    note_reported(tenant, tenant.people.subject(lead))
    if event.deal:
        tenant.leads_of_deal.setdefault(event.deal, set()).add(lead)
    tenant.people.own("lead", lead, lead, None)
    open_deals_of(tenant, [event], *(deciding(tenant, one) for one in found))
    tenant.file("lead", lead, tenant.leads, event)
    tenant.person_sets.step(lead)


def source_and_owner(tenant: Tenant, row: Row) -> None:
    """Note the source and owner that a lead or customer event asserts for its subject."""
    first = named_ids(row.data)[0]
    if not keeps(tenant, first):
        return
    stamp = (row.time, row.source, row.id)
    tenant.assert_trait(first, "source", row.data.get("source"), stamp)
    tenant.assert_trait(first, "owner", row.data.get("owner_id"), stamp)
