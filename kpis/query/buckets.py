"""The buckets of a series: hours in UTC, days, weeks and months on the tenant's clock, each with how it is read."""

from datetime import UTC, date, datetime
from typing import Any, Final, NamedTuple

from kpis.calendar.windows import MINUTE_MS, Window, ceil_minute, window
from kpis.calendar.zone import FIRST_DAY, LAST_DAY, Zone, bucket_after, bucket_start, date_day, day_date
from kpis.catalog import Kpi
from kpis.query.question import Refused

MOST: Final = {"hour": 50, "day": 400, "week": 106, "month": 37}  # of a series
CLOSED: Final = {"hour": "1h", "day": "yesterday", "week": "last_week", "month": "last_month"}
RUNNING: Final = {"day": "today", "week": "week", "month": "month"}
HOUR: Final = 60  # minutes
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
    found = _hours(first, last, as_of) if step == "hour" else _days(step, first, last, as_of, zone)
    if not 0 < len(found) <= MOST[step]:
        raise Refused(f"first and last must span 1 to {MOST[step]} buckets of a {step}")
    return found


def _hours(first: Any, last: Any, as_of: int) -> list[Bucket]:
    start, end = (_hour(text, name) for text, name in ((first, "first"), (last, "last")))
    found = []
    for minute in range(start, min(end, start + HOUR * MOST["hour"]) + 1, HOUR):
        after = minute + HOUR
        over = after * MINUTE_MS <= as_of
        read = Window("1h", minute, after, after * MINUTE_MS, complete=False, as_of_ms=after * MINUTE_MS)
        text = datetime.fromtimestamp(minute * 60, UTC).strftime(HOUR_TEXT)
        found.append(Bucket(text, read if over else None))
    return found


def _hour(text: Any, name: str) -> int:
    try:
        return int(datetime.strptime(text, HOUR_TEXT).replace(tzinfo=UTC).timestamp()) // 60
    except (TypeError, ValueError):
        raise Refused(f"{name}: write the hour as 2026-11-14T13Z") from None


def _days(step: str, first: Any, last: Any, as_of: int, zone: Zone) -> list[Bucket]:
    start, end = (bucket_start(_day(text, name), step) for text, name in ((first, "first"), (last, "last")))
    running = bucket_start(zone.day(ceil_minute(as_of) - 1), step)
    found: list[Bucket] = []
    while start <= end and len(found) <= MOST[step]:
        after, read = bucket_after(start, step), None
        if start < running:
            # A midnight still belongs to the day that ends with it.
            read = window(CLOSED[step], zone.midnight(after) * MINUTE_MS + 1, zone)
        elif start == running:
            read = window(RUNNING[step], as_of, zone)
        when = day_date(start)
        found.append(Bucket(f"{when:%Y-%m}" if step == "month" else when.isoformat(), read))
        start = after
    return found


def _day(text: Any, name: str) -> int:
    try:
        found = date_day(date.fromisoformat(f"{text}-01" if isinstance(text, str) and len(text) == 7 else text))
    except (TypeError, ValueError):
        raise Refused(f"{name}: write the day as 2026-11-14, the month as 2026-11") from None
    if not FIRST_DAY + 400 < found < LAST_DAY - 400:
        raise Refused(f"{name}: {text} is not in the calendar")
    return found
