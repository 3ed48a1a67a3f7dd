"""Orders: completed, refunded, cancelled. Rules: kpi-precise "kept order" and "net"."""

from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final, NamedTuple, TypedDict, cast

from kpis.calendar.zone import Zone
from kpis.cells.deltas import Delta
from kpis.facts.money import money_deltas
from models.money import FINE, digits, fine, is_fine
from models.tenants import TenantSettings

FIELDS: Final = ("amount", "currency", "tax", "refund_id")


class OrderData(TypedDict, total=False):
    """The money of an order event: ``amount`` and the ``tax`` included in it, in minor units of ``currency``."""

    amount: int
    currency: str
    tax: int
    refund_id: str


class OrderEvent(NamedTuple):
    """An order event at ``time`` ms. ``kind`` is the type without ``crm.order.``."""

    time: int
    kind: str
    source: str
    id: str
    data: OrderData

    @property
    def stamp(self) -> tuple[int, str, str]:
        """The sort key of an order's events."""
        return self.time, self.source, self.id

    @property
    def refund(self) -> tuple[str, ...]:
        """The refund's identity, by which duplicates are found; without a refund id, the event's own."""
        named = self.data.get("refund_id")
        return (self.source, self.id) if named is None else (named,)


def order_event(time: int, kind: str, source: str, id_: str, data: dict[str, Any]) -> OrderEvent:
    """The fact of an order event."""
    kept = cast(OrderData, {name: data[name] for name in FIELDS if data.get(name) is not None})
    return OrderEvent(time, kind, source, id_, kept)


@dataclass(frozen=True, slots=True)
class Order:
    """A completed order: when (ms), its net in minor units (None: unpriced), and whether it is kept."""

    time: int
    net: int | None
    currency: str | None
    kept: bool


class Chain:
    """The events of an order, read one by one, in any order."""

    def __init__(self, zone: Zone, events: list[OrderEvent]) -> None:
        self._zone = zone
        self._events = events
        self._fine = False  # whether amounts are in units of 10^-9: all are if any event's is
        self._begin()
        self.go_on()

    def _begin(self) -> None:
        self._read = 0
        self._completed: OrderEvent | None = None
        self._cancelled: int | None = None
        self._refunds: dict[tuple[str, ...], OrderEvent] = {}
        self._forget()

    def _forget(self) -> None:
        self._unbounded: list[Delta] = []  # deltas of refunds as reported
        self._refunded: dict[str | None, int] = {}  # currency -> minor units
        self._taxed: dict[str | None, int] = {}  # the tax included in these

    def of(self, events: list[OrderEvent]) -> bool:
        """Whether it was read from this list."""
        return events is self._events

    def go_on(self) -> "Chain":
        """Read the events added since the last call."""
        if not self._fine and any(is_fine(event.data.get("currency", "")) for event in self._events[self._read :]):
            self._fine = True
            self._begin()
        for event in self._events[self._read :]:
            self._take(_finer(event) if self._fine else event)
        self._read = len(self._events)
        return self

    def _take(self, event: OrderEvent) -> None:
        if event.kind == "completed" and (self._completed is None or self._completed.stamp < event.stamp):
            self._completed = event
        elif event.kind == "cancelled":
            self._cancelled = event.time if self._cancelled is None else min(event.time, self._cancelled)
        elif event.kind == "refunded":
            self._refund(event)

    def _refund(self, event: OrderEvent) -> None:
        held = self._refunds.get(event.refund)
        if held is not None and event.stamp < held.stamp:
            return
        self._refunds[event.refund] = event
        if held is None:
            self._add(event)
            return
        self._forget()
        for one in self._refunds.values():
            self._add(one)

    def _add(self, refund: OrderEvent) -> None:
        amount, currency = refund.data.get("amount"), refund.data.get("currency")
        self._refunded[currency] = self._refunded.get(currency, 0) + (amount or 0)
        self._taxed[currency] = self._taxed.get(currency, 0) + refund.data.get("tax", 0)
        self._unbounded += self._adjustment(refund.time, None if amount is None else -amount, currency)

    def refunds(self) -> list[Delta]:
        """The deltas of refunds, each at its own time; in the order's currency, no more than its amount in total."""
        data = self._completed.data if self._completed else OrderData()
        amount, currency = data.get("amount"), data.get("currency")
        if amount is None or self._refunded.get(currency, 0) <= amount:
            return list(self._unbounded)
        return list(self._bounded(amount, currency))

    def _bounded(self, left: int, currency: str | None) -> Iterator[Delta]:
        for refund in sorted(self._refunds.values(), key=attrgetter("stamp")):
            amount = taken = refund.data.get("amount")
            if amount is not None and refund.data.get("currency") == currency:
                taken = min(amount, left)
                left -= taken
            if taken or not amount:  # no delta for a refund when nothing is left
                yield from self._adjustment(refund.time, None if taken is None else -taken, refund.data.get("currency"))

    def _adjustment(self, time: int, taken: int | None, currency: str | None) -> Iterator[Delta]:
        return money_deltas("adjustments", time, None, taken, currency, self._zone, rated=None)

    def order(self, settings: TenantSettings) -> Order | None:
        """The order's current state; None until it is completed. A refund may come first."""
        if self._completed is None:
            return None
        time, data, cancelled = self._completed.time, self._completed.data, self._cancelled is not None
        amount, currency = data.get("amount"), data.get("currency")
        same = self._refunded.get(currency, 0)
        kept = not cancelled and (not amount or same < amount)
        if amount is None or currency is None or self._refunded.keys() - {currency}:
            return Order(time, None, None, kept)
        tax = data.get("tax", 0) - self._taxed.get(currency, 0) if settings.net_of_tax else 0
        return Order(time, 0 if cancelled else max(0, amount - tax - same), currency, kept)

    def cancellation(self) -> Iterator[Delta]:
        """The delta of a completed order's first cancellation: minus what refunds had left of it."""
        if self._completed is None or self._cancelled is None:
            return
        amount, currency = self._completed.data.get("amount"), self._completed.data.get("currency")
        taken = None if amount is None else -max(0, amount - self._refunded.get(currency, 0))
        yield from self._adjustment(self._cancelled, taken, currency)


def _finer(event: OrderEvent) -> OrderEvent:
    """An event with its amounts in units of 10^-9."""
    data, code = event.data, event.data.get("currency")
    if code is None or is_fine(code):
        return event
    data, times = {**data, "currency": fine(code)}, 10 ** (FINE - digits(code))
    if "amount" in data:
        data["amount"] *= times
    if "tax" in data:
        data["tax"] *= times
    return event._replace(data=data)


def order_deltas(order: Order, zone: Zone) -> Iterator[Delta]:
    """The deltas of a kept order: its count and net, at its own time."""
    if not order.kept:
        return
    yield Delta("orders", order.time, 1)
    yield from money_deltas("net", order.time, None, order.net, order.currency, zone, rated=None)
