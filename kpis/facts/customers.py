"""Customers: since when, and when active. Rules: kpi-precise "customer since", "active(x)" and "MRR"."""

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np

from kpis.calendar.intervals import FOREVER, Interval, union
from kpis.calendar.zone import Zone
from kpis.cells.deltas import DAY_MS, QUARTER_MS, Delta, ceil_quarter, in_common
from kpis.cells.ledger import MANY
from kpis.facts.cohorts import Cohorts
from kpis.facts.losses import ACTIVE, BOTH, BOUGHT, Losses
from kpis.facts.order_gaps import order_gaps
from kpis.facts.prices import Prices, SubscriptionEvent
from models.tenants import TenantSettings


@dataclass(slots=True)
class CustomerFacts:
    """The facts that decide whether and when a subject is a customer. Instants in ms."""

    created: "array[int]" = field(default_factory=lambda: array("q"))
    reactivated: "array[int]" = field(default_factory=lambda: array("q"))
    churned: "array[int]" = field(default_factory=lambda: array("q"))
    orders: list[int] = field(default_factory=list)  # kept orders
    deals: list[int] = field(default_factory=list)  # won deals, at their close
    subscriptions: list[Prices] = field(default_factory=list)


def subscription_event(time: int, kind: str, source: str, id_: str, data: dict[str, Any]) -> SubscriptionEvent:
    """The fact of a subscription event."""
    price = (data.get("mrr"), data.get("currency")) if kind in ("started", "changed") else (None, None)
    return SubscriptionEvent(data.get("effective_at", time), time, source, id_, kind, *price)


def customer_since(facts: CustomerFacts) -> int | None:
    """When a subject became a customer, ms; None for a prospect."""
    starts = [*facts.created, *facts.orders, *facts.deals]
    if facts.subscriptions:
        starts += [one.first_paid for one in facts.subscriptions if one.first_paid is not None]
    return min(starts, default=None)


def active_intervals(facts: CustomerFacts, settings: TenantSettings) -> list[Interval]:
    """When a customer is active, ms: by contract if it ever had one, else ``inactivity_days`` from each purchase."""
    return _active_since(facts, customer_since(facts), settings)


def _active_since(facts: CustomerFacts, since: int | None, settings: TenantSettings) -> list[Interval]:
    if facts.subscriptions:
        paid = [prices.paying() for prices in facts.subscriptions]
        return paid[0] if len(paid) == 1 else union(span for spans in paid for span in spans)
    starts = [*facts.orders, *facts.deals, *facts.reactivated]
    if since is not None:
        starts.append(since)
    return _by_purchases(starts, facts.churned, settings)


def bought_intervals(facts: CustomerFacts, settings: TenantSettings) -> list[Interval]:
    """When a customer is active by purchases alone, ignoring contracts and CRM events."""
    return _by_purchases([*facts.orders, *facts.deals], array("q"), settings)


def _by_purchases(starts: list[int], churned: "array[int]", settings: TenantSettings) -> list[Interval]:
    """From each start until ``inactivity_days`` later, or until the CRM next reports a churn."""
    wait = settings.inactivity_days * DAY_MS
    if len(starts) > MANY:
        return _by_many(starts, churned, wait)
    if not churned:
        return _by_time_alone(starts, wait)
    ends = [*sorted(churned), FOREVER]
    cuts = ((start, ends[min(bisect_left(ends, start), len(churned))]) for start in starts)
    return union((start, min(cut, ceil_quarter(start + wait))) for start, cut in cuts)


def _by_time_alone(starts: list[int], wait: int) -> list[Interval]:
    """The same without reported churns, so that later starts have later ends."""
    spans: list[Interval] = []
    for start in sorted(starts):
        end = ceil_quarter(start + wait)
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], end)
        elif start < end:
            spans.append((start, end))
    return spans


