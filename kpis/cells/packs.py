"""What is stored of cells: a pane of a pack, with the sums of all its measures.

A *place* is a pane and a pack as one number, in the form of a cell's key: the pack's number takes the place of the
series.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from kpis.cells.series import SeriesBook
from kpis.cells.table import NONE, SERIES_BITS, SERIES_MASK, Ints, Table, found_in, pane_of

AT_ONCE: Final = 2_000  # places read together
PackKey = tuple[str, str, str, int]  # name of the pack, segment, level, pane
Row = tuple[PackKey, dict[str, int]]  # sums by measure; empty: nothing is left


class Packs:
    """The packs of one level, and which of their panes are still to be stored."""

    __slots__ = ("_level", "_series", "_table", "_waiting")

    def __init__(self, level: str, table: Table, series: SeriesBook) -> None:
        self._level = level
        self._table = table
        self._series = series
        self._waiting = NONE  # places, in order

    @property
    def drained(self) -> bool:
        """Whether nothing has changed since `drain` was exhausted."""
        return not (len(self._waiting) or self._table.changed)

    def drain(self) -> Iterator[Row]:
        """The panes that changed since the last drain. What is not consumed stays for the next call."""
        self._note_changes()
        while len(self._waiting):
            for row in self._rows(self._waiting[:AT_ONCE]):
                self._waiting = self._waiting[1:]  # before the yield: a consumer that stops here has this row
                yield row

    def held(self) -> Iterator[Row]:
        """All packs, as they are stored."""
        places = self._places(self._table.keys)
        return self._rows(np.unique(places))

    def keys(self) -> Iterator[PackKey]:
        """Keys of everything that may be in the store: present panes, and deleted ones that are still to be stored."""
        self._note_changes()
        places = np.unique(np.concatenate((self._places(self._table.keys), self._waiting)))
        return map(self._key, places.tolist())

    def _note_changes(self) -> None:
        if self._table.changed:
            self._waiting = np.unique(np.concatenate((self._waiting, self._places(self._table.changes()))))

    def _places(self, keys: Ints) -> Ints:
        found: Ints = keys & ~SERIES_MASK | self._series.kinds().pack[keys & SERIES_MASK]
        return found

    def _key(self, place: int) -> PackKey:
        pack = self._series.packs[place & SERIES_MASK]
        return pack.name, pack.segment, self._level, pane_of(place >> SERIES_BITS)

    def _rows(self, places: Ints) -> Iterator[Row]:
        """The sums at these (sorted) places."""
        keys, totals = self._table.of_panes(np.unique(places >> SERIES_BITS))
        at, wanted = found_in(places, self._places(keys))
        found = np.flatnonzero(wanted)[np.argsort(at[wanted], kind="stable")]
        ends = np.searchsorted(at[found], np.arange(len(places)), side="right").tolist()
        series, sums = (keys[found] & SERIES_MASK).tolist(), totals[found].tolist()
        name, start = self._series.names.__getitem__, 0
        for place, end in zip(places.tolist(), ends, strict=True):
            yield self._key(place), dict(zip(map(name, series[start:end]), sums[start:end], strict=True))
            start = end
