"""One measure of one segment over time: signed sums in panes, read as prefix sums.

A series keeps up to three levels of panes: ``m`` minutes, ``q`` quarter hours, ``d`` local days. Every change is added
to each level it has. What is read is always ``before(x)``: the sum of all changes at instants before x; a flow over a
window is ``before(end) − before(start)``, a level at an instant is ``before(instant)``.
"""

from bisect import bisect_left
from itertools import accumulate
from typing import Final

CARRY: Final = -(1 << 40)  # the pane that holds everything older than a level keeps


class Level:
    """The panes of one level: pane number -> sum, with prefix sums built when they are read.

    ``stale`` says that the prefix sums are to be built anew; ``dirty`` are the panes changed since they were stored.
    """

    __slots__ = ("_keys", "_sums", "dirty", "panes", "stale")

    def __init__(self) -> None:
        self.panes: dict[int, int] = {}
        self.dirty: dict[int, bool] = {}  # pane -> whether it was stored before
        self.stale = True
        self._keys: list[int] = []
        self._sums: list[int] = []

    def add(self, pane: int, delta: int) -> None:
        """Add to a pane; one that comes to zero is forgotten."""
        before = self.panes.get(pane, 0)
        self.dirty.setdefault(pane, before != 0)
        self.put(pane, before + delta)

    def put(self, pane: int, total: int) -> None:
        """Set a pane; 0 takes it away."""
        if total:
            self.panes[pane] = total
        else:
            self.panes.pop(pane, None)
        self.stale = True

    def before(self, pane: int) -> int:
        """Sum of all panes below ``pane``."""
        if self.stale:
            self._keys = sorted(self.panes)
            self._sums = list(accumulate((self.panes[key] for key in self._keys), initial=0))
            self.stale = False
        return self._sums[bisect_left(self._keys, pane)]

    def between(self, start: int, end: int) -> list[tuple[int, int]]:
        """The (pane, sum) pairs in [start, end), in order."""
        self.before(start)
        keys = self._keys
        return [(key, self.panes[key]) for key in keys[bisect_left(keys, start) : bisect_left(keys, end)]]