def _by_many(starts: list[int], churned: "array[int]", wait: int) -> list[Interval]:
    begins = np.sort(np.array(starts, dtype=np.int64))
    cuts = np.append(np.sort(np.array(churned, dtype=np.int64)), FOREVER)
    cut = cuts[np.minimum(np.searchsorted(cuts, begins), len(churned))]
    ends = np.minimum(cut, -(-(begins + wait) // QUARTER_MS) * QUARTER_MS)
    begins, ends = begins[begins < ends], ends[begins < ends]
    if not len(begins):
        return []
    reached = np.maximum.accumulate(ends)
    breaks = np.flatnonzero(begins[1:] > reached[:-1]) + 1
    firsts, lasts = np.append(0, breaks), np.append(breaks, len(begins)) - 1
    return list(zip(begins[firsts].tolist(), reached[lasts].tolist(), strict=True))


class Customer(NamedTuple):
    """A customer's current state. Instants in ms."""

    since: int | None  # None: a prospect
    active: Sequence[Interval]
    bought: Sequence[Interval]  # when it is active by purchases alone
    orders: Sequence[int]
    contract: bool  # whether it ever had one

    @property
    def paying(self) -> Sequence[Interval]:
        """When the customer has recurring revenue."""
        return self.active if self.contract else ()


NOBODY: Final = Customer(None, (), (), (), contract=False)


def read_customer(facts: CustomerFacts, settings: TenantSettings, *, bought_too: bool = True) -> Customer:
    """Read a customer from its facts; without ``bought`` if not ``bought_too``."""
    since = customer_since(facts)
    active = _active_since(facts, since, settings)
    if not bought_too:
        return Customer(since, active, (), facts.orders, contract=bool(facts.subscriptions))
    plain = not (facts.subscriptions or facts.created or facts.reactivated or facts.churned)
    bought = active if plain else bought_intervals(facts, settings)
    return Customer(since, active, bought, facts.orders, contract=bool(facts.subscriptions))


def customer_changes(
    before: Customer,
    after: Customer,
    zone: Zone,
    *,
    levels: bool = True,
    moves: bool = True,
    cohorts: bool = True,
    gaps: bool = True,
) -> Iterator[Delta]:
    """The difference between a customer's deltas ``after`` and ``before``; all its deltas if ``before`` is `NOBODY`.

    The cost depends on the difference only, not on the length of the history. Losses are separate: `note_losses`.
    The flags select what to include. ``levels``: customer since and active times; ``moves``: leaves and reactivations;
    ``cohorts``; ``gaps``: days between orders, and repeat customers.
    """
    for sign, since in ((-1, before.since), (1, after.since)) if levels and before.since != after.since else ():
        if since is not None:
            yield Delta("new_customers", since, sign)
    if before.active != after.active:
        if levels:
            yield from _level_changes("active", before.active, after.active)
        if moves:
            yield from _comings_and_goings(before.active, after.active)
    if levels and before.bought != after.bought:
        yield from _level_changes("active_bought", before.bought, after.bought)
    if levels and (before.contract or after.contract):
        yield from _level_changes("paying", before.paying, after.paying)
    if gaps:
        yield from _repeat_changes(before, after)
        yield from order_gaps(before.orders, after.orders, zone)
    if cohorts:
        yield from _cohort_changes(before, after, zone)


def note_losses(losses: Losses, segments: int, before: Customer, after: Customer) -> None:
    """Note a customer's change from ``before`` to ``after`` for the losses."""
    if before.active is before.bought and after.active is after.bought:
        if before.active != after.active:
            losses.note(BOTH, segments, before.active, after.active)
        return
    for kind, old, new in ((ACTIVE, before.active, after.active), (BOUGHT, before.bought, after.bought)):
        if old != new:
            losses.note(kind, segments, old, new)


def note_all(losses: Losses, number: int, customer: Customer) -> None:
    """Note a whole customer for the losses, under its own ``number``: see `Losses.apart`."""
    if customer.active is customer.bought:
        losses.note_all(BOTH, number, customer.active)
        return
    losses.note_all(ACTIVE, number, customer.active)
    losses.note_all(BOUGHT, number, customer.bought)


def _level_changes(measure: str, before: Sequence[Interval], after: Sequence[Interval]) -> Iterator[Delta]:
    same = in_common(before, after)
    for sign, spans in ((-1, before), (1, after)):
        for start, end in spans[same:]:
            yield Delta(measure, start, sign)
            if end < FOREVER:
                yield Delta(measure, end, -sign)


def _comings_and_goings(before: Sequence[Interval], after: Sequence[Interval]) -> Iterator[Delta]:
    """Every end of an active time is a leave; every start but the first is a reactivation."""
    same = in_common(before, after)
    for sign, spans in ((-1, before), (1, after)):
        for number, (start, end) in enumerate(spans[same:], same):
            if end < FOREVER:
                yield Delta("leaves", end, sign)
            if number:
                yield Delta("reactivations", start, sign)


def _repeat_changes(before: Customer, after: Customer) -> Iterator[Delta]:
    """A customer with at least two orders, dated at ``since``."""
    old, new = (one.since if len(one.orders) > 1 else None for one in (before, after))
    if old != new:
        for sign, since in ((-1, old), (1, new)):
            if since is not None:
                yield Delta("repeaters", since, sign)


def _cohort_changes(before: Customer, after: Customer, zone: Zone) -> Iterator[Delta]:
    """Retention in its cohorts: by contract while active, else once a month or week with an order."""
    same_cohorts = (before.since, before.contract) == (after.since, after.contract)
    old, new = (one.active if one.contract else one.orders for one in (before, after))
    if same_cohorts and old == new:
        return
    same = in_common(old, new) if same_cohorts else 0
    for sign, one in ((-1, before), (1, after)):
        if one.since is None:
            continue
        cohorts = Cohorts(one.since, zone, sign)
        if not same_cohorts:
            yield from cohorts.joined()
        yield from cohorts.active(one.active[same:]) if one.contract else cohorts.bought(one.orders, same)
