"""The price of a subscription over time. Each event is read only once, even if there are thousands."""

from operator import attrgetter
from typing import NamedTuple

from kpis.calendar.intervals import FOREVER, Interval

Place = tuple[int, int, str, str]


class SubscriptionEvent(NamedTuple):
    """A subscription event, reported at ``time`` and effective from ``effective``, both ms.

    ``kind`` is the type without ``crm.subscription.``; ``mrr``: the monthly price in minor units of ``currency``, for a
    start or change that gives one. A price without a currency is ignored.
    """

    effective: int
    time: int
    source: str
    id: str
    kind: str
    mrr: int | None
    currency: str | None

    @property
    def place(self) -> Place:
        """The sort key of a subscription's events."""
        return self.effective, self.time, self.source, self.id


class PriceStep(NamedTuple):
    """The monthly price from an instant (ms) on, in minor units; 0 while paused or cancelled."""

    instant: int
    mrr: int
    currency: str

    @property
    def price(self) -> tuple[int, str]:
        """The price and its currency."""
        return self.mrr, self.currency


class Prices:
    """A subscription's prices, from events that are only appended; new last events are read incrementally.

    ``steps``: every change of price, one per instant. A scheduled cancellation changes nothing, nor does a cancellation
    that was sent before a later resumption or plan change.
    """

    def __init__(self, events: list[SubscriptionEvent]) -> None:
        self._events = events
        self._read = 0
        self._plan: SubscriptionEvent | None = None
        self._begin()
        self.go_on()

    def _begin(self) -> None:
        self.steps: list[PriceStep] = []
        self._last: Place | tuple[()] = ()
        self.currencies: set[str] = set()  # of all steps, including those since removed
        self._price, self._currency = 0, ""
        self._paid: list[Interval] = []  # of the steps before the last, which may still be removed
        self._since: int | None = None
        self._settled = 0
        self._resumed = 0  # latest resumption or plan change; voids cancellations sent before it

    def of(self, events: list[SubscriptionEvent]) -> bool:
        """Whether it was read from this list."""
        return events is self._events

    def go_on(self) -> "Prices":
        """Read the events added since the last call."""
        new = sorted(self._events[self._read :], key=attrgetter("place"))
        if not new:
            return self
        self._plan = min(
            [*([self._plan] if self._plan else ()), *filter(_is_plan, new)], key=attrgetter("place"), default=None
        )
        if new[0].place < self._last:
            self._begin()
            new = sorted(self._events, key=attrgetter("place"))
        for event in new:
            self._take(event)
        self._last, self._read = new[-1].place, len(self._events)
        return self

    def _take(self, event: SubscriptionEvent) -> None:
        kind = event.kind
        if kind == "cancel_scheduled" or (kind == "cancelled" and event.time < self._resumed):
            return
        if kind == "resumed" or (kind == "changed" and event.mrr):
            self._resumed = max(self._resumed, event.time)
        if event.mrr is not None and event.currency is not None and kind in ("started", "changed"):
            self._price, self._currency = event.mrr, event.currency
        instant = int(event.effective)
        if self.steps and self.steps[-1].instant == instant:
            self.steps.pop()
        step = PriceStep(instant, 0 if kind in ("paused", "cancelled") else self._price, self._currency)
        if not self.steps or self.steps[-1].price != step.price:
            self._settle()
            self.steps.append(step)
            self.currencies.add(step.currency)

    def _settle(self) -> None:
        for step in self.steps[self._settled :]:
            self._since = _pay(self._paid, self._since, step)
        self._settled = len(self.steps)

    def paying(self) -> list[Interval]:
        """When the subscription has mrr > 0 and is neither paused nor cancelled, ms."""
        paid, since = list(self._paid), self._since
        for step in self.steps[self._settled :]:
            since = _pay(paid, since, step)
        return paid if since is None else [*paid, (since, FOREVER)]

    @property
    def first_paid(self) -> int | None:
        """When it was first paid, ms."""
        if self._paid:
            return self._paid[0][0]
        if self._since is not None:
            return self._since
        return next((step.instant for step in self.steps[self._settled :] if step.mrr > 0), None)

    @property
    def first_plan(self) -> SubscriptionEvent | None:
        """The first event with a price above 0."""
        return self._plan


def _is_plan(event: SubscriptionEvent) -> bool:
    return event.kind in ("started", "changed") and bool(event.mrr)


def _pay(paid: list[Interval], since: int | None, step: PriceStep) -> int | None:
    """Apply a step; returns since when it is paid, if it is."""
    if step.mrr > 0:
        return step.instant if since is None else since
    if since is not None:
        paid.append((since, step.instant))
    return None
