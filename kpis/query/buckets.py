"""The buckets of a series: hours in UTC; days, weeks and months in the tenant's zone; each with its window."""

from datetime import UTC, date, datetime
from typing import Any, Final, NamedTuple

from kpis.calendar.buckets import HOUR, STEPS, Step, bucket_of, following, name_of, window_of
from kpis.calendar.window_names import COMPLETE
from kpis.calendar.windows import MINUTE_MS, Window, ceil_minute, window
from kpis.calendar.zone import FIRST_DAY, LAST_DAY, Zone, bucket_start, date_day
from kpis.catalog import Kpi
from kpis.query.question import Refused

MOST: Final = {step.name: step.kept for step in STEPS} | {"hour": 50}  # of a series
CLOSED: Final = {step.name: step.window for step in STEPS}
RUNNING: Final = {"day": "today", "week": "week", "month": "month"}
HOUR_TEXT: Final = "%Y-%m-%dT%HZ"


class Bucket(NamedTuple):
    """A bucket by its start, and the window that reads it; None: it is not over, or has not begun."""

    text: str
    window: Window | None


def steps_of(kpi: Kpi) -> list[str]:
    """The steps that a KPI has series of."""
    return [step for step, name in CLOSED.items() if name in kpi.windows and kpi.whole is not None]


def buckets(kpi: Kpi, step: Any, first: Any, last: Any, as_of: int, zone: Zone) -> list[Bucket]:
    """The buckets from one start to another, both included. Raises `Refused`."""
    if step not in steps_of(kpi):
        raise Refused(f"{kpi.id} has no series by {step}: use one of {', '.join(steps_of(kpi)) or 'none'}")
    at = next(one for one in STEPS if one.name == step)
    bucket, end = _number(at, first, "first"), _number(at, last, "last")
    # An hour is over with its last millisecond; a midnight still belongs to the day that ends with it.
    now = as_of // MINUTE_MS if step == "hour" else ceil_minute(as_of) - 1
    running, found = bucket_of(at, now, zone), list[Bucket]()
    while bucket <= end and len(found) <= MOST[step]:
        found.append(Bucket(name_of(at, bucket), _read(kpi, at, bucket, running, as_of, zone)))
        bucket = following(at, bucket)
    if not 0 < len(found) <= MOST[step]:
        raise Refused(f"first and last must span 1 to {MOST[step]} buckets of a {step}")
    return found


def _read(kpi: Kpi, step: Step, bucket: int, running: int, as_of: int, zone: Zone) -> Window | None:
    if bucket < running:
        return window_of(step, bucket, zone)
    goes_on = bucket == running and RUNNING.get(step.name) in kpi.windows
    return window(RUNNING[step.name], as_of, zone) if goes_on else None


def _number(step: Step, text: Any, name: str) -> int:
    if step.name == "hour":
        return _hour(text, name) // HOUR
    return bucket_start(_day(text, name), COMPLETE[step.window])


def _hour(text: Any, name: str) -> int:
    try:
        return int(datetime.strptime(text, HOUR_TEXT).replace(tzinfo=UTC).timestamp()) // 60
    except (TypeError, ValueError):
        raise Refused(f"{name}: write the hour as 2026-11-14T13Z") from None


def _day(text: Any, name: str) -> int:
    try:
        found = date_day(date.fromisoformat(f"{text}-01" if isinstance(text, str) and len(text) == 7 else text))
    except (TypeError, ValueError):
        raise Refused(f"{name}: write the day as 2026-11-14, the month as 2026-11") from None
    if not FIRST_DAY + 400 < found < LAST_DAY - 400:
        raise Refused(f"{name}: {text} is not in the calendar")
    return found
