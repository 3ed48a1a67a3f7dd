"""Durations in seconds, kept in buckets of 1 %: their quantiles add up over disjoint subjects.

kpi-precise "Quantiles": k = ⌊ln(max(v, 1)) / ln 1.01⌋ of whole seconds, read back as 1.01^(k + ½) s.
"""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from math import floor, log
from typing import Final

WIDTH: Final = 1.01


def bucket(seconds: int) -> int:
    """The bucket of a duration."""
    return floor(log(max(seconds, 1)) / log(WIDTH))


def seconds_of(place: int) -> float:
    """A bucket's duration, s."""
    return float(WIDTH ** (place + 0.5))


def quantile(buckets: Counter[int], share: Fraction) -> float | None:
    """Type 7 quantile over the buckets, s; None of nothing."""
    total = sum(buckets.values())
    if not total:
        return None
    place = share * (total - 1)
    ordered = sorted(buckets.items())
    one, other = (seconds_of(_nth(ordered, min(int(place) + step, total - 1))) for step in (0, 1))
    return one + float(place - int(place)) * (other - one)


def _nth(ordered: Sequence[tuple[int, int]], place: int) -> int:
    for value, times in ordered:
        if place < times:
            return value
        place -= times
    raise IndexError(place)
