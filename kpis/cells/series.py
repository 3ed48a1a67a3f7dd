"""One measure of one segment over time: signed sums in panes, read as prefix sums.

A series keeps up to three levels of panes: ``m`` minutes, ``q`` quarter hours, ``d`` local days. Every change is added
to each level it has. What is read is always ``before(x)``: the sum of all changes at instants before x; a flow over a
window is ``before(end) − before(start)``, a level at an instant is ``before(instant)``.
"""

from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate
from typing import Final

CARRY: Final = -(1 << 40)  # the pane that holds everything older than a level keeps


class Pack:
    """What is stored together: the panes of one level of one segment, each with the sums of all its measures.

    ``members`` are the series that may have a sum in a pane; ``dirty`` are the panes changed since they were stored.
    """

    __slots__ = ("dirty", "members", "place")

    def __init__(self, place: tuple[str, str, str]) -> None:
        self.place = place  # its name, the segment, the level
        self.members: dict[int, list[Level]] = {}
        self.dirty: dict[int, bool] = {}  # pane -> whether it was stored before

    def clear(self, pane: int) -> None:
        """Forget a pane of all measures."""
        for series in self.members.pop(pane, ()):
            series.put(pane, 0)

    def drain(self) -> Iterator[tuple[int, dict[str, int]]]:
        """The panes that changed since this was last asked, with the sums of all measures; not what came and went.

        Those that nobody takes stay for the next time.
        """
        while self.dirty:
            pane, stored = self.dirty.popitem()
            sums = self.sums(pane)
            if len(sums) != len(self.members.get(pane, ())):
                self._tidy(pane)
            if sums or stored:
                yield pane, sums

    def sums(self, pane: int) -> dict[str, int]:
        """The sums of all measures in a pane."""
        return {series.name: total for series in self.members.get(pane, ()) if (total := series.panes.get(pane))}

    def _tidy(self, pane: int) -> None:
        members = dict.fromkeys(series for series in self.members.pop(pane) if pane in series.panes)
        if members:
            self.members[pane] = list(members)


class Level:
    """The panes of one level: pane number -> sum, with prefix sums built when they are read.

    ``stale`` says that the prefix sums are to be built anew; ``lasting``, that no pane is ever folded into the carry.
    """

    __slots__ = ("_keys", "_sums", "lasting", "name", "pack", "panes", "stale")

    def __init__(self, name: str, pack: Pack, *, lasting: bool = False) -> None:
        self.name = name
        self.pack = pack
        self.lasting = lasting
        self.panes: dict[int, int] = {}
        self.stale = True
        self._keys: list[int] = []
        self._sums: list[int] = []

    def add(self, pane: int, delta: int) -> None:
        """Add to a pane; one that comes to zero is forgotten."""
        self.pack.dirty.setdefault(pane, pane in self.pack.members)
        self.put(pane, self.panes.get(pane, 0) + delta)

    def put(self, pane: int, total: int) -> None:
        """Set a pane; 0 takes it away."""
        if total:
            if pane not in self.panes:
                self.pack.members.setdefault(pane, []).append(self)
            self.panes[pane] = total
        else:
            self.panes.pop(pane, None)
        self.stale = True

    def fill(self, panes: dict[int, int]) -> None:
        """Have these panes, of an empty level."""
        members = self.pack.members
        self.panes = panes
        for pane in panes:
            members.setdefault(pane, []).append(self)

    def before(self, pane: int) -> int:
        """Sum of all panes below ``pane``."""
        if self.stale:
            self._keys = sorted(self.panes)
            self._sums = list(accumulate((self.panes[key] for key in self._keys), initial=0))
            self.stale = False
        return self._sums[bisect_left(self._keys, pane)]

    def rest(self) -> None:
        """Give the prefix sums up: they are built anew when they are read."""
        self._keys, self._sums, self.stale = [], [], True

    def between(self, start: int, end: int) -> list[tuple[int, int]]:
        """The (pane, sum) pairs in [start, end), in order."""
        self.before(start)
        keys = self._keys
        return [(key, self.panes[key]) for key in keys[bisect_left(keys, start) : bisect_left(keys, end)]]
