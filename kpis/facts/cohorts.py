"""Cohorts: customers by the month or week in which they joined, and their retention. Rules: "cohort_retention".

Measures are named after the cohort's first day and, for customers without a contract, that of the month of purchase.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from kpis.calendar.intervals import Interval
from kpis.calendar.windows import MINUTE_MS
from kpis.calendar.zone import Zone, bucket_start, day_date
from kpis.cells.deltas import Delta, level_deltas

KEPT: Final = {"month": 24, "week": 26}  # how many cohorts are shown, including the current one


class Cohorts:
    """The cohort deltas of a customer since an instant (ms), times ``sign``."""

    def __init__(self, since: int, zone: Zone, sign: int) -> None:
        self._since, self._zone, self._sign = since, zone, sign
        self._starts = [(unit, self._start(since, unit)) for unit in KEPT]

    def _start(self, instant: int, unit: str) -> int:
        return bucket_start(self._zone.day(instant // MINUTE_MS), unit)

    def joined(self) -> Iterator[Delta]:
        """Membership of its cohorts."""
        return (Delta(f"cohort_{unit}:{start}", self._since, self._sign) for unit, start in self._starts)

    def active(self, spans: Iterable[Interval]) -> Iterator[Delta]:
        """Retention by contract, for active times (ms)."""
        held = list(spans)
        for unit, start in self._starts:
            for measure, instant, amount in level_deltas(f"cohort_{unit}_active:{start}", held):
                yield Delta(measure, instant, self._sign * amount)

    def bought(self, orders: Sequence[int], first: int) -> Iterator[Delta]:
        """Retention by order, once a month or week, for the orders (ms, sorted) from index ``first`` on."""
        for unit, start in self._starts:
            last = self._start(orders[first - 1], unit) if first and first < len(orders) else None
            for order in orders[first:]:
                then = self._start(order, unit)
                if then != last:
                    yield Delta(f"cohort_{unit}_bought:{start}:{then}", order, self._sign)
                last = then


def cohort_label(start: int, unit: str) -> str:
    """The label of the cohort that begins on a day: ``2026-01``, ``2026-W05`` (ISO 8601)."""
    when = day_date(start)
    if unit == "month":
        return f"{when:%Y-%m}"
    year, week, _ = when.isocalendar()
    return f"{year}-W{week:02}"
