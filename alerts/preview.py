"""How often a rule would have been raised in past days: the same state machine, run over the series.

A day has one value, so rules that hold for hours may be raised more often in reality. The series has totals by day,
week and month; a rule for a window in between, such as 30 days, is evaluated on the nearest of these, and the result
says so.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from alerts.machine import LONGEST_STEP_MS, State, step
from alerts.observe import of_document
from models.alerting import Rule
from sinks.base import Point

EXACT: Final = {
    "today": "day", "yesterday": "day", "week": "week", "last_week": "week", "month": "month", "last_month": "month",
}  # fmt: skip
NEAREST: Final = {
    "15m": "hour", "1h": "hour", "24h": "day", "7d": "week", "30d": "month", "90d": "month", "365d": "month",
    "quarter": "month", "last_quarter": "month", "year": "month", "last_year": "month", "all": "month",
}  # fmt: skip
DAYS: Final = {"hour": 1, "day": 1, "week": 7, "month": 31}


class NoPreview(Exception):
    """No series suits the rule; the message says why."""


class Preview(NamedTuple):
    """``raised``: (bucket, value) of each raise. ``step``: of the series. ``exact``: of the rule's window."""

    step: str
    exact: bool
    buckets: int
    raised: Sequence[tuple[str, str | None]]
    raised_for: int  # buckets in which it was raised
    first: str
    last: str


def series_of(rule: Rule) -> tuple[str, bool]:
    """The step of the series for a rule, and whether it matches its window. Raises NoPreview."""
    if rule.kind not in ("threshold", "no_data"):
        raise NoPreview(f"kind: of {rule.kind} there is no series")
    if rule.segment:
        raise NoPreview("segment: the series has totals only")
    window = str(rule.window)
    return EXACT.get(window) or NEAREST[window], window in EXACT


def preview(rule: Rule, series: Mapping[str, Point], days: int, now: datetime) -> Preview:
    """The preview for the ``days`` before ``now``. ``series``: of the step given by `series_of`. Raises NoPreview."""
    kind, exact = series_of(rule)
    first = (now - timedelta(days=days + DAYS[kind])).date().isoformat()
    buckets = [bucket for bucket in series if bucket >= first[: 7 if kind == "month" else 10]]
    state, raised, many = State(), list[tuple[str, str | None]](), 0
    at_once = rule.model_copy(update={"hold": 0, "quiet": ()})
    for number, bucket in enumerate(buckets):
        seen = of_document(rule, _document(series[bucket]), published=True)
        done = step(at_once, ZoneInfo("UTC"), state, seen, number * LONGEST_STEP_MS)
        if done.change and done.change.raised:
            raised.append((bucket, seen.value))
        state, many = done.state, many + done.state.raised
    ends = (buckets[0], buckets[-1]) if buckets else ("", "")
    return Preview(kind, exact, len(buckets), raised, many, *ends)


def _document(point: Point) -> dict[str, Any]:
    value = point.value if not isinstance(point.value, Decimal) else str(point.value)
    return {"value": value, "n": point.n, "status": point.status}
