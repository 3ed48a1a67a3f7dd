"""An order chain: completed, refunded, cancelled. Rules: kpi-precise "kept order" and "net"."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypedDict, cast

from kpis.calendar.zone import Zone
from kpis.cells.deltas import Delta
from kpis.facts.money import money_deltas
from models.settings import TenantSettings

FIELDS: Final = ("amount", "currency", "tax")


class OrderData(TypedDict, total=False):
    """What an event of an order says of its money: ``amount`` and ``tax`` in minor units of ``currency``."""

    amount: int
    currency: str
    tax: int


class OrderEvent(NamedTuple):
    """An event of an order, at ``time`` ms. ``kind`` is the type without ``crm.order.``."""

    time: int
    kind: str
    source: str
    id: str
    data: OrderData

    @property
    def stamp(self) -> tuple[int, str, str]:
        """What orders the events of an order."""
        return self.time, self.source, self.id


def order_event(time: int, kind: str, source: str, id_: str, data: dict[str, Any]) -> OrderEvent:
    """What is kept of an event of an order."""
    kept = cast(OrderData, {name: data[name] for name in FIELDS if data.get(name) is not None})
    return OrderEvent(time, kind, source, id_, kept)


@dataclass(frozen=True, slots=True)
class Order:
    """A completed order: when (ms), its money in minor units (None: unpriced), and whether it still stands."""

    time: int
    net: int | None
    currency: str | None
    kept: bool


class Chain:
    """The events of an order, read one by one; their order plays no part. ``refunds``: changes that refunds make."""

    def __init__(self, zone: Zone, events: list[OrderEvent]) -> None:
        self.refunds: list[Delta] = []
        self._zone = zone
        self._events = events
        self._read = 0
        self._completed: OrderEvent | None = None
        self._cancelled: int | None = None
        self._refunded: dict[str | None, int] = {}  # currency -> minor units
        self.go_on()

    def of(self, events: list[OrderEvent]) -> bool:
        """Whether it is of this list."""
        return events is self._events

    def go_on(self) -> "Chain":
        """Read what came since."""
        for event in self._events[self._read :]:
            self._take(event)
        self._read = len(self._events)
        return self

    def _take(self, event: OrderEvent) -> None:
        if event.kind == "completed" and (self._completed is None or self._completed.stamp < event.stamp):
            self._completed = event
        elif event.kind == "cancelled":
            self._cancelled = event.time if self._cancelled is None else min(event.time, self._cancelled)
        elif event.kind == "refunded":
            amount, currency = event.data.get("amount"), event.data.get("currency")
            self._refunded[currency] = self._refunded.get(currency, 0) + (amount or 0)
            self.refunds += self._adjustment(event.time, None if amount is None else -amount, currency)

    def _adjustment(self, time: int, taken: int | None, currency: str | None) -> Iterator[Delta]:
        return money_deltas("adjustments", time, None, taken, currency, self._zone, rated=None)

    def order(self, settings: TenantSettings) -> Order | None:
        """The order as its events leave it; None while it has not been completed. A refund may come first."""
        if self._completed is None:
            return None
        time, data, cancelled = self._completed.time, self._completed.data, self._cancelled is not None
        amount, currency = data.get("amount"), data.get("currency")
        same = self._refunded.get(currency, 0)
        kept = not cancelled and (amount is None or same < amount)
        if amount is None or currency is None or self._refunded.keys() - {currency}:
            return Order(time, None, None, kept)
        tax = data.get("tax", 0) if settings.net_of_tax else 0
        return Order(time, 0 if cancelled else max(0, amount - tax - same), currency, kept)

    def cancellation(self) -> Iterator[Delta]:
        """What was left of an order when it was first cancelled, taken back then. Of a completed one."""
        if self._completed is None or self._cancelled is None:
            return
        amount, currency = self._completed.data.get("amount"), self._completed.data.get("currency")
        taken = None if amount is None else -max(0, amount - self._refunded.get(currency, 0))
        yield from self._adjustment(self._cancelled, taken, currency)


def order_deltas(order: Order, zone: Zone) -> Iterator[Delta]:
    """What an order adds to the numbers: it counts, and its net money, at its own time."""
    if not order.kept:
        return
    yield Delta("orders", order.time, 1)
    yield from money_deltas("net", order.time, None, order.net, order.currency, zone, rated=None)
