"""Intervals of instants: their union and intersection."""

from collections.abc import Iterable
from typing import Final

FOREVER: Final = 1 << 53  # an instant (ms) after every other

Interval = tuple[int, int]  # [start, end)


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """The same instants as disjoint intervals in order; adjacent ones are merged."""
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def intersect(one: Iterable[Interval], other: Iterable[Interval]) -> list[Interval]:
    """The instants in both."""
    others = list(other)
    return union((max(a, c), min(b, d)) for a, b in one for c, d in others)
