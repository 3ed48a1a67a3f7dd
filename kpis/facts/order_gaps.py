"""Local days between a customer's orders, each dated at the later one. Rules: kpi-precise "days_between_orders"."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from kpis.calendar.windows import MINUTE_MS
from kpis.calendar.zone import Zone
from kpis.cells.deltas import Delta, in_common


def order_gaps(before: Sequence[int], after: Sequence[int], zone: Zone) -> Iterator[Delta]:
    """The difference between the deltas of orders (ms, sorted) ``after`` and ``before``. Costs only what differs."""
    start = max(0, in_common(before, after) - 1)
    for sign, orders in ((-1, before), (1, after)):
        for earlier, later in pairwise(orders[start:]):
            days = zone.day(later // MINUTE_MS) - zone.day(earlier // MINUTE_MS)
            yield Delta(f"between={days}", later, sign)
            yield Delta("betweens", later, sign)
            if days:
                yield Delta("between_days", later, sign * days)
