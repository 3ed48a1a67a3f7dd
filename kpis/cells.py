"""The cells of one tenant: every measure of every segment, in panes.

Changes come as *wide rows* keyed by (segments of the subject, measure, minute) and are spread over segments and levels
once a batch. A pane that is older than its level keeps is folded into the level's carry, so that sums from the
beginning stay right for ever. ``dirty`` holds what changed since it was last drained, for the changelog and for publishing.
"""

from collections.abc import Iterator
from typing import Final

from kpis.measures import NAMES, levels, rows_of
from kpis.series import CARRY, Level
from kpis.zone import Zone

EVERYTHING: Final = ""  # the segment `{}`
KEEP_MINUTES: Final = 26 * 60
KEEP_QUARTERS: Final = 48 * 1440
KEEP_DAYS: Final = 3 * 366
MINUTE_BITS: Final = 29
MEASURE_BITS: Final = 24
MINUTE_MASK: Final = (1 << MINUTE_BITS) - 1
MEASURE_MASK: Final = (1 << MEASURE_BITS) - 1
MINUTE_BIAS: Final = 1 << 28  # so that minutes before 1970 pack too

Rows = dict[int, int]
CellKey = tuple[str, str, str, int]  # measure, segment, level, pane


def row_key(segments: int, measure: int, minute: int) -> int:
    """A wide row's key: which segments, which measure, when."""
    return (segments << MEASURE_BITS | measure) << MINUTE_BITS | minute + MINUTE_BIAS


class Segments:
    """Sets of segments <-> codes. A segment is text, ``dimension=value``; every set begins with the empty one."""

    def __init__(self) -> None:
        self.sets: list[tuple[str, ...]] = []
        self._codes: dict[tuple[str, ...], int] = {}
        self.everything = self.code(())

    def code(self, segments: tuple[str, ...]) -> int:
        """The code of a set of segments; the segment `{}` is always in it."""
        whole = (EVERYTHING, *segments)
        found = self._codes.get(whole)
        if found is None:
            found = self._codes[whole] = len(self.sets)
            self.sets.append(whole)
        return found


class Cells:
    """All series of one tenant."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.series: dict[tuple[str, str], dict[str, Level]] = {}
        self.dirty: dict[CellKey, int] = {}
        self.touched: set[tuple[str, str]] = set()  # (measure, segment) changed since the last publication
        self.floors = {"m": CARRY, "q": CARRY, "d": CARRY}
        self._plans: dict[tuple[int, str], list[tuple[str, Level]]] = {}
        self._families: dict[tuple[str, str], list[str]] = {}  # (base with its sign, segment) -> suffixes in use
        self.segments_of: dict[str, set[str]] = {}  # measure -> segments it was ever seen in

    def _levels(self, measure: int, segment: str) -> list[tuple[str, Level]]:
        plan = self._plans.get((measure, segment))
        if plan is None:
            name = NAMES.names[measure]
            wanted = levels(name, bool(segment))
            kept = self._series(name, segment) if wanted else {}
            plan = self._plans[measure, segment] = [(level, kept.setdefault(level, Level())) for level in wanted]
        return plan

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
        """Which segments occur in measures of deals, of touches, and of subjects."""
        found: dict[str, set[str]] = {"deal": set(), "touch": set(), "subject": set()}
        for name, segments in self.segments_of.items():
            found[rows_of(name)].update(segments)
        for segments in found.values():
            segments.discard(EVERYTHING)
        return found

    def suffixes(self, base: str, segments: tuple[str, ...]) -> list[str]:
        """What follows ``base`` (with its sign, as in ``net#:``) in the measures of some segments."""
        if len(segments) == 1:
            return self._families.get((base, segments[0]), [])
        return sorted({suffix for segment in segments for suffix in self._families.get((base, segment), ())})

    def apply(self, rows: Rows, segments: Segments) -> None:
        """Spread a batch's wide rows over their segments and levels."""
        names = NAMES.names
        day = self.zone.day
        dirty, touched, floors = self.dirty, self.touched, self.floors
        for key, delta in rows.items():
            if not delta:
                continue
            minute = (key & MINUTE_MASK) - MINUTE_BIAS
            measure = key >> MINUTE_BITS & MEASURE_MASK
            name = names[measure]
            panes = {"m": minute, "q": minute // 15, "d": day(minute)}
            for segment in segments.sets[key >> (MINUTE_BITS + MEASURE_BITS)]:
                plan = self._plans.get((measure, segment))
                if plan is None:
                    plan = self._levels(measure, segment)
                if plan:
                    touched.add((name, segment))
                for level, series in plan:
                    pane = panes[level]
                    if pane < floors[level]:
                        pane = CARRY
                    dirty[name, segment, level, pane] = series.add(pane, delta)

    def load(self, key: CellKey, total: int) -> None:
        """Put one stored cell back, on restore."""
        name, segment, level, pane = key
        self._series(name, segment).setdefault(level, Level()).put(pane, total)

    def set_floors(self, watermark: int) -> None:
        """The oldest panes that are kept, seen from the newest event's minute."""
        self.floors = {
            "m": watermark - KEEP_MINUTES,
            "q": (watermark - KEEP_QUARTERS) // 15,
            "d": self.zone.day(watermark) - KEEP_DAYS,
        }

    def expire(self, watermark: int) -> None:
        """Fold the panes that are older than their level keeps into the carry."""
        self.set_floors(watermark)
        floors = self.floors
        for (name, segment), kept in self.series.items():
            for level, series in kept.items():
                old = [pane for pane in series.panes if CARRY < pane < floors[level]]
                if not old:
                    continue
                for pane in old:
                    total = series.panes[pane]
                    self.dirty[name, segment, level, pane] = series.add(pane, -total)
                    self.dirty[name, segment, level, CARRY] = series.add(CARRY, total)

    def items(self) -> Iterator[tuple[CellKey, int]]:
        """Every cell that is not zero."""
        for (name, segment), kept in self.series.items():
            for level, series in kept.items():
                for pane, total in series.panes.items():
                    yield (name, segment, level, pane), total

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
        """(local day, sum) of a measure's panes in [start, end); ``fine``: from the minutes' level."""
        kept = self.series.get((name, segment), {})
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
