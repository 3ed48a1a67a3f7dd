"""Local days of a time zone, as arithmetic on whole minutes.

A *minute* is minutes since 1970-01-01T00:00Z, a *day* is the number of a local date since 1970-01-01. Tables of local
midnights are built once a zone, so a day is found by bisection, one by one or for a whole NumPy array.
"""

from bisect import bisect_right
from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Minutes = NDArray[np.int64]
EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
FIRST_DAY: Final = -10957  # 1940-01-02
LAST_DAY: Final = 65743  # 2150-01-01
BUCKETS: Final = ("day", "week", "month", "quarter", "year")


def day_date(day: int) -> date:
    """The date of a local day number."""
    return date.fromordinal(day + EPOCH_DAY)


def date_day(when: date) -> int:
    """The local day number of a date."""
    return when.toordinal() - EPOCH_DAY


@lru_cache(maxsize=65536)
def bucket_start(day: int, bucket: str) -> int:
    """First day of the calendar bucket that holds a day. Weeks start on Monday."""
    when = day_date(day)
    match bucket:
        case "day":
            return day
        case "week":
            return day - when.weekday()
        case "month":
            return date_day(when.replace(day=1))
        case "quarter":
            return date_day(date(when.year, when.month - (when.month - 1) % 3, 1))
        case "year":
            return date_day(date(when.year, 1, 1))
    raise ValueError(f"no such bucket: {bucket}")


def bucket_after(start: int, bucket: str) -> int:
    """First day of the bucket after the one that begins on ``start``."""
    longest = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}[bucket]
    return bucket_start(start + longest, bucket)


class Zone:
    """A tenant's time zone: where local days begin, in UTC minutes."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.info = ZoneInfo(name)
        self._midnights = self._every_midnight()
        self.midnights: Minutes = np.array(self._midnights, dtype=np.int64)

    def __reduce__(self) -> tuple[Callable[[str], "Zone"], tuple[str]]:
        """Pickled by name: a process has one instance per zone."""
        return zone, (self.name,)

    def _midnight(self, day: int) -> int:
        """UTC minute at which a local day begins (its first instant, also where midnight is skipped)."""
        # Where midnight is skipped, fold 0 reads it with the offset before the gap: exactly the instant of the change.
        # Offsets of the 19th century have seconds: round up to the minute.
        return -int(-datetime.combine(day_date(day), datetime.min.time(), self.info).timestamp() // 60)

    def _every_midnight(self) -> list[int]:
        """All midnights of the table; a week whose ends have the same offset has no change within."""
        found: list[int] = []
        for day in range(FIRST_DAY, LAST_DAY, 7):
            first, last = self._midnight(day), self._midnight(day + 7)
            if last - first == 7 * 1440:
                found += range(first, last, 1440)
            else:
                found += [self._midnight(one) for one in range(day, day + 7)]
        return found

    def midnight(self, day: int) -> int:
        """UTC minute at which a local day begins."""
        return self._midnights[day - FIRST_DAY]

    def day(self, minute: int) -> int:
        """Local day number of a UTC minute."""
        return bisect_right(self._midnights, minute) - 1 + FIRST_DAY

    def days(self, minutes: Minutes) -> Minutes:
        """Local day numbers of an array of UTC minutes."""
        return np.searchsorted(self.midnights, minutes, side="right") - 1 + FIRST_DAY

    def midnights_of(self, days: Minutes) -> Minutes:
        """UTC minutes at which an array of local days begin; days off the table are clamped to its ends."""
        found: Minutes = self.midnights[np.clip(days - FIRST_DAY, 0, len(self.midnights) - 1)]
        return found


@lru_cache(maxsize=8)
def bucket_starts(bucket: str) -> Minutes:
    """Start day of the bucket of every day of the tables, indexed by day − FIRST_DAY."""
    days = np.arange(FIRST_DAY, LAST_DAY + 7)
    if bucket == "day":
        return days
    if bucket == "week":
        return days - (days + 3) % 7  # 1970-01-01 was a Thursday
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    first = months - months % {"month": 1, "quarter": 3, "year": 12}[bucket]
    found: Minutes = first.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return found


@lru_cache(maxsize=64)
def zone(name: str) -> Zone:
    """The zone of an IANA name; raises ``ZoneInfoNotFoundError`` for an unknown one."""
    return Zone(name)
