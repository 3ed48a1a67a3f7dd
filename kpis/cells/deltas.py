"""Dated changes of measures, and the instants that events bring about later."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from kpis.calendar.intervals import FOREVER, Interval, union
from kpis.calendar.window_names import DAY_WINDOWS, MINUTE_WINDOWS
from kpis.calendar.windows import MINUTE_MS
from kpis.calendar.zone import BUCKETS, Zone, bucket_start

QUARTER_MS: Final = 15 * MINUTE_MS
DAY_MS: Final = 1440 * MINUTE_MS


class Delta(NamedTuple):
    """A measure changes by ``amount`` at ``instant`` (ms)."""

    measure: str
    instant: int
    amount: int


def in_common(one: Sequence[object], other: Sequence[object]) -> int:
    """Length of the common prefix of two lists. Fast where they hold the same objects."""
    low, high = 0, min(len(one), len(other))
    if one[:high] == other[:high]:
        return high
    while low + 1 < high:
        middle = (low + high) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle
    return low


def ceil_quarter(instant: int) -> int:
    """A derived instant: rounded up to the next quarter hour."""
    return -(-instant // QUARTER_MS) * QUARTER_MS


def level_deltas(measure: str, intervals: Iterable[Interval]) -> Iterator[Delta]:
    """+1 on entering, −1 on leaving; an interval that does not end has no leaving delta."""
    for start, end in intervals:
        yield Delta(measure, start, 1)
        if end < FOREVER:
            yield Delta(measure, end, -1)


def distinct_deltas(base: str, instants: Iterable[int], zone: Zone) -> Iterator[Delta]:
    """Count a subject once in every window that holds any of these instants (ms).

    The same as kpis.cells.distinct, for rare events. Read with ``View.marked``.
    """
    minutes = sorted({instant // MINUTE_MS for instant in instants})
    for name in (*MINUTE_WINDOWS, *DAY_WINDOWS):
        present = union((minute, leaves(name, minute, zone)) for minute in minutes)
        yield from level_deltas(f"{base}@{name}", ((a * MINUTE_MS, b * MINUTE_MS) for a, b in present))
    for bucket in BUCKETS:
        firsts: dict[int, int] = {}
        for minute in reversed(minutes):
            firsts[bucket_start(zone.day(minute), bucket)] = minute
        yield from (Delta(f"{base}@{bucket}", minute * MINUTE_MS, 1) for minute in firsts.values())
    if minutes:
        yield Delta(f"{base}@all", minutes[0] * MINUTE_MS, 1)


def leaves(name: str, minute: int, zone: Zone) -> int:
    """The minute from which a change at a minute is before the start of a rolling window."""
    if minute >= FOREVER // MINUTE_MS:
        return FOREVER // MINUTE_MS
    if name in MINUTE_WINDOWS:
        return minute + MINUTE_WINDOWS[name]
    return zone.midnight(zone.day(minute) + DAY_WINDOWS[name])
