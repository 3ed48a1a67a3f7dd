"""What was received, and what late, doubled, refused and robots' events there were."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from models.record import PLACEHOLDER, Row
from recount.facts import Accepted, Dims, Fact, Figure, Source, dated
from recount.windows import Window

Test = Callable[[Row], bool]


class Quality:
    """Rows of the data-quality block, dated at their receipt."""

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
    """One fact an instant."""
    return dated(Fact(instant, {}) for instant in instants)


def arrived(received: Sequence[Fact], placeholders: Sequence[Fact], identity_conflicts: Sequence[Fact]) -> Figure:
    """How many events came, in how many a placeholder stood for an id, and which links would have made two one."""
    told = {"placeholder_id": len(placeholders), "identity_conflict": len(identity_conflicts)}
    parts = {name: count for name, count in told.items() if count}
    return Figure(len(received), len(received), None, len(received), parts=parts)


@dataclass(frozen=True)
class Types:
    """Which events a KPI is made of: exact types and, ending in a dot, families of them."""

    names: tuple[str, ...]
    test: Test = lambda row: True

    def of(self, rows: Sequence[Row]) -> list[Row]:
        """The events that are of these types."""
        wanted = {kind for kind in {row.type for row in rows} if self.match(kind)}
        return [row for row in rows if row.type in wanted and self.test(row)]

    def match(self, kind: str) -> bool:
        """Whether a type is one of them."""
        return any(kind.startswith(name) if name.endswith(".") else kind == name for name in self.names)


class Attributes:
    """What a KPI's documents say about its events: late ones, robots', and whether there ever was one."""

    def __init__(
        self, rows: Sequence[Row], types: Types, late: Test, robot: Test, dims: Callable[[Row], Dims],
        heard: Sequence[Row], counts: Test,
    ) -> None:  # fmt: skip
        found = types.of(rows)
        self.sent = bool(types.of(heard))
        self.late = dated(Fact(row.time, dims(row), counts(row)) for row in found if late(row))
        self.robots = dated(Fact(row.time, {}) for row in types.of(heard) if robot(row))

    def late_in(self, window: Window) -> list[Fact]:
        """Late events with their time in a window, and whether each counts among all or in its segments only."""
        return self.late(window)

    def excluded(self, window: Window) -> int:
        """Robots' events with their time in a window."""
        return len(self.robots(window))
