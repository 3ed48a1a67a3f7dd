"""A copy of the cells without segments: few enough to be read at hundreds of instants.

What `Cells` caches for an instant has an entry for each series of each segment. A copy of the totals alone is a small
part of that, so a history of KPIs costs neither that memory nor that time.
"""

from array import array
from collections.abc import Iterator

import numpy as np

from kpis.calendar.zone import FIRST_DAY
from kpis.cells.cells import EVER, Cells
from kpis.cells.segments import EVERYTHING
from kpis.cells.series import LEVELS, SeriesBook
from kpis.cells.table import SERIES_BITS, SERIES_MASK, Ints


class TotalSeries:
    """The series without a segment, with numbers of their own. ``changes``: `SeriesBook.changes` they were built at."""

    def __init__(self, changes: int) -> None:
        self.changes = changes
        self.book = SeriesBook()
        self._numbers = array("q")  # by number among all; −1: it has a segment

    def follow(self, series: SeriesBook) -> Ints:
        """The numbers of all series so far."""
        for at in range(len(self._numbers), len(series)):
            whole = series.segments[at] == EVERYTHING
            self._numbers.append(self.book.number(series.names[at], EVERYTHING, series.levels[at]) if whole else -1)
        return np.array(self._numbers, dtype=np.int64)


class Totals(Cells):
    """A read-only copy of some cells without segments.

    ``short``: whether a read went back before the oldest day kept by itself, and so is not exact.
    """

    def __init__(self, cells: Cells) -> None:
        super().__init__(cells.zone, cells.generation)
        known = cells.totals
        if not isinstance(known, TotalSeries) or known.changes != cells.series.changes:
            known = cells.totals = TotalSeries(cells.series.changes)
        self.series, numbers = known.book, known.follow(cells.series)
        self.floors = dict(cells.floors)
        self.short = False
        oldest = self.floors["d"]
        self._exact_from = EVER if oldest < FIRST_DAY else self.zone.midnight(oldest)
        for level in LEVELS:
            table = cells.table(level)
            series = numbers[table.keys & SERIES_MASK] if len(table.keys) else table.keys
            kept = series >= 0
            places = table.keys[kept] >> SERIES_BITS << SERIES_BITS
            self.table(level).fill(places | series[kept], table.sums[kept])

    def before(self, name: str, segment: str, minute: int) -> int:
        """As `Cells.before`; sets ``short`` when it goes back before the oldest day."""
        if minute < self._exact_from:
            self.short = True
        return super().before(name, segment, minute)

    def by_day(self, name: str, segment: str, start: int | None, end: int, fine: bool) -> Iterator[tuple[int, int]]:
        """As `Cells.by_day`; sets ``short`` when it goes back before the oldest day."""
        if start is not None and start < self._exact_from:
            self.short = True
        return super().by_day(name, segment, start, end, fine)
