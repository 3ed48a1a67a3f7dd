"""Data quality: events received, late, duplicate, refused, and from robots."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from models.record import PLACEHOLDER, Row
from recount.facts import Accepted, Dims, Fact, Figure, Source, dated
from recount.windows import Window

Test = Callable[[Row], bool]


class Quality:
    """The rows of the data-quality block, dated at receipt."""

    def __init__(self, accepted: Accepted, late: Test, identity_conflicts: Iterable[int]) -> None:
        late_at = [row.received for row in accepted.rows if late(row)]
        counted = [row.received for row in accepted.rows]
        lists = [counted, accepted.duplicates, accepted.conflicts, accepted.refused]
        self.received = at(instant for instants in lists for instant in instants)
        self.duplicates = at(accepted.duplicates)
        self.conflicts = at(accepted.conflicts)
        self.invalid = at(accepted.refused)
        self.rejected = at([*accepted.conflicts, *accepted.refused])
        self.late = at(late_at)
        self.placeholders = at(row.received for row in accepted.rows if row.flags & PLACEHOLDER)
        self.identity_conflicts = at(identity_conflicts)


def at(instants: Iterable[int]) -> Source:
    """One fact per instant."""
    return dated(Fact(instant, {}) for instant in instants)


def arrived(received: Sequence[Fact], placeholders: Sequence[Fact], identity_conflicts: Sequence[Fact]) -> Figure:
    """Events received, how many had a placeholder instead of an id, and how many links were set aside."""
    counts = {"placeholder_id": len(placeholders), "identity_conflict": len(identity_conflicts)}
    parts = {name: count for name, count in counts.items() if count}
    return Figure(len(received), len(received), None, len(received), parts=parts)


@dataclass(frozen=True)
class Types:
    """The events of a KPI: exact types and, ending in a dot, families."""

    names: tuple[str, ...]
    test: Test = lambda row: True

    def of(self, rows: Sequence[Row]) -> list[Row]:
        """The events of these types."""
        wanted = {kind for kind in {row.type for row in rows} if self.match(kind)}
        return [row for row in rows if row.type in wanted and self.test(row)]

    def match(self, kind: str) -> bool:
        """Whether a type is one of them."""
        return any(kind.startswith(name) if name.endswith(".") else kind == name for name in self.names)


class Attributes:
    """Facts on a KPI's events: late ones, robots', and whether there ever was one."""

    def __init__(
        self, rows: Sequence[Row], types: Types, late: Test, robot: Test, dims: Callable[[Row], Dims],
        received: Sequence[Row], counts: Test,
    ) -> None:  # fmt: skip
        found = types.of(rows)
        self.sent = bool(types.of(received))
        self.late = dated(Fact(row.time, dims(row), counts(row)) for row in found if late(row))
        self.robots = dated(Fact(row.time, {}) for row in types.of(received) if robot(row))

    def late_in(self, window: Window) -> list[Fact]:
        """Late events in a window by event time, and whether each counts in the total or only in its segments."""
        return self.late(window)

    def excluded(self, window: Window) -> int:
        """Robot events in a window by event time."""
        return len(self.robots(window))
