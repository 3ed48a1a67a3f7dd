"""What a subscription costs over time: its events read once, also where there are thousands."""

from typing import Any, NamedTuple

from kpis.calendar.intervals import FOREVER, Interval

SubscriptionEvent = list[Any]  # [effective, t, source, id, kind, mrr or None, its currency]


class PriceStep(NamedTuple):
    """From an instant (ms) on a subscription costs so much a month, in minor units; paused or cancelled nothing."""

    instant: int
    mrr: int
    currency: str


class Prices:
    """A subscription as its events say, which only become more; those that come last are read on from where it was.

    ``steps``: every change of its price, one an instant. A scheduled cancellation changes nothing.
    """

    def __init__(self, events: list[SubscriptionEvent]) -> None:
        self._events = events
        self._read = 0
        self._plan: SubscriptionEvent | None = None
        self._begin()
        self.go_on()

    def _begin(self) -> None:
        self.steps: list[PriceStep] = []
        self._last: list[Any] = []
        self.currencies: set[str] = set()  # of steps, also of those that were taken back
        self._price, self._currency = 0, ""
        self._paid: list[Interval] = []  # of the steps before the last, which may still be taken back
        self._since: int | None = None
        self._settled = 0

    def of(self, events: list[SubscriptionEvent]) -> bool:
        """Whether it is of this list."""
        return events is self._events

    def go_on(self) -> "Prices":
        """Read what came since."""
        new = sorted(self._events[self._read :], key=_place)
        if not new:
            return self
        self._plan = min([*([self._plan] if self._plan else ()), *filter(_is_plan, new)], key=_place, default=None)
        if _place(new[0]) < self._last:
            self._begin()
            new = sorted(self._events, key=_place)
        for event in new:
            self._take(event)
        self._last, self._read = _place(new[-1]), len(self._events)
        return self

    def _take(self, event: SubscriptionEvent) -> None:
        effective, _, _, _, kind, mrr, unit = event
        if kind == "cancel_scheduled":
            return
        if mrr is not None and kind in ("started", "changed"):
            self._price, self._currency = mrr, unit
        if self.steps and self.steps[-1].instant == effective:
            self.steps.pop()
        step = PriceStep(effective, 0 if kind in ("paused", "cancelled") else self._price, self._currency)
        if not self.steps or self.steps[-1][1:] != step[1:]:
            self._settle()
            self.steps.append(step)
            self.currencies.add(step.currency)

    def _settle(self) -> None:
        for step in self.steps[self._settled :]:
            self._since = _pay(self._paid, self._since, step)
        self._settled = len(self.steps)

    def paying(self) -> list[Interval]:
        """When it has mrr > 0 and is neither paused nor cancelled, ms."""
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
        """The first word of a price above nothing."""
        return self._plan


def _place(event: SubscriptionEvent) -> list[Any]:
    return event[:4]


def _is_plan(event: SubscriptionEvent) -> bool:
    return event[4] in ("started", "changed") and bool(event[5])


def _pay(paid: list[Interval], since: int | None, step: PriceStep) -> int | None:
    """Take a step into account; since when it is paid then."""
    if step.mrr > 0:
        return step.instant if since is None else since
    if since is not None:
        paid.append((since, step.instant))
    return None
