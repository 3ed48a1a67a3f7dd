"""One level of panes as a sorted table: which series changed in which pane, and by how much.

A cell is a key, ``pane | series``, and a sum; both are arrays in the order of the keys, so a pane is a run of the
table. A batch is merged by array operations. Reads use the *column* of a pane: for every series the sum of all its
panes below. Columns are built in one pass over the table, each from the one before it.

Sums are 64-bit integers for as long as no sum of any of them can overflow, and Python's integers from then on: slower,
and exact.
"""

from bisect import bisect_right, insort
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Sums = NDArray[Any]  # int64, or objects: Python's integers
Mask = NDArray[np.bool_]

CARRY: Final = -(1 << 40)  # the pane that holds everything older than a level keeps; below all others
SERIES_BITS: Final = 28
SERIES_MASK: Final = (1 << SERIES_BITS) - 1
BIAS: Final = (1 << 28) + 1  # so that panes before 1970 sort first, and only the carry is 0
SAFE: Final = float(1 << 62)  # sums of absolute values below it cannot overflow
NONE: Final = np.empty(0, dtype=np.int64)
LEAST_YOUNG: Final = 4_096  # cells of a young run below which it is not merged, however small the table
OLD_TO_YOUNG: Final = 8  # else it is merged at 1/OLD_TO_YOUNG of the old run's size
MOST: Final = 2_000_000  # sums that the columns of a run hold, roughly


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
    """Sorted by key, with the sums of equal keys added."""
    if len(keys) < 2:
        return keys, sums
    order = np.argsort(keys, kind="stable")
    keys, sums = keys[order], sums[order]
    first = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    return keys[first], np.add.reduceat(sums, first)


def found_in(keys: Ints, wanted: Ints) -> tuple[Ints, Mask]:
    """The place of each wanted key among sorted keys, or its insertion point; and whether it is there."""
    at = np.searchsorted(keys, wanted)
    held = at < len(keys)
    held[held] = keys[at[held]] == wanted[held]
    return at, held


class Run:
    """Cells in the order of their keys, each once, with caches for reading."""

    __slots__ = ("_by_series", "_columns", "_panes", "keys", "sums")

    def __init__(self, keys: Ints = NONE, sums: Sums = NONE) -> None:
        self.keys, self.sums = keys, sums
        self._panes: list[int] = []  # with a column, in order
        self._columns: dict[int, Sums] = {}
        self._by_series: tuple[Ints, Ints, Sums] | None = None

    def __len__(self) -> int:
        return len(self.keys)

    def plus(self, keys: Ints, deltas: Sums) -> "Run":
        """A run with changes added (each cell once, in order); cells that become zero are left out."""
        sums = self.sums.copy()
        at, known = found_in(self.keys, keys)
        sums[at[known]] += deltas[known]
        new = ~known
        found, sums = np.insert(self.keys, at[new], keys[new]), np.insert(sums, at[new], deltas[new])
        if known.any() and not (kept := sums != 0).all():
            found, sums = found[kept], sums[kept]
        return Run(found, sums)

    def of_panes(self, places: Ints) -> tuple[Ints, Sums]:
        """Cells of some panes (places: keys without series, sorted)."""
        starts = np.searchsorted(self.keys, places << SERIES_BITS)
        ends = np.searchsorted(self.keys, (places + 1) << SERIES_BITS)
        at = spread(starts, ends - starts)
        return self.keys[at], self.sums[at]

    def column(self, pane: int) -> Sums:
        """For every series the sum of its panes below this one; series beyond the array's end have 0."""
        found = self._columns.get(pane)
        return self._make(pane) if found is None else found

    def _make(self, pane: int) -> Sums:
        if len(self._panes) * len(self._columns[self._panes[-1]] if self._panes else ()) > MOST:
            self.forget()
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
        """Drop caches that only make reads faster."""
        self._panes.clear()
        self._columns.clear()
        self._by_series = None

    def between(self, series: int, start: int, end: int) -> tuple[Ints, Sums]:
        """(places, sums) of a series' cells with start <= pane < end, in order."""
        found, places, sums = self._by_series or self._sorted()
        low, high = np.searchsorted(found, (series << 32 | max(start + BIAS, 0), series << 32 | max(end + BIAS, 0)))
        return places[low:high], sums[low:high]

    def _sorted(self) -> tuple[Ints, Ints, Sums]:
        """The cells in the order of series: keys ``series | pane``, panes, sums."""
        places = self.keys >> SERIES_BITS
        keys = (self.keys & SERIES_MASK) << 32 | places
        order = np.argsort(keys)
        self._by_series = keys[order], places[order], self.sums[order]
        return self._by_series


