"""One measure of one segment over time: signed sums in panes, read as prefix sums.

A series keeps up to three levels of panes: ``m`` minutes, ``q`` quarter hours, ``d`` local days. Every change is added to
each level it has. What is read is always ``before(x)``: the sum of all changes at instants before x; a flow over a
window is ``before(end) − before(start)``, a level at an instant is ``before(instant)``.
"""

from bisect import bisect_left
from itertools import accumulate
from typing import Final

CARRY: Final = -(1 << 40)  # the pane that holds everything older than a level keeps


class Level:
    """The panes of one level: pane number -> sum, with prefix sums built when they are read."""

    __slots__ = ("_keys", "_sums", "panes")

    def __init__(self) -> None:
        self.panes: dict[int, int] = {}
        self._keys: list[int] | None = None
        self._sums: list[int] = []

    def add(self, pane: int, delta: int) -> int:
        """Add to a pane; returns its new sum. A pane that comes to zero is forgotten."""
        total = self.panes.get(pane, 0) + delta
        if total:
            self.panes[pane] = total
        else:
            self.panes.pop(pane, None)
        self._keys = None
        return total

    def put(self, pane: int, total: int) -> None:
        """Set a pane, on restore; 0 takes it away."""
        if total:
            self.panes[pane] = total
        else:
            self.panes.pop(pane, None)
        self._keys = None

    def before(self, pane: int) -> int:
        """Sum of all panes below ``pane``."""
        if self._keys is None:
            self._keys = sorted(self.panes)
            self._sums = list(accumulate((self.panes[key] for key in self._keys), initial=0))
        return self._sums[bisect_left(self._keys, pane)]

    def between(self, start: int, end: int) -> list[tuple[int, int]]:
        """The (pane, sum) pairs in [start, end), in order."""
        self.before(start)
        keys = self._keys or []
        return [(key, self.panes[key]) for key in keys[bisect_left(keys, start) : bisect_left(keys, end)]]
