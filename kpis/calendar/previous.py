"""The windows a number is compared with: the one before, and the one a year ago.

Each is a window of the same kind that was running, or had just ended, at an earlier moment, so measures kept per kind
of window are read as intended. Local days are whole: where the window goes up to now, today counts as one. Only `today`
and windows up to a day are compared to the quarter hour, or the minute.
"""

from datetime import timedelta
from typing import Final

from kpis.calendar.window_names import DAY_WINDOWS, MINUTE_WINDOWS, RUNNING
from kpis.calendar.windows import DAY, MINUTE_MS, Window, window
from kpis.calendar.zone import Zone, bucket_after, bucket_start, date_day, day_date

FINE: Final = (*MINUTE_WINDOWS, "today")  # their window before does not begin and end at midnights
QUARTER: Final = 15
YEAR_OF_WEEKS: Final = 364


def quarter_after(minute: int) -> int:
    """The first quarter hour at or after a minute."""
    return -(-minute // QUARTER) * QUARTER


def previous(at: Window, zone: Zone) -> Window | None:
    """The window before; of a running calendar unit the same part of the unit before. None: there is none."""
    if at.start is None:
        return None
    if at.complete:
        return _just_after(at.name, at.start, zone)
    end = at.start
    if at.name == "24h":
        end = quarter_after(end)  # quarter hours are kept for two days, minutes are not
    elif at.name in RUNNING:
        end = _same_part(at, zone)
    return window(at.name, end * MINUTE_MS, zone)


def _same_part(at: Window, zone: Zone) -> int:
    """The minute at which the same part of the calendar unit before ends."""
    assert at.start is not None
    day = zone.day(at.start)
    before = bucket_start(day - 1, RUNNING[at.name])
    if at.name == "today":
        return min(quarter_after(zone.midnight(before) + at.end - at.start), at.start)
    days = zone.day(at.end - 1) - day + 1
    return zone.midnight(min(before + days, day))


def year_ago(at: Window, zone: Zone) -> Window | None:
    """The window a calendar year ago, up to the same date; for weeks 52 weeks ago. None: there is none."""
    if at.start is None or at.name in FINE:
        return None
    start, today, unit = zone.day(at.start), zone.day(at.end - 1), at.bucket
    if at.complete:
        assert unit is not None
        began = start - YEAR_OF_WEEKS if unit == "week" else _year_before(start)
        return _just_after(at.name, zone.midnight(bucket_after(began, unit)), zone)
    last = today - YEAR_OF_WEEKS if unit == "week" else _year_before(today)
    return window(at.name, zone.midnight(last + 1) * MINUTE_MS, zone)


def _just_after(name: str, minute: int, zone: Zone) -> Window:
    """The last complete window that ends at a minute, or before."""
    return window(name, minute * MINUTE_MS + 1, zone)


def _year_before(day: int) -> int:
    """The same date a year before; for 29 February the 28th."""
    when = day_date(day)
    if (when.month, when.day) == (2, 29):
        when -= timedelta(days=1)
    return date_day(when.replace(year=when.year - 1))


def behind(name: str, yesterday: int) -> tuple[int, int | None]:
    """For the window before a `FINE` one: how far its end and its start lie behind now, minutes (None: a fixed start).

    ``yesterday``: the length of the previous local day, minutes.
    """
    if name == "today":
        return yesterday, None
    return MINUTE_WINDOWS[name], 2 * MINUTE_WINDOWS[name]


REACH: Final = 2 * DAY + 60  # how far back their panes go, minutes, on the longest days
assert DAY_WINDOWS.keys().isdisjoint(FINE)
