"""Changes are differences: contribution(after) − contribution(before), of the groups of facts that were touched.

Before a group of facts changes it is *opened*: what it contributes is taken out of the numbers. When the batch ends
every open group is *closed*: what it contributes then is put in. What a group contributes is a pure function of its
facts, so the sum of all changes is always the contribution of the facts as they are.

A group of many facts says what it contributes in *parts*, lists that mostly become longer: of these only what differs
is moved, when it is closed.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

from kpis.calendar.windows import MINUTE_MS
from kpis.cells.cells import MINUTE_BIAS, MINUTE_BITS, Rows
from kpis.cells.deltas import Delta, in_common
from kpis.cells.measures import MEASURE_BITS, OwnNames

Read = TypeVar("Read")
Contribution = Iterable[tuple[int, Delta]]  # (code of the segments it falls in, change)
Group = tuple[str, str]  # kind, key
# Name of a part -> (code of the segments it falls in, changes); None: each change comes with its own code.
Parts = dict[str, tuple[int | None, list[Any]]]
NO_PART: Final[tuple[int | None, list[Any]]] = (0, [])
LAST_MINUTE: Final = MINUTE_BIAS - 1
MANY: Final = 64  # facts of a group from which on it is moved in parts, and kept as read


class Ledger:
    """The open groups and the wide rows of one tenant's batch."""

    def __init__(self) -> None:
        self.rows: Rows = {}
        self.names = OwnNames()  # of the measures in the rows
        self.kinds: dict[str, Callable[[str], Contribution]] = {}
        self.parts: dict[str, Callable[[str], Parts | None]] = {}  # None: a group of few facts
        self.unwanted: frozenset[str] = frozenset()  # kinds of groups that nobody asks for: they contribute nothing
        self.memo: dict[Any, Any] | None = None  # what many groups read, while no fact changes between them
        self._open: dict[Group, Parts | None] = {}  # with the parts that are still in the numbers

    def open(self, kind: str, key: str) -> None:
        """Take a group out of the numbers, before its facts change. Once a batch; again is harmless."""
        group = (kind, key)
        if group not in self._open and kind not in self.unwanted:
            parts = self._open[group] = self._parts_of(group)
            if parts is None:
                self.move(self.kinds[kind](key), -1)

    def open_all(self, groups: Iterable[Group]) -> None:
        """Take many groups out at once: what they read in common is read once."""
        self.memo = {}
        for group in groups:
            self.open(*group)
        self.memo = None

    def once(self, name: object, read: Callable[[], Read]) -> Read:
        """What many groups read: read once, as long as no fact changes between them."""
        if self.memo is None:
            return read()
        if name not in self.memo:
            self.memo[name] = read()
        found: Read = self.memo[name]
        return found

    def open_empty(self, kind: str, key: str) -> None:
        """Open a group that came to be in this batch, of which nothing is in the numbers yet."""
        if kind not in self.unwanted:
            self._open.setdefault((kind, key), None)

    def opened(self, kind: str) -> list[str]:
        """Keys of the groups of one kind that are out of the numbers."""
        return [key for found, key in self._open if found == kind]

    def is_open(self, kind: str, key: str) -> bool:
        """Whether a group is out of the numbers: what its facts gain goes in when it is closed, if at all."""
        return (kind, key) in self._open or kind in self.unwanted

    def rename(self, kind: str, key: str, new: str | None) -> None:
        """Put back what is open under one key under another (None: not at all): its facts are there now."""
        if (kind, key) not in self._open:
            return
        parts = self._open.pop((kind, key))
        if new is not None and (kind, new) not in self._open:
            self._open[kind, new] = parts
        elif parts is not None:
            self._differ(parts, {})

    def without(self, adding: Callable[[], None]) -> None:
        """Take back from the batch's rows what ``adding`` adds to them."""
        rows, self.rows = self.rows, {}
        adding()
        taken, self.rows = self.rows, rows
        for key, delta in taken.items():
            rows[key] = rows.get(key, 0) - delta

    @property
    def size(self) -> int:
        """How many groups are open."""
        return len(self._open)

    def close(self) -> None:
        """Put every open group back, as its facts are now."""
        self.memo = {}
        for group, before in self._open.items():
            after = None if before is None else self._parts_of(group)
            if before is not None:
                self._differ(before, after or {})
            if after is None:
                self.move(self.kinds[group[0]](group[1]), 1)
        self._open.clear()
        self.memo = None

    def put(self, group: Group) -> None:
        """Put a group into the numbers of which nothing is in them yet, without opening it."""
        if group[0] not in self.unwanted:
            self.move(self.kinds[group[0]](group[1]), 1)

    def add(self, segments: int, measure: int, minute: int, delta: int = 1) -> None:
        """Add a change to the batch's rows."""
        key = (segments << MEASURE_BITS | measure) << MINUTE_BITS | minute + MINUTE_BIAS
        rows = self.rows
        if key in rows:
            rows[key] += delta
        else:
            rows[key] = delta

    def add_deltas(self, segments: int, deltas: Iterable[Delta], sign: int = 1) -> None:
        """Add dated changes to the batch's rows."""
        for delta in deltas:
            self.add_delta(segments, delta, sign)

    def add_delta(self, segments: int, delta: Delta, sign: int) -> None:
        """Add a dated change to the batch's rows."""
        self.add(segments, self.names.code(delta[0]), minute_of(delta[1]), sign * delta[2])

    def _parts_of(self, group: Group) -> Parts | None:
        of = self.parts.get(group[0])
        return None if of is None else of(group[1])

    def _differ(self, before: Parts, after: Parts) -> None:
        """Put in what is in one of two only: lists are compared from their beginning."""
        for name in before.keys() | after.keys():
            (old, taken), (new, put) = before.get(name, NO_PART), after.get(name, NO_PART)
            same = in_common(taken, put) if old == new else 0
            self.move(coded(old, taken[same:]), -1)
            self.move(coded(new, put[same:]), 1)

    def move(self, contribution: Contribution, sign: int = 1) -> None:
        """Add dated changes, each with its segments, to the batch's rows."""
        # add_delta, written out: a batch moves many more changes than it has events.
        rows, names = self.rows, self.names
        codes = names.codes
        for segments, (measure, instant, delta) in contribution:
            number = codes.get(measure)
            if number is None:
                number = names.code(measure)
            minute = instant // MINUTE_MS
            if not -LAST_MINUTE <= minute <= LAST_MINUTE:
                minute = minute_of(instant)
            key = (segments << MEASURE_BITS | number) << MINUTE_BITS | minute + MINUTE_BIAS
            if key in rows:
                rows[key] += sign * delta
            else:
                rows[key] = sign * delta

    def take(self) -> Rows:
        """The rows so far; a new batch begins."""
        rows, self.rows = self.rows, {}
        return rows


def coded(code: int | None, changes: list[Any]) -> Contribution:
    """The changes of a part, each with its segments."""
    return changes if code is None else ((code, delta) for delta in changes)


def minute_of(instant: int) -> int:
    """Minute of an instant; instants beyond all calendars are held inside what a row can say."""
    minute = instant // MINUTE_MS
    return minute if -LAST_MINUTE <= minute <= LAST_MINUTE else LAST_MINUTE if minute > 0 else -LAST_MINUTE
