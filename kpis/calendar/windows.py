"""Where a window begins and ends: kpi-precise "Windows", as half-open intervals of UTC minutes."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from kpis.calendar.window_names import COMPLETE, DAY_WINDOWS, MINUTE_WINDOWS, RUNNING
from kpis.calendar.zone import Zone, bucket_start

MINUTE_MS: Final = 60_000
DAY: Final = 1440  # minutes


@dataclass(frozen=True)
class Window:
    """One window at one as-of.

    ``start`` is a UTC minute (None: from the first event on). ``end_ms`` is exclusive. ``end`` is the first excluded
    minute: for a live clock inside a minute that minute still counts, since nothing in it can be later than now.
    """

    name: str
    start: int | None
    end: int
    end_ms: int
    complete: bool
    as_of_ms: int

    @cached_property
    def end_quarter(self) -> int:
        """The first quarter hour (UTC) that is wholly excluded."""
        return -(-self.end // 15)

    @cached_property
    def bucket(self) -> str | None:
        """Calendar bucket of a calendar window, else None."""
        return RUNNING.get(self.name) or COMPLETE.get(self.name)


def ceil_minute(as_of_ms: int) -> int:
    """First whole minute at or after an instant."""
    return -(-as_of_ms // MINUTE_MS)


def window(name: str, as_of_ms: int, zone: Zone) -> Window:
    """The window called ``name`` as it stands at ``as_of_ms``; raises ``KeyError`` for an unknown name."""
    end = ceil_minute(as_of_ms)
    today = zone.day((as_of_ms - 1) // MINUTE_MS)
    if name in MINUTE_WINDOWS:
        return Window(name, end - MINUTE_WINDOWS[name], end, as_of_ms, False, as_of_ms)
    if name in DAY_WINDOWS:
        return Window(name, zone.midnight(today - DAY_WINDOWS[name] + 1), end, as_of_ms, False, as_of_ms)
    if name in RUNNING:
        return Window(name, zone.midnight(bucket_start(today, RUNNING[name])), end, as_of_ms, False, as_of_ms)
    if name == "all":
        return Window(name, None, end, as_of_ms, False, as_of_ms)
    bucket = COMPLETE[name]
    after = bucket_start(today, bucket)
    start, stop = zone.midnight(bucket_start(after - 1, bucket)), zone.midnight(after)
    return Window(name, start, stop, stop * MINUTE_MS, True, as_of_ms)
