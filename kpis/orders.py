"""An order chain: completed, refunded, cancelled. Rules: kpi-precise "kept order" and "net"."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from kpis.marks import Mark
from kpis.money import money_marks
from kpis.zone import Zone
from models.settings import TenantSettings

FIELDS: Final = ("amount", "currency", "tax")
OrderEvent = list[Any]  # [t, kind, source, id, {amount, currency, tax}]


def order_event(time: int, kind: str, source: str, id_: str, data: dict[str, Any]) -> OrderEvent:
    """What is kept of an event of an order. ``kind`` is the type without ``crm.order.``."""
    return [time, kind, source, id_, {name: data[name] for name in FIELDS if data.get(name) is not None}]


@dataclass(frozen=True, slots=True)
class Order:
    """A completed order: when (ms), its money in minor units (None: unpriced), and whether it still stands."""

    time: int
    net: int | None
    currency: str | None
    kept: bool


def read_order(events: list[OrderEvent], settings: TenantSettings) -> Order | None:
    """The order as its events leave it; None while it has not been completed. A refund may come first."""
    completed = max((event for event in events if event[1] == "completed"), key=_stamp, default=None)
    if completed is None:
        return None
    data = completed[4]
    amount, currency = data.get("amount"), data.get("currency")
    refunds = [event[4] for event in events if event[1] == "refunded"]
    same = sum(refund.get("amount", 0) for refund in refunds if refund.get("currency") == currency)
    cancelled = any(event[1] == "cancelled" for event in events)
    kept = not cancelled and (amount is None or same < amount)
    priced = (
        amount is not None and currency is not None and all(refund.get("currency") == currency for refund in refunds)
    )
    if not priced:
        return Order(completed[0], None, None, kept)
    tax = data.get("tax", 0) if settings.net_of_tax else 0
    return Order(completed[0], 0 if cancelled else max(0, amount - tax - same), currency, kept)


def _stamp(event: OrderEvent) -> tuple[int, str, str]:
    return event[0], event[2], event[3]


def adjustment_marks(events: list[OrderEvent], zone: Zone) -> Iterator[Mark]:
    """What was taken back of an order, when it was: its refunds, and at the first cancellation what was left of it."""
    completed = max((event for event in events if event[1] == "completed"), key=_stamp, default=None)
    if completed is None:
        return
    amount, currency, left = completed[4].get("amount"), completed[4].get("currency"), completed[4].get("amount", 0)
    for time, kind, _, _, data in events:
        if kind == "refunded":
            refund = data.get("amount")
            taken = None if refund is None else -refund
            yield from money_marks("adjustments", time, None, taken, data.get("currency"), zone, rated=None)
            left -= refund or 0 if data.get("currency") == currency else 0
    if cancelled := [event[0] for event in events if event[1] == "cancelled"]:
        taken = None if amount is None else -max(0, left)
        yield from money_marks("adjustments", min(cancelled), None, taken, currency, zone, rated=None)


def order_marks(order: Order, zone: Zone) -> Iterator[Mark]:
    """What an order adds to the numbers: it counts, and its net money, at its own time."""
    if not order.kept:
        return
    yield Mark("orders", order.time, 1)
    yield from money_marks("net", order.time, None, order.net, order.currency, zone, rated=None)
