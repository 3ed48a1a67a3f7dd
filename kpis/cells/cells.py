"""The cells of one tenant: every measure of every segment, in panes.

Changes come as *wide rows* keyed by (segments of the subject, measure, minute) and are spread over segments and levels
once a batch. A pane that is older than its level keeps is folded into the level's carry, so that sums from the
beginning stay right for ever.
"""

from collections.abc import Callable, Iterable, Iterator
from sys import intern
from typing import Any, Final

from kpis.calendar.windows import DAY
from kpis.calendar.zone import Zone
from kpis.cells.measures import KEPT, LASTING, MEASURE_BITS, NAMES, Names, OwnNames, is_counter, levels, rows_of
from kpis.cells.series import CARRY, Level, Pack

EVERYTHING: Final = ""  # the segment `{}`
OTHER: Final = "__other__"
ALWAYS: Final = frozenset({OTHER, "unknown"})
VALUES_KEPT: Final = 5000  # of a dimension
VALUES_AN_ENTRY: Final = 200
KEEP_MINUTES: Final = 26 * 60
AS_OF_QUARTERS: Final = 26 * 60  # how far before the newest event an as-of at a quarter hour may lie
KEEP_QUARTERS: Final = AS_OF_QUARTERS + DAY  # `24h` of the oldest of these
KEEP_DAYS: Final = 3 * 366
KEEP_COUNTERS: Final = (KEEP_DAYS + 2) * DAY  # by quarter hours: of them days of any time zone can be made
WEEK: Final = 7 * DAY
FOLDED_AT_ONCE: Final = 40_000  # units of work
MINUTE_BITS: Final = 29
MINUTE_MASK: Final = (1 << MINUTE_BITS) - 1
MEASURE_MASK: Final = (1 << MEASURE_BITS) - 1
MINUTE_BIAS: Final = 1 << 28  # so that minutes before 1970 pack too
EVER: Final = -MINUTE_BIAS  # a minute before every other

Rows = dict[int, int]  # key -> change; a key packs (code of segments, code of measure, minute): see Ledger.add
CellKey = tuple[str, str, str, int]  # measure, segment, level, pane
PackKey = tuple[str, str, str, int]  # name of the pack, segment, level, pane
Plan = tuple[list[Level], list[Level], list[Level]]  # minutes, quarter hours, days


