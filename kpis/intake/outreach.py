"""Stores sales contacts (calls, meetings, mails), and retracts the deals and leads they change."""

from bisect import bisect_left
from operator import attrgetter
from typing import Final

from kpis.cells.deltas import Delta
from kpis.contributions.touches_to_close import closing_segments, outbound
from kpis.facts.deals import Deal
from kpis.facts.leads import read_lead
from kpis.facts.outreach import IGNORED, NUMBERS, OUTBOUND, flags_of
from kpis.facts.touches import LATE
from kpis.tenant.lead_groups import lead_events, lead_group
from kpis.tenant.purchases import purchases_of
from kpis.tenant.tenant import Tenant
from models.record import Row

TIME: Final = attrgetter("time")


def take_contact(tenant: Tenant, row: Row, own: str, late: bool, bot: bool) -> None:
    """Store a contact under its source id (``own``)."""
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


def _open_changed(tenant: Tenant, own: str, time: int, flags: int, deal: str | None) -> None:
    """Retract the closings and leads that a contact changes; usually none."""
    people = tenant.people
    root = people.subject(own)
    # A deal won in this batch has been retracted already.
    if deal is not None:
        won = tenant.purchases.get(f"deal:{deal}")
        if won is not None and time <= won.time:
            tenant.ledger.open("closing", deal)
    else:
        deals = purchases_of(tenant, root, "deal")
        for won in deals[bisect_left(deals, time, key=TIME) :]:
            tenant.ledger.open("closing", won.name.partition(":")[2])
    for key in people.owned_by(root, "lead") if flags & OUTBOUND else ():
        _open_lead(tenant, lead_group(tenant, key), time)


def _open_lead(tenant: Tenant, key: str, time: int) -> None:
    if tenant.ledger.is_open("lead", key):
        return
    lead = read_lead(lead_events(tenant, key))
    if lead is not None and (time < lead.end or not (outbound(tenant, key) <= time).any()):
        tenant.ledger.open("lead", key)


def _note_late(tenant: Tenant, row: Row, deal: str | None) -> None:
    if deal is None:
        tenant.ledger.add_delta(closing_segments(tenant, Deal()), Delta(f"late.d:{row.type}", row.time, 1), 1)
    else:
        tenant.ledger.open("closing", deal)
