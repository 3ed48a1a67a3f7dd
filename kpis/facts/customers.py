"""A customer: since when, and when active. Rules: kpi-precise "customer since", "active(x)" and "MRR"."""

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kpis.calendar.intervals import FOREVER, Interval, union
from kpis.calendar.zone import Zone
from kpis.cells.deltas import DAY_MS, QUARTER_MS, Delta, ceil_quarter, level_deltas, lost_deltas
from kpis.cells.ledger import MANY
from kpis.facts.cohorts import cohort_deltas
from kpis.facts.prices import Prices, SubscriptionEvent
from models.settings import TenantSettings


@dataclass(slots=True)
class CustomerFacts:
    """All that decides a customer. Instants in ms."""

    created: "array[int]" = field(default_factory=lambda: array("q"))
    reactivated: "array[int]" = field(default_factory=lambda: array("q"))
    churned: "array[int]" = field(default_factory=lambda: array("q"))
    orders: list[int] = field(default_factory=list)  # kept ones
    deals: list[int] = field(default_factory=list)  # won ones, at their close
    subscriptions: list[Prices] = field(default_factory=list)


def subscription_event(time: int, kind: str, source: str, id_: str, data: dict[str, Any]) -> SubscriptionEvent:
    """What is kept of an event of a subscription."""
    price = (data.get("mrr"), data.get("currency")) if kind in ("started", "changed") else (None, None)
    return SubscriptionEvent(data.get("effective_at", time), time, source, id_, kind, *price)


def customer_since(facts: CustomerFacts) -> int | None:
    """When a subject became a customer, ms; None for a prospect."""
    paid = [one.first_paid for one in facts.subscriptions if one.first_paid is not None]
    return min([*facts.created, *facts.orders, *facts.deals, *paid], default=None)


def active_intervals(facts: CustomerFacts, settings: TenantSettings) -> list[Interval]:
    """When a customer is active, ms: by contract if it ever had one, else for 90 days from each purchase."""
    if facts.subscriptions:
        paid = [prices.paying() for prices in facts.subscriptions]
        return paid[0] if len(paid) == 1 else union(span for spans in paid for span in spans)
    since = customer_since(facts)
    starts = array("q", [*facts.orders, *facts.deals, *([since] if since is not None else [])])
    return _by_purchases(starts + facts.reactivated, facts.churned, settings)


def bought_intervals(facts: CustomerFacts, settings: TenantSettings) -> list[Interval]:
    """When a customer is active by purchases alone, contracts and words of the CRM ignored."""
    return _by_purchases(array("q", [*facts.orders, *facts.deals]), array("q"), settings)


def _by_purchases(starts: "array[int]", churned: "array[int]", settings: TenantSettings) -> list[Interval]:
    """From each start until the time is over, or the next word that it left."""
    wait = settings.inactivity_days * DAY_MS
    if len(starts) > MANY:
        return _by_many(starts, churned, wait)
    ends = [*sorted(churned), FOREVER]
    cuts = ((start, ends[min(bisect_left(ends, start), len(churned))]) for start in starts)
    return union((start, min(cut, ceil_quarter(start + wait))) for start, cut in cuts)


def _by_many(starts: "array[int]", churned: "array[int]", wait: int) -> list[Interval]:
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


def customer_deltas(facts: CustomerFacts, settings: TenantSettings, zone: Zone) -> Iterator[Delta]:
    """What a customer adds to the numbers."""
    since = customer_since(facts)
    if since is not None:
        yield Delta("new_customers", since, 1)
    active = active_intervals(facts, settings)
    yield from level_deltas("active", active)
    yield from lost_deltas("lost", active, zone)
    yield from (Delta("leaves", end, 1) for _, end in active if end < FOREVER)
    yield from (Delta("reactivations", start, 1) for start, _ in active[1:])
    bought = bought_intervals(facts, settings)
    yield from level_deltas("active_bought", bought)
    yield from lost_deltas("lost_bought", bought, zone)
    if since is not None:
        yield from cohort_deltas(since, active, facts.orders, zone, contract=bool(facts.subscriptions))
