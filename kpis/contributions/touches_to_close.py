"""Contacts that count for deals and leads."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from kpis.calendar.intervals import FOREVER, union
from kpis.cells.deltas import Delta
from kpis.cells.ledger import Contribution
from kpis.facts.deals import Deal, deal_segments, open_intervals
from kpis.facts.leads import Lead, read_lead
from kpis.identity.ids import segment_of
from kpis.tenant.facts import TenantFacts
from kpis.tenant.lead_groups import lead_events, lead_group
from kpis.tenant.readings import deal_of


def late_without_deal(tenant: TenantFacts, raw: str) -> None:
    """Add an id's late contacts that name no deal, in the segments of an empty deal."""
    for time, type_, deal in tenant.contacts.late(raw):
        if deal is None:
            tenant.ledger.add_delta(closing_segments(tenant, Deal()), Delta(f"late.d:{type_}", time, 1), 1)


def closings(tenant: TenantFacts) -> set[str]:
    """Keys of all ``closing`` groups."""
    return {*tenant.deals, *tenant.contacts.naming}


def closing_segments(tenant: TenantFacts, deal: Deal) -> int:
    """The code of a deal's own segments."""
    return tenant.sets.code(tuple(segment_of(*pair) for pair in deal_segments(deal, tenant.settings)))


def of_closing(tenant: TenantFacts, key: str) -> Contribution:
    """The touches that led to a won deal, and the late contacts that name the deal."""
    deal = deal_of(tenant, key)
    segments = closing_segments(tenant, deal)
    for raw in tenant.contacts.naming.get(key, ()):
        for time, type_, named in tenant.contacts.late(raw):
            if named == key:
                yield segments, Delta(f"late.d:{type_}", time, 1)
    if deal.state == "won" and deal.closed is not None:
        touches = touches_to_close(tenant, key, deal, deal.closed)
        yield segments, Delta("touches_to_close", deal.closed, touches)
        yield segments, Delta(f"to_close={touches}", deal.closed, 1)


def touches_to_close(tenant: TenantFacts, key: str, deal: Deal, closed: int) -> int:
    """How many touches from a deal's creation or lead to its close name it, or are its subject's and name none."""
    known = [lead.created for lead in leads_of(tenant, key)] + [deal.created] * (deal.created is not None)
    start = min((at for at in known if at is not None), default=-FOREVER)
    found = sum(start <= at <= closed for at in tenant.contacts.named(key))
    if deal.created is None:
        return found
    root = tenant.people.subject(f"deal:{key}")
    instants = tenant.ledger.once(("unnamed", root), lambda: unnamed(tenant, root))
    spans = union([(start, deal.created), *open_intervals(deal), (closed, closed + 1)])
    return found + sum(_within(instants, start, min(end, closed + 1)) for start, end in spans)


def unnamed(tenant: TenantFacts, root: str) -> NDArray[np.int64]:
    """Instants (ms, sorted) of a subject's touches that may help a deal and name none."""
    return _gathered(tenant, root, tenant.contacts.unnamed)


def _within(instants: NDArray[np.int64], start: int, end: int) -> int:
    """The number of sorted instants in [start, end)."""
    return max(0, int(instants.searchsorted(end) - instants.searchsorted(start)))


def _gathered(tenant: TenantFacts, root: str, of: Callable[[str], NDArray[np.int64]]) -> NDArray[np.int64]:
    held = [of(raw) for raw in tenant.people.raws(root) if raw in tenant.contacts.of]
    return np.sort(np.concatenate(held)) if held else np.empty(0, dtype=np.int64)


def leads_of(tenant: TenantFacts, deal: str) -> list[Lead]:
    """The leads that became a deal."""
    keys = {lead_group(tenant, lead) for lead in tenant.leads_of_deal.get(deal, ())}
    found = (read_lead(lead_events(tenant, key)) for key in keys)
    return [lead for lead in found if lead is not None and deal in lead.deals]


def outbound(tenant: TenantFacts, key: str) -> NDArray[np.int64]:
    """Instants (ms, sorted) of the outbound touches of a lead's subject."""
    return _gathered(tenant, tenant.people.subject(key), tenant.contacts.outbound)
