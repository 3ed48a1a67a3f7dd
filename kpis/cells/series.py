"""The series of a tenant's cells, numbered: a measure in a segment.

What is stored together is a *pack*: the panes of one segment, each with the sums of all its measures. A measure whose
name holds a value or a day is a pack of its own, as their number is unlimited.
"""

from array import array
from collections.abc import Iterable
from sys import intern
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kpis.cells.measures import LASTING, is_counter, rows_of
from kpis.cells.segments import EVERYTHING

LEVELS: Final = "mqd"  # minutes, quarter hours, local days


class Pack(NamedTuple):
    """Series that are stored together."""

    name: str  # the measure, if it is the only one; else empty
    segment: str


class Kinds(NamedTuple):
    """Properties of the series, one entry each."""

    pack: NDArray[np.int64]
    counter: NDArray[np.bool_]
    lasting: NDArray[np.bool_]


class SeriesBook:
    """Measures in segments <-> numbers. Numbers are never reused."""

    def __init__(self) -> None:
        self.numbers: dict[tuple[str, str], int] = {}
        self.names: list[str] = []
        self.segments: list[str] = []
        self.levels: list[str] = []  # at which each was ever kept
        self.packs: list[Pack] = []
        self.segments_of: dict[str, set[str]] = {}  # measure -> segments it was ever seen in
        self.changes = 0  # how often the levels of an existing series changed
        self._pack_of = array("q")
        self._pack_numbers: dict[Pack, int] = {}
        self._families: dict[tuple[str, str], list[str]] = {}  # (base with its sign, segment) -> suffixes in use
        self._counter = array("b")
        self._lasting = array("b")

    def __getstate__(self) -> list[tuple[str, str, str]]:
        return list(zip(self.names, self.segments, self.levels, strict=True))

    def __setstate__(self, pickled: list[tuple[str, str, str]]) -> None:
        self.__init__()  # type: ignore[misc]
        for name, segment, levels in pickled:
            self.number(intern(name), intern(segment), levels)

    def __len__(self) -> int:
        return len(self.names)

    def number(self, name: str, segment: str, levels: str) -> int:
        """The number of a series; these levels are added to those it is kept at."""
        found = self.numbers.get((name, segment))
        if found is None:
            return self._new(name, segment, levels)
        if levels not in (known := self.levels[found]):
            self.levels[found] = "".join(level for level in LEVELS if level in known + levels)
            self.changes += 1
        return found

    def _new(self, name: str, segment: str, levels: str) -> int:
        found = self.numbers[name, segment] = len(self.names)
        self.names.append(name)
        self.segments.append(segment)
        self.levels.append(levels)
        # Values and days are unlimited, and all are in the carry: each is stored by itself.
        self._pack_of.append(self.pack(name if "=" in name or name.count(":") > 1 else "", segment))
        self._counter.append(is_counter(name))
        self._lasting.append(name in LASTING)
        self.segments_of.setdefault(name, set()).add(segment)
        for sign in ("=", ":"):
            base, used, suffix = name.partition(sign)
            if used:
                self._families.setdefault((base + sign, segment), []).append(suffix)
        return found

    def pack(self, name: str, segment: str) -> int:
        """The number of a pack."""
        place = Pack(name, segment)
        found = self._pack_numbers.get(place)
        if found is None:
            found = self._pack_numbers[place] = len(self.packs)
            self.packs.append(place)
        return found

    def kinds(self) -> Kinds:
        """Properties of each series, as views of growing arrays: release them before a series is added."""
        pack, counter, lasting = map(np.asarray, (self._pack_of, self._counter, self._lasting))
        return Kinds(pack, counter.view(np.bool_), lasting.view(np.bool_))

    def suffixes(self, base: str, segments: Iterable[str]) -> list[str]:
        """What follows ``base`` (with its sign, as in ``net#:``) in the measures of some segments."""
        found = [self._families.get((base, segment), []) for segment in segments]
        return found[0] if len(found) == 1 else sorted({suffix for some in found for suffix in some})

    def segments_by_rows(self) -> dict[str, set[str]]:
        """Which segments occur in the measures of each kind of rows."""
        found: dict[str, set[str]] = {}
        for name, segments in self.segments_of.items():
            found.setdefault(rows_of(name), set()).update(segments)
        for segments in found.values():
            segments.discard(EVERYTHING)
        return found