class Table:
    """The cells of one level: a large run, and a young one that is merged into it when it has grown.

    So a batch costs what it changes, not what is there, and the caches of the large run outlive batches.
    """

    __slots__ = ("_changed", "_columns", "_mass", "_old", "_young")

    def __init__(self) -> None:
        self._old, self._young = Run(), Run()
        self._mass = 0.0  # no sum of any cells is greater
        self._changed: list[Ints] = []  # keys that changed since the last call of `changes`
        self._columns: dict[int, Sums] = {}

    def __getstate__(self) -> tuple[Ints, Sums]:
        return self.keys, self.sums

    def __setstate__(self, state: tuple[Ints, Sums]) -> None:
        self.__init__()  # type: ignore[misc]
        self._old = Run(*state)
        self._weigh()

    @property
    def keys(self) -> Ints:
        """Keys of all cells, in order."""
        return self._settled().keys

    @property
    def sums(self) -> Sums:
        """Their sums."""
        return self._settled().sums

    def _settled(self) -> Run:
        """All cells as one run."""
        if len(self._young):
            self._old, self._young = self._old.plus(self._young.keys, self._young.sums), Run(NONE, self._none)
        return self._old

    @property
    def _none(self) -> Sums:
        return NONE.astype(self._old.sums.dtype)

    # --- changing it

    def add(self, keys: Ints, deltas: Sums) -> None:
        """Add changes of cells, in any order; cells that become zero are removed."""
        if not len(keys):
            return
        self._make_room_for(deltas)
        keys, deltas = summed(keys, deltas.astype(self._old.sums.dtype, copy=False))
        keys, deltas = keys[changed := deltas != 0], deltas[changed]
        self._changed.append(keys)
        self._columns.clear()
        self._young = self._young.plus(keys, deltas)
        if len(self._young) > max(LEAST_YOUNG, len(self._old) // OLD_TO_YOUNG):
            self._settled()

    def fill(self, keys: Ints, sums: Sums) -> None:
        """Fill an empty table with stored cells; each once."""
        order = np.argsort(keys)
        self._old, self._young = Run(keys[order], sums[order]), Run()
        self._weigh()

    def fold(self, keys: Ints) -> None:
        """Move cells into the carry."""
        at, held = found_in(self.keys, keys)
        keys, sums = keys[held], self.sums[at[held]]
        self.add(np.concatenate((keys, keys & SERIES_MASK)), np.concatenate((-sums, sums)))

    def below(self, floor: int) -> Ints:
        """Keys of all cells in panes below a floor: the carry's first."""
        first = cell_key(floor)
        runs = [run.keys[: np.searchsorted(run.keys, first)] for run in (self._old, self._young)]
        return np.union1d(*runs) if len(runs[1]) else runs[0]

    def _make_room_for(self, deltas: Sums) -> None:
        more = _weight(deltas)
        self._mass += more
        if self._mass >= SAFE and self._old.sums.dtype != object:
            self._weigh(more)

    def _weigh(self, more: float = 0.0) -> None:
        self._mass = _weight(self.sums) + more
        if self._mass >= SAFE:
            self._old = Run(self._old.keys, self._old.sums.astype(object))
            self._young = Run(NONE, self._none)

    # --- what changed

    @property
    def changed(self) -> bool:
        """Whether anything has changed since the last call of `changes`."""
        return bool(self._changed)

    def changes(self) -> Ints:
        """Keys of the cells that changed since the last call; may hold duplicates."""
        found, self._changed = self._changed, []
        return np.concatenate(found) if found else NONE

    def of_panes(self, places: Ints) -> tuple[Ints, Sums]:
        """Keys and sums of all cells of some panes (places: keys without series, sorted)."""
        return _together(self._old.of_panes(places), self._young.of_panes(places))

    # --- reading it

    def column(self, pane: int) -> Sums:
        """For every series the sum of its panes below this one; series beyond the array's end have 0."""
        found = self._columns.get(pane)
        if found is None:
            one, other = self._old.column(pane), self._young.column(pane)
            if len(one) < len(other):
                one, other = other, one
            found = one
            if len(other):
                found = one.copy()
                found[: len(other)] += other
            self._columns[pane] = found
        return found

    def forget(self) -> None:
        """Drop caches that only make reads faster."""
        self._columns.clear()
        self._old.forget()
        self._young.forget()

    def between(self, series: int, start: int, end: int) -> list[tuple[int, int]]:
        """The (pane, sum) pairs of a series with start <= pane < end, in order."""
        places, sums = _together(self._old.between(series, start, end), self._young.between(series, start, end))
        return list(zip(map(pane_of, places.tolist()), sums.tolist(), strict=True))

    def panes(self) -> Ints:
        """Every pane with content, in order, without the carry."""
        found: Ints = np.unique(self.keys >> SERIES_BITS) - BIAS
        return found[1:] if len(found) and found[0] == -BIAS else found

    def series_in(self, pane: int) -> list[int]:
        """The series with a sum in a pane."""
        keys, _ = self.of_panes(ints([cell_key(pane) >> SERIES_BITS]))
        found: list[int] = (keys & SERIES_MASK).tolist()
        return found

    def items(self) -> Iterator[tuple[int, int, int]]:
        """Series, pane and sum of every cell."""
        series, panes = (self.keys & SERIES_MASK).tolist(), map(pane_of, (self.keys >> SERIES_BITS).tolist())
        return zip(series, panes, self.sums.tolist(), strict=True)


def _together(one: tuple[Ints, Sums], other: tuple[Ints, Sums]) -> tuple[Ints, Sums]:
    """Cells of two runs merged: equal keys added, without zeros."""
    if not len(other[0]):
        return one
    keys, sums = summed(np.concatenate((one[0], other[0])), np.concatenate((one[1], other[1])))
    return keys[kept := sums != 0], sums[kept]


def spread(starts: Ints, counts: Ints) -> Ints:
    """The numbers of many ranges, concatenated; each has a start and a count."""
    ends = np.cumsum(counts)
    return np.repeat(starts - ends + counts, counts) + np.arange(int(ends[-1]) if len(ends) else 0)


def _weight(sums: Sums) -> float:
    return float(np.abs(sums.astype(np.float64)).sum()) * 1.000001
