"""The buckets of a history: whole hours (UTC), and local days, weeks and months that are over.

A bucket is a number: an hour since 1970, or the local day it begins on.
"""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, NamedTuple

from kpis.calendar.window_names import COMPLETE
from kpis.calendar.windows import MINUTE_MS, Window, window
from kpis.calendar.zone import Zone, bucket_after, bucket_start, day_date

HOUR: Final = 60  # minutes


class Step(NamedTuple):
    """``window``: gives a bucket's value once it is over. ``kept``: how many buckets are kept."""

    name: str
    window: str
    kept: int


STEPS: Final = (
    Step("hour", "1h", 48),
    Step("day", "yesterday", 400),
    Step("week", "last_week", 106),
    Step("month", "last_month", 37),
)
NAMES: Final = tuple(step.name for step in STEPS)


def bucket_of(step: Step, minute: int, zone: Zone) -> int:
    """The bucket that holds a minute."""
    return minute // HOUR if step.window == "1h" else bucket_start(zone.day(minute), COMPLETE[step.window])


@lru_cache(maxsize=4096)
def following(step: Step, bucket: int) -> int:
    """The next bucket."""
    return bucket + 1 if step.window == "1h" else bucket_after(bucket, COMPLETE[step.window])


def earlier(step: Step, bucket: int, count: int = 1) -> int:
    """The bucket ``count`` before."""
    if step.window in ("1h", "yesterday"):
        return bucket - count
    for _ in range(count):
        bucket = bucket_start(bucket - 1, COMPLETE[step.window])
    return bucket


def last_closed(step: Step, minute: int, zone: Zone) -> int:
    """The newest bucket that is over at a minute."""
    return earlier(step, bucket_of(step, minute, zone))


def start_of(step: Step, bucket: int, zone: Zone) -> int:
    """The minute at which a bucket begins."""
    return bucket * HOUR if step.window == "1h" else zone.midnight(bucket)


@lru_cache(maxsize=4096)  # shared by all KPIs, and by all tenants of a zone
def window_of(step: Step, bucket: int, zone: Zone) -> Window:
    """A bucket as the step's window at the moment it has just ended."""
    end = start_of(step, following(step, bucket), zone) * MINUTE_MS
    return window(step.window, end if step.window == "1h" else end + 1, zone)


@lru_cache(maxsize=4096)
def name_of(step: Step, bucket: int) -> str:
    """The name of a bucket: ``2026-11-14T13Z``, ``2026-11-14`` (a week: its Monday), ``2026-11``."""
    if step.window == "1h":
        return datetime.fromtimestamp(bucket * 3600, UTC).strftime("%Y-%m-%dT%HZ")
    text = day_date(bucket).isoformat()
    return text[:7] if step.window == "last_month" else text
