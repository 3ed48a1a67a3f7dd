"""Which series a batch's wide rows are added to: those of every segment of the row's subject, at every level."""

from array import array
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
        self._series = [array("q") for _ in ALL_LEVELS]
        self._starts = [array("q") for _ in ALL_LEVELS]
        self._counts = [array("q") for _ in ALL_LEVELS]

    def add(self, head: int, name: str, series: list[list[int]]) -> int:
        """Number a head whose measure has these series at each level."""
        number = self.numbers[head] = len(self.names)
        self.names.append(name)
        for level in ALL_LEVELS:
            self._starts[level].append(len(self._series[level]))
            self._counts[level].append(len(series[level]))
            self._series[level].extend(series[level])
        return number

    def keeps(self, number: int) -> bool:
        """Whether anything is kept of a head's measure."""
        return any(counts[number] for counts in self._counts)

    def spread(self, level: int, numbers: Ints) -> tuple[Ints, Ints]:
        """For rows of these heads: pairs of a row's place and a series it is added to, as two arrays."""
        counts = np.asarray(self._counts[level])[numbers]
        if not counts.any():
            return NONE, NONE
        starts, series = np.asarray(self._starts[level])[numbers], np.asarray(self._series[level])
        return np.repeat(np.arange(len(numbers)), counts), series[spread(starts, counts)]
