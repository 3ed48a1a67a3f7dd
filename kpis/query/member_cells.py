"""The cells of one member alone, as formulas read them: sums of its own rows, within reach of the tenant's cells."""

from collections.abc import Iterable, Iterator

from kpis.calendar.zone import Zone
from kpis.cells.cells import Cells
from kpis.cells.measures import LASTING
from kpis.cells.segments import Segments
from kpis.cells.table import CARRY
from kpis.query.rows import Held


class Reach:
    """Up to which minute the tenant's cells are read, cached for all members."""

    def __init__(self, cells: Cells, sets: Segments) -> None:
        self.cells = cells
        self.sets = sets.sets
        self._until: dict[tuple[str, str, int], int | None] = {}

    def until(self, name: str, segment: str, minute: int) -> int | None:
        """As `Cells.until`."""
        key = (name, segment, minute)
        if key not in self._until:
            self._until[key] = self.cells.until(name, segment, minute)
        return self._until[key]


class MemberCells:
    """The part of `Cells` that `View` uses, over the rows of one member."""

    def __init__(self, reach: Reach, held: Held) -> None:
        self._reach, self._held = reach, held

    @property
    def zone(self) -> Zone:
        """The tenant's zone."""
        return self._reach.cells.zone

    @property
    def floors(self) -> dict[str, int]:
        """The floors of the tenant's cells."""
        return self._reach.cells.floors

    def before(self, name: str, segment: str, minute: int) -> int:
        """Sum of a measure's changes that the tenant's cells would count before a minute."""
        rows = self._held.get(name)
        if rows is None:
            return 0
        until = self._reach.until(name, segment, minute)
        if until is None:
            return 0
        sets = self._reach.sets
        return sum(change for at, change, code in rows if at < until and (not segment or segment in sets[code]))

    def suffixes(self, base: str, segments: Iterable[str]) -> list[str]:
        """What follows ``base`` (with its sign) in the measures of this member."""
        return [name.removeprefix(base) for name in self._held if name.startswith(base)]

    def by_day(self, name: str, segment: str, start: int | None, end: int, fine: bool) -> Iterator[tuple[int, int]]:
        """(local day, change) of a measure in [start, end), as `Cells.by_day` reads them."""
        cells = self._reach.cells
        reach = cells.days_reach(name, segment, start, end, fine)
        if reach is None:
            return
        first, last = reach
        sets = self._reach.sets
        folded = cells.floors["d"] if first is None and name not in LASTING else CARRY  # earlier days are one
        for at, change, code in self._held.get(name, ()):
            if (first is None or first <= at) and at < last and (not segment or segment in sets[code]):
                day = cells.zone.day(at)
                yield (day if day >= folded else CARRY), change
