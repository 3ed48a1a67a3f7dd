"""What is stored of cells: a pane of a pack, with the sums of all its measures.

A *place* is a pane and a pack as one number, in the form of a cell's key: the pack's number where a cell has its
series.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from kpis.cells.series import SeriesBook
from kpis.cells.table import NONE, SERIES_BITS, SERIES_MASK, Ints, Table, found_in, pane_of

AT_ONCE: Final = 2_000  # places that are read together
PackKey = tuple[str, str, str, int]  # name of the pack, segment, level, pane
Row = tuple[PackKey, dict[str, int]]  # sums by measure; empty: there is nothing any more


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
        """Whether nothing changed since `drain` was taken to its end."""
        return not (len(self._waiting) or self._table.changed)

    def drain(self) -> Iterator[Row]:
        """The panes that changed since this was last asked. Those that nobody takes stay for the next time."""
        self._note_changes()
        while len(self._waiting):
            for row in self._rows(self._waiting[:AT_ONCE]):
                self._waiting = self._waiting[1:]  # before it is taken: whoever stops here has it
                yield row

    def held(self) -> Iterator[Row]:
        """Everything as it is stored."""
        places = self._places(self._table.keys)
        return self._rows(np.unique(places))

    def keys(self) -> Iterator[PackKey]:
        """The names of all that may be stored: what is held, and what is no more and still to be taken away."""
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
        """What places hold; they are sorted."""
        keys, totals = self._table.of_panes(np.unique(places >> SERIES_BITS))
        at, wanted = found_in(places, self._places(keys))
        found = np.flatnonzero(wanted)[np.argsort(at[wanted], kind="stable")]
        ends = np.searchsorted(at[found], np.arange(len(places)), side="right").tolist()
        series, sums = (keys[found] & SERIES_MASK).tolist(), totals[found].tolist()
        name, start = self._series.names.__getitem__, 0
        for place, end in zip(places.tolist(), ends, strict=True):
            yield self._key(place), dict(zip(map(name, series[start:end]), sums[start:end], strict=True))
            start = end
