"""The cells without segments by themselves: few enough to be read at hundreds of instants.

What `Cells` holds for an instant has an entry for each series of each segment. A copy of the totals alone is a small
part of that, so that a history of KPIs costs neither its memory nor its time.
"""

from collections.abc import Iterator

import numpy as np

from kpis.calendar.zone import FIRST_DAY
from kpis.cells.cells import EVER, Cells
from kpis.cells.segments import EVERYTHING
from kpis.cells.series import LEVELS
from kpis.cells.table import SERIES_BITS, SERIES_MASK


class Totals(Cells):
    """A copy of what some cells are now, without segments, to be read only.

    ``short``: whether something was read that lies before the oldest day kept by itself, and so is not exact.
    """

    def __init__(self, cells: Cells) -> None:
        super().__init__(cells.zone, cells.generation)
        self.floors = dict(cells.floors)
        self.short = False
        oldest = self.floors["d"]
        self._exact_from = EVER if oldest < FIRST_DAY else self.zone.midnight(oldest)
        book, numbers = cells.series, np.full(len(cells.series), -1, dtype=np.int64)
        for old, segment in enumerate(book.segments):
            if segment == EVERYTHING:
                numbers[old] = self.series.number(book.names[old], segment, book.levels[old])
        for level in LEVELS:
            table = cells.table(level)
            series = numbers[table.keys & SERIES_MASK] if len(table.keys) else table.keys
            kept = series >= 0
            places = table.keys[kept] >> SERIES_BITS << SERIES_BITS
            self.table(level).fill(places | series[kept], table.sums[kept])

    def before(self, name: str, segment: str, minute: int) -> int:
        """As `Cells.before`; what lies before the oldest day is noted."""
        if minute < self._exact_from:
            self.short = True
        return super().before(name, segment, minute)

    def by_day(self, name: str, segment: str, start: int | None, end: int, fine: bool) -> Iterator[tuple[int, int]]:
        """As `Cells.by_day`; what lies before the oldest day is noted."""
        if start is not None and start < self._exact_from:
            self.short = True
        return super().by_day(name, segment, start, end, fine)
