"""The cells of one tenant: every measure of every segment, in panes.

Changes arrive as *wide rows*, keyed by (segments of the subject, measure, minute), and are spread over segments and
levels once a batch. A pane older than its level keeps is folded into the level's carry, so sums from the beginning stay
exact.

    rows ─> minutes ─────> table of minutes        what is read: the sum of a series before an instant,
         └> quarter hours > table of quarter hours  from the finest table that reaches so far back
             └> days ─────> table of days
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import numpy as np

from kpis.calendar.windows import DAY
from kpis.calendar.zone import Zone
from kpis.cells.measures import KEPT, MEASURE_BITS, NAMES, Names, OwnNames, levels
from kpis.cells.packs import PackKey, Packs, Row
from kpis.cells.segments import Segments
from kpis.cells.series import LEVELS, SeriesBook
from kpis.cells.spreading import Plans
from kpis.cells.table import (
    BIAS,
    CARRY,
    NONE,
    SERIES_BITS,
    SERIES_MASK,
    Ints,
    Mask,
    Sums,
    Table,
    cell_key,
    exact,
    ints,
    keys_of,
    summed,
)

KEEP_MINUTES: Final = 26 * 60
AS_OF_QUARTERS: Final = 26 * 60  # how far before the newest event an as-of on a quarter hour may be
KEEP_QUARTERS: Final = AS_OF_QUARTERS + DAY  # `24h` of the oldest of these
KEEP_DAYS: Final = 3 * 366
KEEP_COUNTERS: Final = (KEEP_DAYS + 2) * DAY  # by quarter hours: days of any time zone can be built from them
WEEK: Final = 7 * DAY
FOLDED_AT_ONCE: Final = 40_000  # cells
WIDTHS: Final = {"m": 1, "q": 15}  # minutes of a pane
MINUTE_BITS: Final = 29
MINUTE_MASK: Final = (1 << MINUTE_BITS) - 1
MEASURE_MASK: Final = (1 << MEASURE_BITS) - 1
MINUTE_BIAS: Final = 1 << 28  # so that minutes before 1970 pack too
EVER: Final = -MINUTE_BIAS  # before every other minute
EVER_AFTER: Final = MINUTE_BIAS  # after every other minute

Rows = dict[int, int]  # key -> change; a key packs (code of segments, code of measure, minute): see Ledger.add
CellKey = tuple[str, str, str, int]  # measure, segment, level, pane
Levels = Callable[[str, bool], str]  # measure, whether by segment -> levels it is kept at


class Cells:
    """All series of one tenant.

    ``generation``: which recount of the tenant's facts they come from; see kpis.state.redefined. ``levels``: those at
    which a measure is kept, as in `kpis.cells.measures.levels`; must be picklable.
    """

    def __init__(self, zone: Zone, generation: int = 0, levels: Levels = levels) -> None:
        self.zone = zone
        self.generation = generation
        self.series = SeriesBook()
        self.touched: dict[str, int] = {}  # measure -> first minute that changed since the last publication
        self.floors = dict.fromkeys(LEVELS, CARRY)
        self._levels = levels
        self._counted_since = CARRY  # the oldest quarter hour kept of counters
        self._hold({level: Table() for level in LEVELS})
        self._loaded: dict[str, list[tuple[int, int]]] = {level: [] for level in LEVELS}  # stored cells, not merged yet
        self._columns: dict[tuple[str, int], Sums] = {}  # (levels, minute) -> what is read there
        self.totals: object = None  # cache of `kpis.cells.totals`
        self._plans = Plans()
        self._planned: tuple[Names, int] = (NAMES, 0)  # the names that heads are coded with, and their turn
        self._unfolded: set[str] = set()  # levels that may have panes below the floors

    def __getstate__(self) -> tuple[Any, ...]:
        """For pickle, between batches."""
        assert self.drained, "cells that are to be stored"
        assert not self.folding, "panes that are to be folded"
        tables = {level: self.table(level) for level in LEVELS}
        floors = self.floors, self._counted_since
        return self.zone, self.generation, self._levels, self.touched, floors, self.series, tables

    def __setstate__(self, pickled: tuple[Any, ...]) -> None:
        zone, generation, kept, touched, floors, series, tables = pickled
        self.__init__(zone, generation, kept)  # type: ignore[misc]
        self.touched, self.series = touched, series
        self.floors, self._counted_since = floors
        self._hold(tables)

    def _hold(self, tables: dict[str, Table]) -> None:
        self._tables = tables
        self._packs = {level: Packs(level, table, self.series) for level, table in tables.items()}

    # --- a batch

    def apply(self, rows: Rows, segments: Segments, names: Names = NAMES) -> None:
        """Spread a batch's wide rows over their segments and levels: minutes, summed to quarter hours, to days.

        ``names``: of their measures. A tenant's own are dropped once there are too many; by then no row uses them.
        """
        if self._planned != (names, names.turn):
            self._planned, self._plans = (names, names.turn), Plans()
        keys = [key for key, delta in rows.items() if delta]
        if keys:
            self._columns.clear()
            known, plan = self._plans.numbers, self._plan
            numbers = ints(
                [known[head] if (head := key >> MINUTE_BITS) in known else plan(head, segments, names) for key in keys]
            )
            minutes = ints([key & MINUTE_MASK for key in keys]) - MINUTE_BIAS
            self._touch_all(numbers, minutes)
            self._spread(numbers, minutes, exact([rows[key] for key in keys]))
        if isinstance(names, OwnNames) and len(names.codes) > KEPT:
            names.forget()

    def _plan(self, head: int, segments: Segments, names: Names) -> int:
        """The number of a measure in a set of segments."""
        name = names.name(head & MEASURE_MASK)
        found: list[list[int]] = [[] for _ in LEVELS]
        for segment in segments.sets[head >> MEASURE_BITS]:
            if kept := self._levels(name, bool(segment)):
                number = self.series.number(name, segment, kept)
                for level in kept:
                    found[LEVELS.index(level)].append(number)
        return self._plans.add(head, name, found)

    def _touch_all(self, numbers: Ints, minutes: Ints) -> None:
        order = np.lexsort((minutes, numbers))
        used, first = np.unique(numbers[order], return_index=True)
        for number, minute in zip(used.tolist(), minutes[order][first].tolist(), strict=True):
            if self._plans.keeps(number):
                self.touch(self._plans.names[number], minute)

    def _spread(self, numbers: Ints, minutes: Ints, deltas: Sums) -> None:
        self._add("m", numbers, minutes, deltas)
        heads, deltas = summed(numbers << MINUTE_BITS | minutes // 15 + MINUTE_BIAS, deltas)
        quarters = (heads & MINUTE_MASK) - MINUTE_BIAS
        self._add("q", heads >> MINUTE_BITS, quarters, deltas)
        self._add("d", heads >> MINUTE_BITS, self.zone.days(quarters * 15), deltas)

    def _add(self, level: str, numbers: Ints, panes: Ints, deltas: Sums) -> None:
        at, series = self._plans.spread(LEVELS.index(level), numbers)
        if len(at):
            panes = panes[at]
            panes[self._is_old(level, series, panes)] = CARRY
            self.table(level).add(keys_of(panes, series), deltas[at])

    def _is_old(self, level: str, series: Ints, panes: Ints) -> Mask:
        """Which panes are older than the level keeps."""
        old = panes < self.floors[level]
        if old.any():
            kinds = self.series.kinds()
            if level == "q":
                old &= ~kinds.counter[series] | (panes < self._counted_since)
            elif level == "d":
                old &= ~kinds.lasting[series]
        return old

    def touch(self, measure: str, minute: int = EVER) -> None:
        """Note that a measure, or a table read like one, has changed from a minute on."""
        self.touched[measure] = min(minute, self.touched.get(measure, minute))

    # --- what is stored

    def drain(self) -> Iterator[Row]:
        """The packs' panes that changed since the last drain: the sums by measure, empty when all are zero.

        What is not consumed stays for the next call; nothing may be added in between.
        """
        for level in LEVELS:
            yield from self._packs[level].drain()

    @property
    def drained(self) -> bool:
        """Whether nothing has changed since `drain` was exhausted."""
        return all(packs.drained for packs in self._packs.values())

    def packs(self) -> Iterator[Row]:
        """All packs, as they are stored."""
        for level in LEVELS:
            self.table(level)
            yield from self._packs[level].held()

    def stored(self) -> Iterator[PackKey]:
        """Keys of everything that may be in the store."""
        for level in LEVELS:
            self.table(level)
            yield from self._packs[level].keys()

    def load(self, key: PackKey, sums: dict[str, int]) -> None:
        """On restore, load the stored sums of a pane; each pane once."""
        _, segment, level, pane = key
        place = cell_key(pane)
        number, loaded = self.series.number, self._loaded[level]
        self._columns.clear()
        loaded += [(place | number(name, segment, level), total) for name, total in sums.items()]

    def table(self, level: str) -> Table:
        """The table of a level, including what was loaded."""
        table = self._tables[level]
        if loaded := self._loaded[level]:
            self._loaded[level] = []
            table.fill(ints([key for key, _ in loaded]), exact([total for _, total in loaded]))
        return table

    # --- old panes

    def set_floors(self, watermark: int) -> None:
        """Set the oldest panes kept, from the newest event's minute."""
        self._columns.clear()
        # Floors of days move by weeks: scanning all days every day would dominate the load of a long history.
        weeks = watermark // WEEK * WEEK
        self.floors = {
            "m": watermark - KEEP_MINUTES,
            "q": (watermark - KEEP_QUARTERS) // 15,
            "d": self.zone.day(weeks) - KEEP_DAYS,
        }
        self._counted_since = (weeks - KEEP_COUNTERS) // 15

    def expire(self, watermark: int) -> None:
        """Raise the floors: `fold` then moves panes that are too old for their level into the carry."""
        before = self.floors
        self.set_floors(watermark)
        self._unfolded |= {level for level, floor in self.floors.items() if floor != before[level]}

    def refold(self) -> None:
        """Make `fold` scan all panes, after a restore: a crash may have interrupted it."""
        self._unfolded = set(LEVELS)

    @property
    def folding(self) -> bool:
        """Whether panes may be left that are too old for their level. Reads are right meanwhile."""
        return bool(self._unfolded)

    def fold(self, most: int = FOLDED_AT_ONCE) -> None:
        """Fold old panes of a level, at most this many cells."""
        self._columns.clear()
        for level in sorted(self._unfolded):
            table = self.table(level)
            keys = table.below(self.floors[level])
            panes = (keys >> SERIES_BITS) - BIAS
            old = keys[(panes > -BIAS) & self._is_old(level, keys & SERIES_MASK, panes)]
            table.fold(old[:most])
            if len(old) > most:
                return
            self._unfolded.discard(level)

    # --- single cells

    def put(self, key: CellKey, total: int) -> None:
        """Set one cell."""
        name, segment, level, pane = key
        self.set_panes(name, segment, level, {pane: total})

    def set_panes(self, name: str, segment: str, level: str, panes: dict[int, int]) -> None:
        """Set the sums in panes of a series."""
        series, table = self.series.number(name, segment, level), self.table(level)
        held = dict(table.between(series, CARRY, EVER_AFTER))
        changed = {pane: total - held.get(pane, 0) for pane, total in panes.items() if total != held.get(pane, 0)}
        if changed:
            self._columns.clear()
            table.add(ints([cell_key(pane, series) for pane in changed]), exact(list(changed.values())))
            self.touch(name)

    def panes_of(self, name: str, segment: str) -> dict[str, dict[int, int]]:
        """Sums by pane, by level of a series."""
        number = self.series.numbers.get((name, segment))
        if number is None:
            return {}
        return {
            level: dict(self.table(level).between(number, CARRY, EVER_AFTER)) for level in self.series.levels[number]
        }

    def items(self) -> Iterator[tuple[CellKey, int]]:
        """Every cell that is not zero."""
        names, segments = self.series.names, self.series.segments
        for level in LEVELS:
            for series, pane, total in self.table(level).items():
                yield (names[series], segments[series], level, pane), total

    # --- what is read

    def rest(self) -> None:
        """Drop caches that only make reads faster: the tenant is idle."""
        self._columns.clear()
        for table in self._tables.values():
            table.forget()
        self._plans, self.totals = Plans(), None

    @property
    def held(self) -> int:
        """How many sums are cached to read the same instants again."""
        return sum(map(len, self._columns.values()))

    def suffixes(self, base: str, segments: Iterable[str]) -> list[str]:
        """What follows ``base`` (with its sign, as in ``net#:``) in the measures of some segments."""
        return self.series.suffixes(base, segments)

    def panes(self, level: str) -> Ints:
        """Every pane of a level with content, in order, without the carry."""
        return self.table(level).panes()

    def measures_in(self, level: str, pane: int) -> set[str]:
        """The measures with a sum in a pane."""
        return set(map(self.series.names.__getitem__, self.table(level).series_in(pane)))

    def reaches(self, minute: int) -> bool:
        """Whether ``before`` is exact at a minute: fine levels go back a limited time, days begin at midnight."""
        if minute >= self.floors["m"] or (minute % 15 == 0 and minute // 15 >= self.floors["q"]):
            return True
        return minute == self.zone.midnight(self.zone.day(minute))

    def before(self, name: str, segment: str, minute: int) -> int:
        """Sum of a measure's changes before a minute, from the finest level that reaches back that far."""
        number = self.series.numbers.get((name, segment))
        if number is None:
            return 0
        key = self.series.levels[number], minute
        found = self._columns.get(key)
        if found is None:
            found = self._columns[key] = self._column(*key)
        return found.item(number) if number < len(found) else 0

    def until(self, name: str, segment: str, minute: int) -> int | None:
        """The minute up to which (exclusive) `before` counts changes at a minute; None: there is no such series."""
        number = self.series.numbers.get((name, segment))
        place = None if number is None else self._place(self.series.levels[number], minute)
        if place is None:
            return None
        level, pane = place
        return pane if level == "m" else pane * 15 if level == "q" else self.zone.midnight(pane)

    def _place(self, kept: str, minute: int) -> tuple[str, int] | None:
        """The finest of these levels that reaches back to a minute, and its first pane at or after it."""
        quarter = -(-minute // 15)
        # A minute inside a quarter hour is either now (nothing is later) or read from the minutes' level.
        if "q" in kept and (minute % 15 == 0 or "m" not in kept) and quarter > self.floors["q"]:
            return "q", quarter
        if "m" in kept and minute > self.floors["m"]:
            return "m", minute
        return ("d", self.zone.day(minute - 1) + 1) if "d" in kept else None

    def _column(self, kept: str, minute: int) -> Sums:
        """For every series kept at these levels, the sum of its changes before a minute."""
        place = self._place(kept, minute)
        return NONE if place is None else self.table(place[0]).column(place[1])

    def by_day(self, name: str, segment: str, start: int | None, end: int, fine: bool) -> Iterator[tuple[int, int]]:
        """(local day, sum) of a measure's panes in [start, end); ``fine``: from the minutes' level, if it reaches."""
        number = self.series.numbers.get((name, segment))
        level = None if number is None else self._level_of_days(number, start, fine)
        if number is None or level is None:
            return
        if level == "d":
            yield from self._days(number, CARRY if start is None else self.zone.day(start), end)
        else:
            width = WIDTHS[level]
            for pane, total in self.table(level).between(number, (start or 0) // width, -(-end // width)):
                yield self.zone.day(pane * width), total

    def days_reach(
        self, name: str, segment: str, start: int | None, end: int, fine: bool
    ) -> tuple[int | None, int] | None:
        """The range of minutes (end exclusive) that `by_day` covers; None: there is none."""
        number = self.series.numbers.get((name, segment))
        level = None if number is None else self._level_of_days(number, start, fine)
        if number is None or level is None:
            return None
        if level != "d":
            width = WIDTHS[level]
            return (start or 0) // width * width, -(-end // width) * width
        today = self.zone.day(end - 1)
        exact = self._morning_is_exact(number, today)
        return start, -(-end // 15) * 15 if exact else self.zone.midnight(today + 1)

    def _level_of_days(self, number: int, start: int | None, fine: bool) -> str | None:
        fine = fine and start is not None and start >= self.floors["m"]
        midnight = start is None or start == self.zone.midnight(self.zone.day(start))
        level = "m" if fine else "d" if midnight else "q"
        return level if level in self.series.levels[number] else None

    def _morning_is_exact(self, number: int, day: int) -> bool:
        return "q" in self.series.levels[number] and self.zone.midnight(day) // 15 >= self.floors["q"]

    def _days(self, number: int, first: int, end: int) -> Iterator[tuple[int, int]]:
        """Whole days from the first on, and the last day up to its end."""
        # Today's pane may hold instants in the future; the quarter hours are exact.
        today = self.zone.day(end - 1)
        yield from self.table("d").between(number, first, today)
        morning = self.zone.midnight(today) // 15
        if self._morning_is_exact(number, today):
            yield today, sum(total for _, total in self.table("q").between(number, morning, -(-end // 15)))
        else:
            yield from self.table("d").between(number, today, today + 1)