class Segments:
    """Sets of segments <-> codes. A segment is text, ``dimension=value``; every set begins with the empty one.

    A dimension has at most VALUES_KEPT values. When it is full its list is fixed for ever and stored, and any other
    value falls in `__other__`: as no value was turned away before, what a fact contributes never changes.
    """

    def __init__(self) -> None:
        self.sets: list[tuple[str, ...]] = []
        self.values: dict[str, set[str]] = {}  # dimension -> its segments
        self.full: set[str] = set()  # dimensions that take no more
        self.filled: set[str] = set()  # those whose lists are to be stored
        self.stored: dict[tuple[str, int], list[str]] = {}  # pieces of lists, while entries are put back
        self._codes: dict[tuple[str, ...], int] = {}
        self.everything = self.code(())

    def code(self, segments: tuple[str, ...]) -> int:
        """The code of a set of segments; the segment `{}` is always in it."""
        whole = (EVERYTHING, *segments)
        found = self._codes.get(whole)
        if found is None:
            fitted = tuple(map(self.fit, segments))
            if fitted != segments:
                return self.code(fitted)  # not remembered: those that do not fit are without number
            found = self._codes[whole] = len(self.sets)
            self.sets.append(whole)
        return found

    def fit(self, segment: str) -> str:
        """The segment itself, or `__other__` of its dimension when that is full without it."""
        dimension, _, value = segment.partition("=")
        if value in ALWAYS or segment in self.values.get(dimension, ()):
            return segment
        if dimension in self.full:
            return f"{dimension}={OTHER}"
        self.admit(segment)
        return segment

    def admit(self, segment: str) -> None:
        """A segment that is there, however many there are."""
        dimension, sign, value = segment.partition("=")
        if not sign or value in ALWAYS:
            return
        values = self.values.setdefault(dimension, set())
        values.add(segment)
        if len(values) >= VALUES_KEPT and dimension not in self.full:
            self.full.add(dimension)
            self.filled.add(dimension)

    def pieces(self, dimension: str) -> int:
        """In how many entries the list of a full dimension is stored."""
        return -(-len(self.values[dimension]) // VALUES_AN_ENTRY)

    def piece(self, dimension: str, number: int) -> list[str]:
        """What one of them holds."""
        return sorted(self.values[dimension])[number * VALUES_AN_ENTRY : (number + 1) * VALUES_AN_ENTRY]

    def settle(self) -> None:
        """After the last entry: the lists that were stored."""
        for (dimension, _), segments in self.stored.items():
            self.values.setdefault(dimension, set()).update(segments)
            self.full.add(dimension)
        self.stored.clear()


class Cells:
    """All series of one tenant.

    ``generation``: which of the countings of the tenant's facts they are of; see kpis.redefined. ``levels``: at which a
    measure is kept, as `kpis.cells.measures.levels`; must be picklable.
    """

    def __init__(self, zone: Zone, generation: int = 0, levels: Callable[[str, bool], str] = levels) -> None:
        self.zone = zone
        self.generation = generation
        self._levels = levels
        self.series: dict[tuple[str, str], dict[str, Level]] = {}
        self.touched: dict[str, int] = {}  # measure -> first minute that changed since the last publication
        self.floors = {"m": CARRY, "q": CARRY, "d": CARRY}
        self._counted_since = CARRY  # the oldest quarter hour of counters
        self.segments_of: dict[str, set[str]] = {}  # measure -> segments it was ever seen in
        self._packs: dict[tuple[str, str, str], Pack] = {}  # name, segment, level
        self._by_level: dict[str, list[Pack]] = {"m": [], "q": [], "d": []}
        self._families: dict[tuple[str, str], list[str]] = {}  # (base with its sign, segment) -> suffixes in use
        self._changed: list[Pack] = []  # with panes that changed since they were stored, perhaps twice
        self._plans: dict[int, Plan] = {}  # head -> levels to add to
        self._planned: tuple[Names, int] = (NAMES, 0)  # whose codes the heads hold, of which turn
        self._unfolded: list[dict[str, Level]] = []  # series that may have panes below the floors
        self._moved: set[str] = set()  # levels whose floors moved since all was folded

    def __getstate__(self) -> tuple[Any, ...]:
        """For pickle, between batches: the panes alone, of which everything else is made again."""
        assert self.drained, "cells that are to be stored"
        assert not self.folding, "panes that are to be folded"
        kept = [(*key, [(level, series.panes) for level, series in held.items()]) for key, held in self.series.items()]
        return self.zone, self.generation, self._levels, self.touched, self.floors, kept

    def __setstate__(self, pickled: tuple[Any, ...]) -> None:
        zone, generation, kept_at, touched, floors, kept = pickled
        self.__init__(zone, generation, kept_at)  # type: ignore[misc]
        self.touched, self.floors = touched, floors
        for name, segment, held in kept:
            for level, panes in held:
                self._level(intern(name), intern(segment), level).fill(panes)

    def _plan(self, head: int, segments: Segments, name: str) -> Plan:
        """The series that a measure in a set of segments is added to, by level: minutes, quarter hours, days."""
        plan = self._plans.get(head)
        if plan is None:
            sets = segments.sets[head >> MEASURE_BITS]
            kept_at = self._levels
            minutes, quarters, days = (
                [self._level(name, one, level) for one in sets if level in kept_at(name, bool(one))] for level in "mqd"
            )
            plan = self._plans[head] = (minutes, quarters, days)
        return plan

    def apply(self, rows: Rows, segments: Segments, names: Names = NAMES) -> None:
        """Spread a batch's wide rows over their segments and levels: minutes, summed to quarter hours, to days.

        ``names``: of their measures. A tenant's own are forgotten when they have become many: no row holds them now.
        """
        if self._planned != (names, names.turn):
            self._planned = names, names.turn
            self._plans.clear()
        by_head: dict[int, dict[int, int]] = {}
        for key, delta in rows.items():
            if delta:
                head = key >> MINUTE_BITS
                found = by_head.get(head)
                if found is None:
                    found = by_head[head] = {}
                found[(key & MINUTE_MASK) - MINUTE_BIAS] = delta
        day_of: dict[int, int] = {}  # quarter hour -> local day
        for head, changes in by_head.items():
            name = names.name(head & MEASURE_MASK)
            minutes, quarters, days = self._plan(head, segments, name)
            if not quarters:
                continue  # nobody asks for it: what is kept at all is kept by quarter hours
            self.touch(name, min(changes))
            if minutes:
                self._add(minutes, changes, self.floors["m"])
            by_quarter: dict[int, int] = {}
            for minute, delta in changes.items():
                quarter = minute // 15
                by_quarter[quarter] = by_quarter.get(quarter, 0) + delta
            if quarters:
                self._add(quarters, by_quarter, self._floor("q", name))
            if days:
                self._add(days, self._by_day(by_quarter, day_of), self.floors["d"])
        if isinstance(names, OwnNames) and len(names.codes) > KEPT:
            names.forget()

    def rest(self) -> None:
        """Hold nothing that is only there to read faster: nobody will, for a while."""
        for kept in self.series.values():
            for series in kept.values():
                series.rest()
        self._plans.clear()

    def touch(self, measure: str, minute: int = EVER) -> None:
        """Note that a measure, or a table that is read like one, is another from a minute on."""
        self.touched[measure] = min(minute, self.touched.get(measure, minute))

    def _by_day(self, by_quarter: dict[int, int], day_of: dict[int, int]) -> dict[int, int]:
        found: dict[int, int] = {}
        for quarter, delta in by_quarter.items():
            day = day_of.get(quarter)
            if day is None:
                day = day_of[quarter] = self.zone.day(quarter * 15)
            found[day] = found.get(day, 0) + delta
        return found

    def _floor(self, level: str, name: str) -> int:
        """The oldest pane of a measure that a level keeps."""
        return self._counted_since if level == "q" and is_counter(name) else self.floors[level]

    def _add(self, plan: list[Level], changes: dict[int, int], floor: int) -> None:
        changed = self._changed
        for series in plan:
            # Level.add, written out: this is the innermost of all loops.
            panes, dirty, kept = series.panes, series.pack.dirty, series.pack.members
            oldest = CARRY if series.lasting else floor
            if not dirty:
                changed.append(series.pack)
            for pane, delta in changes.items():
                if not delta:
                    continue
                if pane < oldest:
                    pane = CARRY
                members = kept.get(pane)
                if pane not in dirty:
                    dirty[pane] = members is not None
                before = panes.get(pane)
                if before is None:
                    panes[pane] = delta
                    if members is None:
                        kept[pane] = [series]
                    else:
                        members.append(series)
                elif before + delta:
                    panes[pane] = before + delta
                else:
                    del panes[pane]
            series.stale = True

    def drain(self) -> Iterator[tuple[PackKey, dict[str, int]]]:
        """The packs' panes that changed since this was last asked: the sums by measure, nothing when all are zero.

        Those that nobody takes stay for the next time; nothing may be added in between.
        """
        while self._changed:
            pack = self._changed[-1]
            for pane, sums in pack.drain():
                yield (*pack.place, pane), sums
            self._changed.pop()

    @property
    def drained(self) -> bool:
        """Whether nothing changed since `drain` was taken to its end."""
        return not self._changed

    def _level(self, name: str, segment: str, level: str) -> Level:
        kept = self._series(name, segment)
        if level not in kept:
            # Values and days may be without number, and all are in the carry: each is stored by itself.
            alone = "=" in name or name.count(":") > 1
            lasting = level == "d" and name in LASTING
            kept[level] = Level(name, self._pack(name if alone else "", segment, level), lasting=lasting)
        return kept[level]

    def _pack(self, name: str, segment: str, level: str) -> Pack:
        key = (name, segment, level)
        found = self._packs.get(key)
        if found is None:
            found = self._packs[key] = Pack(key)
            self._by_level[level].append(found)
        return found

    def packs_of(self, level: str) -> list[Pack]:
        """All packs of a level."""
        return self._by_level[level]

    def _series(self, name: str, segment: str) -> dict[str, Level]:
        kept = self.series.get((name, segment))
        if kept is None:
            kept = self.series[name, segment] = {}
            self.segments_of.setdefault(name, set()).add(segment)
            for sign in ("=", ":"):
                base, found, suffix = name.partition(sign)
                if found:
                    self._families.setdefault((base + sign, segment), []).append(suffix)
        return kept

    def segments_by_rows(self) -> dict[str, set[str]]:
        """Which segments occur in the measures of each kind of rows."""
        found: dict[str, set[str]] = {}
        for name, segments in self.segments_of.items():
            found.setdefault(rows_of(name), set()).update(segments)
        for segments in found.values():
            segments.discard(EVERYTHING)
        return found

    def suffixes(self, base: str, segments: tuple[str, ...]) -> list[str]:
        """What follows ``base`` (with its sign, as in ``net#:``) in the measures of some segments."""
        if len(segments) == 1:
            return self._families.get((base, segments[0]), [])
        return sorted({suffix for segment in segments for suffix in self._families.get((base, segment), ())})

    def load(self, key: PackKey, sums: dict[str, int]) -> None:
        """Put the stored sums of a pane back, on restore, in place of those loaded before."""
        pack, segment, level, pane = key
        self._pack(pack, segment, level).clear(pane)
        for name, total in sums.items():
            self.put((name, segment, level, pane), total)

    def put(self, key: CellKey, total: int) -> None:
        """Set one cell."""
        name, segment, level, pane = key
        self._level(name, segment, level).put(pane, total)

    def set_floors(self, watermark: int) -> None:
        """The oldest panes that are kept, seen from the newest event's minute."""
        # Days move by weeks: looking at all of them every day would be most of a history's load.
        weeks = watermark // WEEK * WEEK
        self.floors = {
            "m": watermark - KEEP_MINUTES,
            "q": (watermark - KEEP_QUARTERS) // 15,
            "d": self.zone.day(weeks) - KEEP_DAYS,
        }
        self._counted_since = (weeks - KEEP_COUNTERS) // 15

    def expire(self, watermark: int) -> None:
        """Have other floors: `fold` puts the panes that are older than their level keeps into the carry."""
        before = self.floors
        self.set_floors(watermark)
        self._moved |= {level for level, floor in self.floors.items() if floor != before[level]}
        if self._moved:
            self._unfolded = list(self.series.values())  # again from the beginning: few are left of a day before

    def refold(self) -> None:
        """Have `fold` look at all panes, after a restore: a crash may have come between two parts of it."""
        self._moved, self._unfolded = set(self.floors), list(self.series.values())

    @property
    def folding(self) -> bool:
        """Whether panes may be left that are older than their level keeps. What is read is right meanwhile."""
        return bool(self._unfolded)

    def fold(self, units: int = FOLDED_AT_ONCE) -> None:
        """Fold old panes, for so many units of work at most."""
        while self._unfolded and units > 0:
            kept = self._unfolded.pop()
            for level in self._moved & kept.keys():
                units -= self._fold(kept[level], self._floor(level, kept[level].name))
        if not self._unfolded:
            self._moved.clear()

    def _fold(self, series: Level, floor: int) -> int:
        """Fold a series; the units of work it took."""
        if series.lasting:
            return 1
        old = [pane for pane in series.panes if CARRY < pane < floor]
        if old:
            self._changed.append(series.pack)
            carried = 0
            for pane in old:
                total = series.panes[pane]
                series.add(pane, -total)
                carried += total
            series.add(CARRY, carried)
        return 1 + len(series.panes) // 16 + 8 * len(old)

    def set(self, key: CellKey, total: int) -> None:
        """Set one cell, which is stored when the batch ends."""
        name, segment, level, pane = key
        series = self._level(name, segment, level)
        self._changed.append(series.pack)
        series.add(pane, total - series.panes.get(pane, 0))
        self.touch(name)

    def items(self) -> Iterator[tuple[CellKey, int]]:
        """Every cell that is not zero."""
        for (name, segment), kept in self.series.items():
            for level, series in kept.items():
                for pane, total in series.panes.items():
                    yield (name, segment, level, pane), total

    def packs(self) -> Iterator[tuple[PackKey, dict[str, int]]]:
        """Everything as it is stored."""
        for (name, segment, level), pack in self._packs.items():
            for pane in pack.members:
                if sums := pack.sums(pane):
                    yield (name, segment, level, pane), sums

    def all_packs(self) -> Iterable[Pack]:
        """Everything that is stored together."""
        return self._packs.values()

    def reaches(self, minute: int) -> bool:
        """Whether ``before`` is exact at a minute: fine levels do not go back for ever, days begin at midnight."""
        if minute >= self.floors["m"] or (minute % 15 == 0 and minute // 15 >= self.floors["q"]):
            return True
        return minute == self.zone.midnight(self.zone.day(minute))

    def before(self, name: str, segment: str, minute: int) -> int:
        """Sum of a measure's changes at instants before a minute, by the finest level that reaches so far back."""
        kept = self.series.get((name, segment))
        if not kept:
            return 0
        for level, pane in (("q", -(-minute // 15)), ("m", minute)):
            series = kept.get(level)
            # A minute inside a quarter hour is either now (nothing is later) or asked of the minutes' level.
            if (
                series is not None
                and (level == "m" or minute % 15 == 0 or "m" not in kept)
                and pane > self.floors[level]
            ):
                return series.before(pane)
        days = kept.get("d")
        return days.before(self.zone.day(minute - 1) + 1) if days else 0

    def by_day(self, name: str, segment: str, start: int | None, end: int, fine: bool) -> Iterator[tuple[int, int]]:
        """(local day, sum) of a measure's panes in [start, end); ``fine``: from the minutes' level, if it reaches."""
        kept = self.series.get((name, segment), {})
        fine = fine and start is not None and start >= self.floors["m"]
        midnight = start is None or start == self.zone.midnight(self.zone.day(start))
        for level, width in (("m", 1),) if fine else (("d", 0),) if midnight else (("q", 15),):
            if level not in kept:
                continue
            if level == "d":
                first = CARRY if start is None else self.zone.day(start)
                # Today's pane may hold instants that are still to come: those of the quarter hours are exact.
                today = self.zone.day(end - 1)
                yield from kept["d"].between(first, today)
                if "q" in kept and self.zone.midnight(today) // 15 >= self.floors["q"]:
                    quarters = kept["q"].between(self.zone.midnight(today) // 15, -(-end // 15))
                    yield today, sum(total for _, total in quarters)
                else:
                    yield from kept["d"].between(today, today + 1)
            else:
                low = (start or 0) // width
                for pane, total in kept[level].between(low, -(-end // width)):
                    yield self.zone.day(pane * width), total
