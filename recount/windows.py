"""The edges of the 17 windows in a tenant's zone. Instants are ms UTC; windows are half-open."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

MINUTE: Final = 60_000
QUARTER_HOUR: Final = 15 * MINUTE
DAY: Final = 24 * 60 * MINUTE
NEVER: Final = -(10**18)  # earlier than any instant

MINUTES: Final = {"15m": 15, "1h": 60, "24h": 1440}
LOCAL_DAYS: Final = {"7d": 7, "30d": 30, "90d": 90, "365d": 365}
RUNNING: Final = {"today": "day", "week": "week", "month": "month", "quarter": "quarter", "year": "year"}
COMPLETE: Final = {"yesterday": "day", **{f"last_{unit}": unit for unit in ("week", "month", "quarter", "year")}}
ALL_WINDOWS: Final = (*MINUTES, *LOCAL_DAYS, *RUNNING, *COMPLETE, "all")
PAIR_WINDOWS: Final = tuple(name for name in ALL_WINDOWS if name not in {"15m", "1h", "today", "yesterday", "all"})
UNIT_WINDOWS: Final = ("month", "quarter", "year", "last_month", "last_quarter", "last_year")
SEGMENT_WINDOWS: Final = ("7d", "30d", "month", "quarter", "year", "last_month", "last_quarter", "last_year", "all")


class Window(NamedTuple):
    """One window at one as-of. ``low``: where counting starts, ``start``: as shown; they differ for ``all``."""

    name: str
    low: int
    start: int
    end: int
    complete: bool
    as_of: int


def ceil_to(instant: int, step: int) -> int:
    """The first multiple of ``step`` at or after an instant."""
    return -(-instant // step) * step


@lru_cache(maxsize=1_000_000)
def local_date(instant: int, zone: ZoneInfo) -> date:
    """The local date at an instant."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=instant)).astimezone(zone).date()


def midnight(day: date, zone: ZoneInfo) -> int:
    """The instant at which a local date begins, even if its midnight is skipped or occurs twice."""
    moment = datetime.combine(day, time(0), zone)
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))


def unit_start(day: date, unit: str) -> date:
    """The first date of the day, week (Monday), month, quarter or year that contains a date."""
    starts = {
        "day": day,
        "week": day - timedelta(days=day.weekday()),
        "month": day.replace(day=1),
        "quarter": day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1),
        "year": day.replace(month=1, day=1),
    }
    return starts[unit]


def window(name: str, as_of: int, zone: ZoneInfo, first: int | None) -> Window:
    """The window ``name`` at ``as_of``; ``first``: the tenant's first dated event (for ``all``)."""
    today = local_date(as_of - 1, zone)
    if name in MINUTES:
        start = ceil_to(as_of, MINUTE) - MINUTES[name] * MINUTE
    elif name in LOCAL_DAYS:
        start = midnight(today - timedelta(days=LOCAL_DAYS[name] - 1), zone)
    elif name in RUNNING:
        start = midnight(unit_start(today, RUNNING[name]), zone)
    elif name in COMPLETE:
        return complete_window(name, today, zone, as_of)
    else:
        return Window(name, NEVER, min(as_of, as_of if first is None else first), as_of, False, as_of)
    return Window(name, start, start, as_of, False, as_of)


def complete_window(name: str, today: date, zone: ZoneInfo, as_of: int) -> Window:
    """The unit before the current one."""
    after = unit_start(today, COMPLETE[name])
    start = midnight(unit_start(after - timedelta(days=1), COMPLETE[name]), zone)
    return Window(name, start, start, midnight(after, zone), True, as_of)
