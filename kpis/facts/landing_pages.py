"""Deltas of landing pages: when a visitor may still convert and has a converted view in the window."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from kpis.calendar.intervals import FOREVER, Interval, intersect, union
from kpis.calendar.window_names import DAY_WINDOWS
from kpis.calendar.windows import MINUTE_MS
from kpis.calendar.zone import Zone, bucket_after, bucket_start
from kpis.cells.deltas import Delta, leaves, level_deltas

LONG: Final = tuple(DAY_WINDOWS)  # seven local days are an hour longer than 7 × 24 h when summer time ends
NEVER: Final = FOREVER // MINUTE_MS


def hit_deltas(
    base: str,
    minute: int,
    around: tuple[int | None, int | None],
    young: Callable[[int, int], Iterable[Interval]],
    zone: Zone,
) -> Iterator[Delta]:
    """What a further converted minute adds to ``both_deltas``, between its converted neighbours ``around``.

    ``young``: gives the parts of a span of minutes in which the visitor is young.
    """
    before, after = around
    until = NEVER if after is None else after
    for name in LONG:
        start = minute if before is None else max(minute, leaves(name, before, zone))
        yield from level_deltas(f"{base}@{name}", _instants(young(start, min(until, leaves(name, minute, zone)))))
    if before is None:
        yield from level_deltas(f"{base}@all", _instants(young(minute, until)))
    for bucket in ("week", "month", "quarter", "year"):
        opens = bucket_start(zone.day(minute), bucket)
        high = zone.midnight(bucket_after(opens, bucket))
        if before is None or before < zone.midnight(opens):
            for start, end in young(minute, min(until, high)):
                yield Delta(f"{base}@{bucket}", start * MINUTE_MS, 1)
                if end < high:
                    yield Delta(f"{base}@{bucket}", end * MINUTE_MS, -1)


def both_deltas(base: str, spans: list[Interval], converted: Sequence[int], zone: Zone) -> Iterator[Delta]:
    """When a visitor is young (``spans``: disjoint, minutes) and has a converted view in a long window."""
    for name in LONG:
        kept = [
            (minute, leaves(name, minute, zone))
            for start, end in spans
            for minute in converted[max(bisect_right(converted, start) - 1, 0) : bisect_left(converted, end)]
        ]
        yield from level_deltas(f"{base}@{name}", _instants(intersect(spans, union(kept))))
    yield from level_deltas(f"{base}@all", _instants(intersect(spans, [(converted[0], NEVER)])))
    for bucket in ("week", "month", "quarter", "year"):
        for start, end in spans:
            yield from _bucket_deltas(f"{base}@{bucket}", bucket, start, end, converted, zone)


def _bucket_deltas(
    measure: str, bucket: str, start: int, end: int, converted: Sequence[int], zone: Zone
) -> Iterator[Delta]:
    """The same within each calendar bucket that the span overlaps."""
    opens = bucket_start(zone.day(start), bucket)
    while zone.midnight(opens) < end:
        after = bucket_after(opens, bucket)
        low, high = zone.midnight(opens), zone.midnight(after)
        at = bisect_left(converted, low)
        if at < len(converted) and converted[at] < min(end, high):
            yield Delta(measure, max(start, low, converted[at]) * MINUTE_MS, 1)
            if end < high:
                yield Delta(measure, end * MINUTE_MS, -1)
        opens = after


def _instants(spans: Iterable[Interval]) -> list[Interval]:
    return [(start * MINUTE_MS, end * MINUTE_MS if end < NEVER else FOREVER) for start, end in spans]
