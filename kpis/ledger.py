"""Changes are differences: contribution(after) − contribution(before), of the groups of facts that were touched.

Before a group of facts changes it is *opened*: what it contributes is taken out of the numbers. When the batch ends
every open group is *closed*: what it contributes then is put in. What a group contributes is a pure function of its
facts, so the sum of all changes is always the contribution of the facts as they are.
"""

from collections.abc import Callable, Iterable
from typing import Final

from kpis.cells import MINUTE_BIAS, Rows, row_key
from kpis.marks import FOREVER, MINUTE_MS, Mark
from kpis.measures import code

Contribution = Iterable[tuple[int, Mark]]  # (code of the segments it falls in, change)
Group = tuple[str, str]  # kind, key
LAST_MINUTE: Final = MINUTE_BIAS - 1


class Ledger:
    """The open groups and the wide rows of one tenant's batch."""

    def __init__(self) -> None:
        self.rows: Rows = {}
        self.kinds: dict[str, Callable[[str], Contribution]] = {}
        self._open: set[Group] = set()

    def open(self, kind: str, key: str) -> None:
        """Take a group out of the numbers, before its facts change. Once a batch; again is harmless."""
        group = (kind, key)
        if group not in self._open:
            self._open.add(group)
            self._move(group, -1)

    def open_empty(self, kind: str, key: str) -> None:
        """Open a group that came to be in this batch, of which nothing is in the numbers yet."""
        self._open.add((kind, key))

    def is_open(self, kind: str, key: str) -> bool:
        """Whether a group is out of the numbers: what is added to its facts now goes in when it is closed."""
        return (kind, key) in self._open

    def close(self) -> None:
        """Put every open group back, as its facts are now."""
        for group in self._open:
            self._move(group, 1)
        self._open.clear()

    def add(self, segments: int, measure: int, minute: int, delta: int = 1) -> None:
        """Add a change to the batch's rows."""
        key = row_key(segments, measure, minute)
        self.rows[key] = self.rows.get(key, 0) + delta

    def marks(self, segments: int, marks: Iterable[Mark], sign: int = 1) -> None:
        """Add dated changes to the batch's rows."""
        for measure, instant, delta in marks:
            self.add(segments, code(measure), minute_of(instant), sign * delta)

    def _move(self, group: Group, sign: int) -> None:
        for segments, mark in self.kinds[group[0]](group[1]):
            self.marks(segments, (mark,), sign)

    def take(self) -> Rows:
        """The rows so far; a new batch begins."""
        rows, self.rows = self.rows, {}
        return rows


def minute_of(instant: int) -> int:
    """Minute of an instant; instants beyond all calendars are held inside what a row can say."""
    return min(max(min(instant, FOREVER) // MINUTE_MS, -LAST_MINUTE), LAST_MINUTE)
