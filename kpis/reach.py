"""What a contact does to a tenant's facts, and what contacts add to the numbers of deals and leads."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kpis.calendar.intervals import FOREVER, Interval
from kpis.cells.deltas import Delta
from kpis.cells.ledger import Contribution
from kpis.deal_history import deal_of
from kpis.facts.deals import Deal, deal_segments, open_intervals
from kpis.facts.leads import Lead, LeadEvent, read_lead
from kpis.facts.outreach import IGNORED, NUMBERS, OUTBOUND, flags_of
from kpis.facts.touches import LATE
from kpis.identity.ids import segment_of
from kpis.lead_groups import lead_events, lead_group
from kpis.slices import Work
from models.record import Row

if TYPE_CHECKING:
    from kpis.tenant import Tenant


def take_contact(tenant: "Tenant", row: Row, own: str, late: bool, bot: bool) -> None:
    """Keep an event of a contact's types under its id (``own``)."""
    flags = flags_of(row.type, row.data, late, bot)
    if (flags & IGNORED or own.startswith("event:")) and not flags & LATE:
        return
    deal = str(row.data["deal_id"]) if row.data.get("deal_id") else None
    if not flags & IGNORED:
        _open_changed(tenant, own, row.time, flags, deal)
    if flags & LATE:
        _note_late(tenant, row, deal)
    tenant.people.hold(own)
    chunk = tenant.contacts.add(own, row.time, NUMBERS[row.type], flags, deal)
    tenant.dirty.add(("contact", (own, chunk)))


def _open_changed(tenant: "Tenant", own: str, time: int, flags: int, deal: str | None) -> None:
    """Open the closings and leads that a contact changes: mostly none."""
    people = tenant.people
    root = people.subject(own)
    if deal is not None:
        _open_closing(tenant, deal, time)
    for member in people.identity.members(root):
        owned = people.owned.get(member, {})
        for key in owned.get("deal", ()) if deal is None else ():
            _open_closing(tenant, key, time)
        for key in owned.get("lead", ()) if flags & OUTBOUND else ():
            _open_lead(tenant, lead_group(tenant, key), time)


def _open_closing(tenant: "Tenant", deal: str, time: int) -> None:
    # A deal that is won in this batch is open already.
    won = tenant.purchases.get(f"deal:{deal}")
    if won is not None and time <= won.time:
        tenant.ledger.open("closing", deal)


def _open_lead(tenant: "Tenant", key: str, time: int) -> None:
    if tenant.ledger.is_open("lead", key):
        return
    lead = read_lead(lead_events(tenant, key))
    if lead is not None and (time < lead.end or not (outbound(tenant, key) <= time).any()):
        tenant.ledger.open("lead", key)


def open_deals_of(tenant: "Tenant", *leads: Iterable[LeadEvent]) -> None:
    """Open the won deals that events of leads name, before the leads change."""
    for events in leads:
        for event in events:
            if event[4] and f"deal:{event[4]}" in tenant.purchases:
                tenant.ledger.open("closing", event[4])


def open_deals_of_leads(tenant: "Tenant", ids: Iterable[str]) -> None:
    """Open the won deals that these ids' leads name, before ids that were merged are others."""
    open_deals_of(tenant, *(tenant.leads[one] for one in ids if one in tenant.leads))


def _note_late(tenant: "Tenant", row: Row, deal: str | None) -> None:
    if deal is None:
        tenant.ledger.add_delta(_segments(tenant, Deal()), Delta(f"late.d:{row.type}", row.time, 1), 1)
    else:
        tenant.ledger.open("closing", deal)


def late_without_deal(tenant: "Tenant", raw: str) -> None:
    """An id's late contacts that name no deal, in the segments of a deal of which nothing is known."""
    for time, type_, deal in tenant.contacts.late(raw):
        if deal is None:
            tenant.ledger.add_delta(_segments(tenant, Deal()), Delta(f"late.d:{type_}", time, 1), 1)


def restore(tenant: "Tenant") -> Work:
    """Make what is derived from restored facts."""
    yield from tenant.contacts.restore()
    tenant.ages.changed |= tenant.deals.keys()
    for lead, events in tenant.leads.items():
        for event in events:
            if event[4]:
                tenant.leads_of_deal.setdefault(event[4], set()).add(lead)


def closings(tenant: "Tenant") -> set[str]:
    """Keys of all groups that contacts are in."""
    return {*tenant.deals, *tenant.contacts.naming}


def _segments(tenant: "Tenant", deal: Deal) -> int:
    return tenant.sets.code(tuple(segment_of(*pair) for pair in deal_segments(deal, tenant.settings)))


def of_closing(tenant: "Tenant", key: str) -> Contribution:
    """The touches a won deal took; the late ones that name a deal."""
    deal = deal_of(tenant, key)
    segments = _segments(tenant, deal)
    for raw in tenant.contacts.naming.get(key, ()):
        for time, type_, named in tenant.contacts.late(raw):
            if named == key:
                yield segments, Delta(f"late.d:{type_}", time, 1)
    if deal.state == "won" and deal.closed is not None:
        touches = touches_to_close(tenant, key, deal, deal.closed)
        yield segments, Delta("touches_to_close", deal.closed, touches)
        yield segments, Delta(f"to_close={touches}", deal.closed, 1)


def touches_to_close(tenant: "Tenant", key: str, deal: Deal, closed: int) -> int:
    """Touches that name a deal, and those of its subject that name none, from its creation or lead to its close."""
    known = [lead.created for lead in leads_of(tenant, key)] + [deal.created] * (deal.created is not None)
    start = min((at for at in known if at is not None), default=-FOREVER)
    found = sum(start <= at <= closed for at in tenant.contacts.named(key))
    if deal.created is None:
        return found
    spans = [(start, deal.created), *open_intervals(deal), (closed, closed + 1)]
    root = tenant.people.subject(f"deal:{key}")
    return found + sum(_within(tenant.contacts.unnamed(raw), spans, closed) for raw in tenant.people.raws(root))


def _within(instants: NDArray[np.int64], spans: Sequence[Interval], closed: int) -> int:
    """How many instants lie in one of some spans, and not after the close."""
    inside = np.zeros(len(instants), dtype=bool)
    for start, end in spans:
        inside |= (instants >= start) & (instants < end)
    return int((inside & (instants <= closed)).sum())


def leads_of(tenant: "Tenant", deal: str) -> list[Lead]:
    """The leads that became a deal."""
    keys = {lead_group(tenant, lead) for lead in tenant.leads_of_deal.get(deal, ())}
    found = (read_lead(lead_events(tenant, key)) for key in keys)
    return [lead for lead in found if lead is not None and deal in lead.deals]


def outbound(tenant: "Tenant", key: str) -> NDArray[np.int64]:
    """Outbound touches of a lead's subject, ms, in order."""
    root = tenant.people.subject(key)
    held = [tenant.contacts.outbound(raw) for raw in tenant.people.raws(root) if raw in tenant.contacts.of]
    return np.sort(np.concatenate(held)) if held else np.empty(0, dtype=np.int64)
