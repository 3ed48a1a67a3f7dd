"""Cohorts: customers by the month or week they came, and who of them is still there. Rules: "cohort_retention".

The cohort's first day is in a measure's name, and for those without contract that of the month they bought in, too.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from kpis.calendar.intervals import Interval
from kpis.calendar.windows import MINUTE_MS
from kpis.calendar.zone import Zone, bucket_start, day_date
from kpis.cells.deltas import Delta, level_deltas

KEPT: Final = {"month": 24, "week": 26}  # how many cohorts are shown, the running one among them


def cohort_deltas(
    since: int, active: Iterable[Interval], orders: Iterable[int], zone: Zone, *, contract: bool
) -> Iterator[Delta]:
    """What a customer since an instant (ms) adds: by contract as long as active, else once a unit with an order."""
    for unit in KEPT:
        start = bucket_start(zone.day(since // MINUTE_MS), unit)
        yield Delta(f"cohort_{unit}:{start}", since, 1)
        if contract:
            yield from level_deltas(f"cohort_{unit}_active:{start}", active)
            continue
        firsts: dict[int, int] = {}
        for order in sorted(orders, reverse=True):
            firsts[bucket_start(zone.day(order // MINUTE_MS), unit)] = order
        yield from (Delta(f"cohort_{unit}_bought:{start}:{then}", order, 1) for then, order in firsts.items())


def cohort_label(start: int, unit: str) -> str:
    """How the cohort that begins on a day is called: ``2026-01``, ``2026-W05`` (ISO 8601)."""
    when = day_date(start)
    if unit == "month":
        return f"{when:%Y-%m}"
    year, week, _ = when.isocalendar()
    return f"{year}-W{week:02}"
