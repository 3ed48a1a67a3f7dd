"""What a subscription costs over time: its events read once, also where there are thousands."""

from operator import attrgetter
from typing import NamedTuple

from kpis.calendar.intervals import FOREVER, Interval

Place = tuple[int, int, str, str]


class SubscriptionEvent(NamedTuple):
    """An event of a subscription, told at ``time`` and in force from ``effective`` on, both ms.

    ``kind`` is the type without ``crm.subscription.``; ``mrr``: the price a month in minor units of ``currency``, of a
    start or change that names one. A price without a currency is none.
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
        """Where it comes among the events of its subscription."""
        return self.effective, self.time, self.source, self.id


class PriceStep(NamedTuple):
    """From an instant (ms) on a subscription costs so much a month, in minor units; paused or cancelled nothing."""

    instant: int
    mrr: int
    currency: str

    @property
    def price(self) -> tuple[int, str]:
        """What it costs from then on."""
        return self.mrr, self.currency


class Prices:
    """A subscription as its events say, which only become more; those that come last are read on from where it was.

    ``steps``: every change of its price, one an instant. A scheduled cancellation changes nothing, nor does one that a
    later word took back, in force by then.
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
        self.currencies: set[str] = set()  # of steps, also of those that were taken back
        self._price, self._currency = 0, ""
        self._paid: list[Interval] = []  # of the steps before the last, which may still be taken back
        self._since: int | None = None
        self._settled = 0
        self._stays = 0  # when the customer last said to stay: void is what was cancelled before and would act later

    def of(self, events: list[SubscriptionEvent]) -> bool:
        """Whether it is of this list."""
        return events is self._events

    def go_on(self) -> "Prices":
        """Read what came since."""
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
        if kind == "cancel_scheduled" or (kind == "cancelled" and event.time < self._stays):
            return
        if kind == "resumed" or (kind == "changed" and event.mrr):
            self._stays = max(self._stays, event.time)
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


def _is_plan(event: SubscriptionEvent) -> bool:
    return event.kind in ("started", "changed") and bool(event.mrr)


def _pay(paid: list[Interval], since: int | None, step: PriceStep) -> int | None:
    """Take a step into account; since when it is paid then."""
    if step.mrr > 0:
        return step.instant if since is None else since
    if since is not None:
        paid.append((since, step.instant))
    return None
