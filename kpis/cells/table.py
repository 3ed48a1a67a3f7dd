"""One level of panes as a sorted table: which series changed in which pane, and by how much.

A cell is a key, ``pane | series``, and a sum; both are arrays in the order of the keys, so that a pane is a run of the
table. A batch is merged by array operations. What is read is the *column* of a pane: for every series the sum of all
its panes below. The columns of one moment are made in one pass over the table, each from the one before it.

Sums are 64-bit integers for as long as no sum of any of them can leave that range, and Python's integers from then on:
slower, and exact.
"""

from bisect import bisect_right, insort
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Sums = NDArray[Any]  # int64, or objects: Python's integers
Mask = NDArray[np.bool_]

CARRY: Final = -(1 << 40)  # the pane that holds everything older than a level keeps; no other is below it
SERIES_BITS: Final = 28
SERIES_MASK: Final = (1 << SERIES_BITS) - 1
BIAS: Final = (1 << 28) + 1  # so that panes before 1970 sort first, and only the carry is 0
SAFE: Final = float(1 << 62)  # sums of absolute values below it cannot overflow
NONE: Final = np.empty(0, dtype=np.int64)


def keys_of(panes: Ints, series: Ints) -> Ints:
    """Keys of cells; panes are numbers or `CARRY`."""
    return np.maximum(panes + BIAS, 0) << SERIES_BITS | series


def cell_key(pane: int, series: int = 0) -> int:
    """The key of one cell."""
    return max(pane + BIAS, 0) << SERIES_BITS | series


def pane_of(place: int) -> int:
    """The pane of a key without its series."""
    return place - BIAS if place else CARRY


def ints(numbers: list[int]) -> Ints:
    """Small integers as an array."""
    return np.array(numbers, dtype=np.int64)


def exact(values: list[int]) -> Sums:
    """Integers of any size as an array."""
    try:
        return np.array(values, dtype=np.int64)
    except OverflowError:
        return np.array(values, dtype=object)


def summed(keys: Ints, sums: Sums) -> tuple[Ints, Sums]:
    """Sorted, and equal keys once."""
    if len(keys) < 2:
        return keys, sums
    order = np.argsort(keys, kind="stable")
    keys, sums = keys[order], sums[order]
    first = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    return keys[first], np.add.reduceat(sums, first)


def found_in(keys: Ints, wanted: Ints) -> tuple[Ints, Mask]:
    """Where sorted keys hold each that is wanted, or would hold it; and whether they do."""
    at = np.searchsorted(keys, wanted)
    held = at < len(keys)
    held[held] = keys[at[held]] == wanted[held]
    return at, held


