"""Who was active just before a window began and is not at its end, for each rolling length and calendar bucket.

Everything happens in the *gaps* between active times. For a rolling length W one is lost at x where x lies in a gap and
in the active times moved by W; in a calendar bucket from the leave that one was active for when the bucket began, until
the return. So what a gap adds depends on what comes before it and on where it ends, and a change of active times costs
the gaps from there on only.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from kpis.calendar.intervals import FOREVER, Interval
from kpis.calendar.windows import DAY, DAY_WINDOWS, MINUTE_MS
from kpis.calendar.zone import Zone, bucket_after, bucket_start
from kpis.cells.deltas import Delta

LENGTHS: Final = tuple(DAY_WINDOWS.values())
BUCKETS: Final = ("week", "month", "quarter", "year")
NEVER: Final = FOREVER // MINUTE_MS


@cache
def _names(base: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The measures of rolling lengths, that of 24 hours first, and of buckets."""
    return tuple(f"{base}@{name}" for name in ("24h", *DAY_WINDOWS)), tuple(f"{base}@{name}" for name in BUCKETS)


def loss_deltas(base: str, active: Sequence[Interval], first: int, zone: Zone, sign: int) -> Iterator[Delta]:
    """What the gaps behind the active times number ``first`` and later add, times ``sign``.

    ``active``: disjoint and in order, in minutes.
    """
    rolling, calendar = _names(base)
    for number in range(first, len(active)):
        leave = active[number][1]
        if leave >= NEVER:
            return
        back = active[number + 1][0] if number + 1 < len(active) else NEVER
        yield from _rolling(rolling, active, number, back, zone, sign)
        for measure, bucket in zip(calendar, BUCKETS, strict=True):
            start = bucket_start(zone.day(leave), bucket)
            if _holds(active, number, zone.midnight(start)):
                yield Delta(measure, leave * MINUTE_MS, sign)
                if back < NEVER and back < zone.midnight(bucket_after(start, bucket)):
                    yield Delta(measure, back * MINUTE_MS, -sign)


def _holds(active: Sequence[Interval], number: int, opens: int) -> bool:
    """Whether one of the active times up to a number holds the minute before ``opens``."""
    while number >= 0 and active[number][1] >= opens:
        if active[number][0] < opens:
            return True
        number -= 1
    return False


def _rolling(
    measures: tuple[str, ...], active: Sequence[Interval], number: int, back: int, zone: Zone, sign: int
) -> Iterator[Delta]:
    """The gap behind a number, which ends at ``back``, where active times of before it lie in when moved."""
    leave, longest = active[number][1], zone.day(active[number][1]) - LENGTHS[-1]
    while number >= 0:
        begin, end = active[number]
        last = zone.day(end)
        if last < longest and end + DAY <= leave:
            return
        for measure, low, high in zip(measures, _moved(begin, zone), _moved(end, zone), strict=True):
            enter, left = max(low, leave), min(high, back)
            if enter < left:
                yield Delta(measure, enter * MINUTE_MS, sign)
                if left < NEVER:
                    yield Delta(measure, left * MINUTE_MS, -sign)
        number -= 1


def _moved(minute: int, zone: Zone) -> list[int]:
    """When a change at a minute is first seen as before the start of each rolling window."""
    day = zone.day(minute)
    return [minute + DAY, *(zone.midnight(day + length) for length in LENGTHS)]
