"""Which series a batch's wide rows are added to: those of every segment of the row's subject, at every level."""

from typing import Final

import numpy as np

from kpis.cells.series import LEVELS
from kpis.cells.table import NONE, Ints, spread

ALL_LEVELS: Final = range(len(LEVELS))


class Plans:
    """Heads (measure and set of segments of a row) -> series by level: flat lists, so that a batch is arrays."""

    def __init__(self) -> None:
        self.numbers: dict[int, int] = {}
        self.names: list[str] = []  # of the measures
        self._series: list[list[int]] = [[] for _ in ALL_LEVELS]
        self._starts: list[list[int]] = [[] for _ in ALL_LEVELS]
        self._counts: list[list[int]] = [[] for _ in ALL_LEVELS]
        self._arrays: list[tuple[Ints, Ints, Ints]] = []

    def add(self, head: int, name: str, series: list[list[int]]) -> int:
        """Number a head whose measure has these series at each level."""
        number = self.numbers[head] = len(self.names)
        self.names.append(name)
        for level in ALL_LEVELS:
            self._starts[level].append(len(self._series[level]))
            self._counts[level].append(len(series[level]))
            self._series[level] += series[level]
        self._arrays = []
        return number

    def spread(self, level: int, numbers: Ints) -> tuple[Ints, Ints]:
        """For rows of these heads: the place of a row, and a series it is added to; each pair that there is."""
        if not self._arrays:
            flat = zip(self._starts, self._counts, self._series, strict=True)
            self._arrays = [(array(starts), array(counts), array(series)) for starts, counts, series in flat]
        starts, counts, series = self._arrays[level]
        wide = counts[numbers]
        if not wide.any():
            return NONE, NONE
        return np.repeat(np.arange(len(numbers)), wide), series[spread(starts[numbers], wide)]


def array(numbers: list[int]) -> Ints:
    """Small integers as an array."""
    return np.array(numbers, dtype=np.int64)