class Table:
    """The cells of one level."""

    __slots__ = ("_by_series", "_changed", "_columns", "_mass", "_panes", "keys", "sums")

    def __init__(self) -> None:
        self.keys: Ints = NONE
        self.sums: Sums = NONE
        self._mass = 0.0  # no sum of any cells is greater
        self._changed: list[Ints] = []  # keys that were changed since this was last asked
        self._panes: list[int] = []  # that have a column, in order
        self._columns: dict[int, Sums] = {}
        self._by_series: tuple[Ints, Ints, Sums] | None = None

    def __getstate__(self) -> tuple[Ints, Sums]:
        return self.keys, self.sums

    def __setstate__(self, state: tuple[Ints, Sums]) -> None:
        self.__init__()  # type: ignore[misc]
        self.keys, self.sums = state
        self._weigh()

    # --- changing it

    def add(self, keys: Ints, deltas: Sums) -> None:
        """Add changes of cells, in any order; cells that come to zero go."""
        if not len(keys):
            return
        self._make_room_for(deltas)
        keys, deltas = summed(keys, deltas.astype(self.sums.dtype, copy=False))
        keys, deltas = keys[changed := deltas != 0], deltas[changed]
        self._changed.append(keys)
        self.forget()
        at, known = found_in(self.keys, keys)
        self.sums[at[known]] += deltas[known]
        new = ~known
        if new.any():
            self.keys = np.insert(self.keys, at[new], keys[new])
            self.sums = np.insert(self.sums, at[new], deltas[new])
        if known.any() and not (kept := self.sums != 0).all():
            self.keys, self.sums = self.keys[kept], self.sums[kept]

    def fill(self, keys: Ints, sums: Sums) -> None:
        """Put cells into an empty table, as they were stored; each once."""
        order = np.argsort(keys)
        self.keys, self.sums = keys[order], sums[order]
        self._weigh()

    def fold(self, cells: Ints) -> None:
        """Put cells, by their positions, into the carry."""
        keys, sums = self.keys[cells], self.sums[cells]
        self.add(np.concatenate((keys, keys & SERIES_MASK)), np.concatenate((-sums, sums)))

    def below(self, floor: int) -> Ints:
        """Keys of all cells in panes below a floor: the carry's first."""
        found: Ints = self.keys[: np.searchsorted(self.keys, cell_key(floor))]
        return found

    def _make_room_for(self, deltas: Sums) -> None:
        more = _weight(deltas)
        self._mass += more
        if self._mass >= SAFE and self.sums.dtype != object:
            self._weigh(more)

    def _weigh(self, more: float = 0.0) -> None:
        self._mass = _weight(self.sums) + more
        if self._mass >= SAFE:
            self.sums = self.sums.astype(object)

    # --- what changed

    @property
    def changed(self) -> bool:
        """Whether anything was, since `changes` was asked."""
        return bool(self._changed)

    def changes(self) -> Ints:
        """Keys of the cells that changed since this was last asked, perhaps twice."""
        found, self._changed = self._changed, []
        return np.concatenate(found) if found else NONE

    def positions(self, places: Ints) -> Ints:
        """Positions of all cells of some panes (places: keys without series, sorted)."""
        starts = np.searchsorted(self.keys, places << SERIES_BITS)
        ends = np.searchsorted(self.keys, (places + 1) << SERIES_BITS)
        return spread(starts, ends - starts)

    # --- reading it

    def column(self, pane: int) -> Sums:
        """For every series the sum of its panes below this one; of those behind its end it is 0."""
        found = self._columns.get(pane)
        return self._make(pane) if found is None else found

    def _make(self, pane: int) -> Sums:
        end, at = int(np.searchsorted(self.keys, cell_key(pane))), bisect_right(self._panes, pane)
        last = self._panes[at - 1] if at else CARRY
        start, found = int(np.searchsorted(self.keys, cell_key(last))), self._columns.get(last, NONE)
        if start < end:
            base, series = found, self.keys[start:end] & SERIES_MASK
            found = np.zeros(max(len(base), int(series.max()) + 1), dtype=self.sums.dtype)
            found[: len(base)] = base
            np.add.at(found, series, self.sums[start:end])
        insort(self._panes, pane)
        self._columns[pane] = found
        return found

    def forget(self) -> None:
        """Hold nothing that is only there to read faster."""
        self._panes.clear()
        self._columns.clear()
        self._by_series = None

    def between(self, series: int, start: int, end: int) -> list[tuple[int, int]]:
        """The (pane, sum) pairs of a series with start <= pane < end, in order."""
        found, places, sums = self._by_series or self._sorted()
        low, high = np.searchsorted(found, (series << 32 | max(start + BIAS, 0), series << 32 | max(end + BIAS, 0)))
        panes = map(pane_of, places[low:high].tolist())
        return list(zip(panes, sums[low:high].tolist(), strict=True))

    def _sorted(self) -> tuple[Ints, Ints, Sums]:
        """The table in the order of series: keys ``series | pane``, panes, sums."""
        places = self.keys >> SERIES_BITS
        keys = (self.keys & SERIES_MASK) << 32 | places
        order = np.argsort(keys)
        self._by_series = keys[order], places[order], self.sums[order]
        return self._by_series

    def panes(self) -> Ints:
        """Every pane with content but the carry, in order."""
        found: Ints = np.unique(self.keys >> SERIES_BITS) - BIAS
        return found[1:] if len(found) and found[0] == -BIAS else found

    def series_in(self, pane: int) -> list[int]:
        """The series with a sum in a pane."""
        first = cell_key(pane)
        low, high = np.searchsorted(self.keys, (first, first + SERIES_MASK + 1))
        found: list[int] = (self.keys[low:high] & SERIES_MASK).tolist()
        return found

    def items(self) -> Iterator[tuple[int, int, int]]:
        """Series, pane and sum of every cell."""
        series, panes = (self.keys & SERIES_MASK).tolist(), map(pane_of, (self.keys >> SERIES_BITS).tolist())
        return zip(series, panes, self.sums.tolist(), strict=True)


def spread(starts: Ints, counts: Ints) -> Ints:
    """All numbers of many ranges: from each start on as many as its count says."""
    ends = np.cumsum(counts)
    return np.repeat(starts - ends + counts, counts) + np.arange(int(ends[-1]) if len(ends) else 0)


def _weight(sums: Sums) -> float:
    return float(np.abs(sums.astype(np.float64)).sum()) * 1.000001
