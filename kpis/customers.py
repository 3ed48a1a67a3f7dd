"""A customer: since when, and when active. Rules: kpi-precise "customer since", "active(x)" and "MRR"."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from kpis.cohorts import cohort_marks
from kpis.marks import DAY_MS, FOREVER, Interval, Mark, ceil_quarter, level_marks, lost_marks, union
from kpis.zone import Zone
from models.settings import TenantSettings

SubscriptionEvent = list[Any]  # [effective, t, source, id, kind, mrr or None, its currency]


@dataclass(slots=True)
class CustomerFacts:
    """All that decides a customer. Instants in ms."""

    created: list[int] = field(default_factory=list)
    reactivated: list[int] = field(default_factory=list)
    churned: list[int] = field(default_factory=list)
    orders: list[int] = field(default_factory=list)  # kept ones
    deals: list[int] = field(default_factory=list)  # won ones, at their close
    subscriptions: list[list[SubscriptionEvent]] = field(default_factory=list)


def subscription_event(time: int, kind: str, source: str, id_: str, data: dict[str, Any]) -> SubscriptionEvent:
    """What is kept of an event of a subscription. ``kind`` is the type without ``crm.subscription.``."""
    price = (data.get("mrr"), data.get("currency")) if kind in ("started", "changed") else (None, None)
    return [data.get("effective_at", time), time, source, id_, kind, *price]


class PriceStep(NamedTuple):
    """From an instant (ms) on a subscription costs so much a month, in minor units; paused or cancelled nothing."""

    instant: int
    mrr: int
    currency: str


def price_steps(events: list[SubscriptionEvent]) -> list[PriceStep]:
    """Every change of a subscription's price, one an instant. A scheduled cancellation changes nothing."""
    found: list[PriceStep] = []
    price, currency = 0, ""
    for effective, _, _, _, kind, mrr, unit in sorted(events, key=lambda event: event[:4]):
        if kind == "cancel_scheduled":
            continue
        if mrr is not None and kind in ("started", "changed"):
            price, currency = mrr, unit
        if found and found[-1].instant == effective:
            found.pop()
        step = PriceStep(effective, 0 if kind in ("paused", "cancelled") else price, currency)
        if not found or found[-1][1:] != step[1:]:
            found.append(step)
    return found


def paying_intervals(events: list[SubscriptionEvent]) -> list[Interval]:
    """When a subscription has mrr > 0 and is neither paused nor cancelled, ms."""
    steps = price_steps(events)
    ends = [*(step.instant for step in steps[1:]), FOREVER]
    return union((step.instant, end) for step, end in zip(steps, ends, strict=False) if step.mrr > 0)


def customer_since(facts: CustomerFacts) -> int | None:
    """When a subject became a customer, ms; None for a prospect."""
    paid = [span[0][0] for span in map(paying_intervals, facts.subscriptions) if span]
    return min([*facts.created, *facts.orders, *facts.deals, *paid], default=None)


def active_intervals(facts: CustomerFacts, settings: TenantSettings) -> list[Interval]:
    """When a customer is active, ms: by contract if it ever had one, else for 90 days from each purchase."""
    if facts.subscriptions:
        return union(span for events in facts.subscriptions for span in paying_intervals(events))
    since = customer_since(facts)
    starts = [*facts.orders, *facts.deals, *facts.reactivated, *([since] if since is not None else [])]
    return _by_purchases(starts, sorted(facts.churned), settings)


def bought_intervals(facts: CustomerFacts, settings: TenantSettings) -> list[Interval]:
    """When a customer is active by purchases alone, contracts and words of the CRM ignored."""
    return _by_purchases([*facts.orders, *facts.deals], [], settings)


def _by_purchases(starts: Iterable[int], churned: list[int], settings: TenantSettings) -> list[Interval]:
    spans = []
    for start in starts:
        at = bisect_left(churned, start)
        cut = churned[at] if at < len(churned) else FOREVER
        spans.append((start, min(cut, ceil_quarter(start + settings.inactivity_days * DAY_MS))))
    return union(spans)


def customer_marks(facts: CustomerFacts, settings: TenantSettings, zone: Zone) -> Iterator[Mark]:
    """What a customer adds to the numbers."""
    since = customer_since(facts)
    if since is not None:
        yield Mark("new_customers", since, 1)
    active = active_intervals(facts, settings)
    yield from level_marks("active", active)
    yield from lost_marks("lost", active, zone)
    yield from (Mark("leaves", end, 1) for _, end in active if end < FOREVER)
    yield from (Mark("reactivations", start, 1) for start, _ in active[1:])
    bought = bought_intervals(facts, settings)
    yield from level_marks("active_bought", bought)
    yield from lost_marks("lost_bought", bought, zone)
    if since is not None:
        yield from cohort_marks(since, active, facts.orders, zone, contract=bool(facts.subscriptions))
