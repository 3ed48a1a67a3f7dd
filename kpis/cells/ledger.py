"""Changes are differences: contribution(after) − contribution(before), of the groups of facts that were touched.

Before a group of facts changes it is *retracted*: its contribution is subtracted from the numbers. When the batch ends,
every retracted group is *re-emitted*: its contribution is added as it is then. The contribution of a group is a pure
function of its facts, so the sum of all changes is always the contribution of the facts as they are.

A large group gives its contribution in *parts*, lists that mostly grow at the end: only the differing tail moves, when
the group is re-emitted.
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
MANY: Final = 64  # facts from which on a group is moved in parts, and kept as read


class Ledger:
    """The retracted groups and the wide rows of one tenant's batch."""

    def __init__(self) -> None:
        self.rows: Rows = {}
        self.names = OwnNames()  # of the measures in the rows
        self.kinds: dict[str, Callable[[str], Contribution]] = {}
        self.parts: dict[str, Callable[[str], Parts | None]] = {}  # None: a group of few facts
        self.unwanted: frozenset[str] = frozenset()  # kinds of groups that no KPI reads: they contribute nothing
        self.memo: dict[Any, Any] | None = None  # cache of shared reads, while no fact changes
        self._open: dict[Group, Parts | None] = {}  # with the parts that are still in the numbers

    def open(self, kind: str, key: str) -> None:
        """Retract a group before its facts change. Idempotent within a batch."""
        group = (kind, key)
        if group not in self._open and kind not in self.unwanted:
            parts = self._open[group] = self._parts_of(group)
            if parts is None:
                self.move(self.kinds[kind](key), -1)

    def open_all(self, groups: Iterable[Group]) -> None:
        """Retract many groups at once: shared reads happen once."""
        self.memo = {}
        for group in groups:
            self.open(*group)
        self.memo = None

    def once(self, name: object, read: Callable[[], Read]) -> Read:
        """A read that many groups share: cached for as long as no fact changes."""
        if self.memo is None:
            return read()
        if name not in self.memo:
            self.memo[name] = read()
        found: Read = self.memo[name]
        return found

    def open_empty(self, kind: str, key: str) -> None:
        """Register a group that is new in this batch: nothing of it is in the numbers yet."""
        if kind not in self.unwanted:
            self._open.setdefault((kind, key), None)

    def opened(self, kind: str) -> list[str]:
        """Keys of the retracted groups of one kind."""
        return [key for found, key in self._open if found == kind]

    def is_open(self, kind: str, key: str) -> bool:
        """Whether a group is retracted: new facts count when it is re-emitted, if at all."""
        return (kind, key) in self._open or kind in self.unwanted

    def rename(self, kind: str, key: str, new: str | None) -> None:
        """Re-emit a retracted group under another key (None: not at all): its facts have moved there."""
        if (kind, key) not in self._open:
            return
        parts = self._open.pop((kind, key))
        if new is not None and (kind, new) not in self._open:
            self._open[kind, new] = parts
        elif parts is not None:
            self._differ(parts, {})

    def without(self, adding: Callable[[], None]) -> None:
        """Subtract from the batch's rows what ``adding`` adds to them."""
        rows, self.rows = self.rows, {}
        adding()
        taken, self.rows = self.rows, rows
        for key, delta in taken.items():
            rows[key] = rows.get(key, 0) - delta

    @property
    def size(self) -> int:
        """How many groups are retracted."""
        return len(self._open)

    def close(self) -> None:
        """Re-emit every retracted group, from its facts as they are now."""
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
        """Emit a group that is not in the numbers yet, without retracting it."""
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
        """Move only what differs between two sets of parts, beyond each list's common prefix."""
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
    """Minute of an instant; instants beyond all calendars are clamped to what a row can hold."""
    minute = instant // MINUTE_MS
    return minute if -LAST_MINUTE <= minute <= LAST_MINUTE else LAST_MINUTE if minute > 0 else -LAST_MINUTE
