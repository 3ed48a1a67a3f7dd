"""Durations in seconds, kept in buckets of 1 %: their quantiles add up over disjoint subjects.

kpi-precise "Quantiles": k = ⌊ln(max(v, 1)) / ln 1.01⌋ of whole seconds, read back as 1.01^(k + ½) s.
"""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from math import ceil, floor, log
from typing import Final

import numpy as np
from numpy.typing import NDArray

WIDTH: Final = 1.01
PLACES: Final = 2_400  # buckets of up to 700 years


def bucket(seconds: int) -> int:
    """The bucket of a duration."""
    return floor(log(max(seconds, 1)) / log(WIDTH))


def counted(seconds: NDArray[np.int64]) -> Counter[int]:
    """How many durations are in each bucket; the same as `bucket` of each."""
    places, counts = np.unique(np.searchsorted(_beginnings(), seconds, side="right") - 1, return_counts=True)
    return Counter(dict(zip(places.tolist(), counts.tolist(), strict=True)))


@cache
def _beginnings() -> NDArray[np.int64]:
    """The smallest whole number of seconds of each bucket (of a later one if it has none); the first is below all."""
    found = [np.iinfo(np.int64).min]
    for place in range(1, PLACES):
        second = ceil(WIDTH**place)
        while bucket(second) < place:
            second += 1
        while bucket(second - 1) >= place:
            second -= 1
        found.append(second)
    return np.array(found, dtype=np.int64)


def seconds_of(place: int) -> float:
    """A bucket's duration, s."""
    return float(WIDTH ** (place + 0.5))


def quantile(buckets: Counter[int], share: Fraction) -> float | None:
    """Type 7 quantile over the buckets, s; None if they are empty."""
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
