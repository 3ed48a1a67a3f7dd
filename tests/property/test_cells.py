"""Cells as arrays against dictionaries: the same sums, however batches, folding, restarts and reads follow."""

import pickle
from collections import Counter
from itertools import islice
from typing import Final
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from kpis.calendar.zone import Zone, zone
from kpis.cells import table
from kpis.cells.cells import KEEP_DAYS, CellKey, Cells
from kpis.cells.deltas import Delta
from kpis.cells.ledger import Ledger
from kpis.cells.measures import LASTING, is_counter, levels
from kpis.cells.packs import PackKey
from kpis.cells.segments import Segments
from kpis.cells.table import CARRY, LEAST_YOUNG, MOST

ZONES: Final = ("UTC", "Pacific/Auckland", "America/St_Johns")
MEASURES: Final = (
    "won", "logins", "received", "touched.open", "users@24h", "users@7d", "users@month", "net:EUR", "ttp=3",
)  # fmt: skip
SETS: Final = ((), ("country=FI",), ("country=FI", "source=ads"))
DAY: Final = 1440
WIDE: Final = st.integers(-3, 3) | st.sampled_from([2**61, -(2**61), 2**63, -(2**70)])
MINUTES: Final = st.integers(-3 * DAY, 3 * DAY) | st.sampled_from([0, -600, -100, 90]).map(lambda days: days * DAY + 7)
ROWS: Final = st.lists(
    st.tuples(st.sampled_from(MEASURES), st.integers(0, len(SETS) - 1), MINUTES, WIDE), max_size=12
)  # fmt: skip
WATERMARKS: Final = (0, 900, 1_000, 1_002, 1_100, 1_600, 1_900, 2_100)  # days after the thousandth before now
STEPS: Final = st.lists(
    st.tuples(st.just("apply"), ROWS)
    | st.tuples(st.just("expire"), st.sampled_from(WATERMARKS))
    | st.tuples(st.sampled_from(["fold", "store"]), st.integers(1, 9))
    | st.tuples(st.sampled_from(["restart", "pickle", "read", "rest"]), st.none()),
    max_size=14,
)  # fmt: skip
NOW: Final = 29_000_000  # minute


class Model:
    """Every change as it came, in no pane at all."""

    def __init__(self, at: Zone) -> None:
        self.zone = at
        self.changes: Counter[tuple[str, str, int]] = Counter()  # measure, segment, minute

    def add(self, name: str, segments: tuple[str, ...], minute: int, delta: int) -> None:
        """Add a change."""
        for segment in ("", *segments):
            if levels(name, bool(segment)):
                self.changes[name, segment, minute] += delta

    def cells(self, floors: dict[str, int], counted_since: int) -> dict[CellKey, int]:
        """Sums by cell, of which those below the floors are one."""
        found: Counter[CellKey] = Counter()
        for (name, segment, minute), delta in self.changes.items():
            panes = {"m": minute, "q": minute // 15, "d": self.zone.day(minute)}
            for level in levels(name, bool(segment)):
                floor = counted_since if level == "q" and is_counter(name) else floors[level]
                kept = panes[level] >= floor or (level == "d" and name in LASTING)
                found[name, segment, level, panes[level] if kept else CARRY] += delta
        return {key: total for key, total in found.items() if total}

    def before(self, name: str, segment: str, minute: int) -> int:
        """Sum of changes before a minute."""
        return sum(
            delta for (one, at, when), delta in self.changes.items() if (one, at) == (name, segment) and when < minute
        )


@settings(deadline=None)
@given(st.sampled_from(ZONES), STEPS, st.sampled_from([0, 3, 12, LEAST_YOUNG]), st.sampled_from([1, 40, MOST]))
def test_arrays_are_dictionaries(name: str, steps: list[tuple[str, object]], young: int, columns: int) -> None:
    """What is held, stored and read after any steps is what a naive sum says, whatever is merged and forgotten when."""
    with patch.multiple(table, LEAST_YOUNG=young, MOST=columns):
        _take(steps, zone(name))


def _take(steps: list[tuple[str, object]], at: Zone) -> None:
    cells, model, segments, ledger = Cells(at), Model(at), Segments(), Ledger()
    stored: dict[PackKey, dict[str, int]] = {}
    codes = [segments.code(one) for one in SETS]
    watermark = NOW - 2_000 * DAY
    for step, given_ in steps:
        if step == "apply":
            assert isinstance(given_, list)
            for measure, place, ago, delta in given_:
                ledger.add_delta(codes[place], Delta(measure, (NOW + ago) * 60_000, delta), 1)
                model.add(measure, SETS[place], NOW + ago, delta)
            cells.apply(ledger.take(), segments, ledger.names)
        elif step == "expire":
            assert isinstance(given_, int)
            watermark = max(watermark, NOW - 1_000 * DAY + given_ * DAY)
            cells.expire(watermark)
        elif step == "fold":
            assert isinstance(given_, int)
            cells.fold(given_)
        elif step == "store":
            assert isinstance(given_, int)
            stored |= dict(islice(cells.drain(), given_))
        elif step == "restart":
            stored |= dict(cells.drain())
            assert {key: sums for key, sums in stored.items() if sums} == dict(cells.packs())
            cells = _loaded(cells, stored)
        elif step == "pickle":
            _settle(cells, stored)
            cells = pickle.loads(pickle.dumps(cells))
        elif step == "read":
            _compare(cells, model)
        else:
            cells.rest()
            ledger.names.forget()
    _settle(cells, stored)
    assert cells.drained
    assert dict(cells.items()) == model.cells(cells.floors, cells._counted_since)
    assert {key: sums for key, sums in stored.items() if sums} == dict(cells.packs())
    assert {key for key, sums in stored.items() if sums} == set(cells.stored())
    _compare(cells, model)


def _settle(cells: Cells, stored: dict[PackKey, dict[str, int]]) -> None:
    while cells.folding:
        cells.fold(3)
    rows = len(list(cells.stored()))
    while not cells.drained:  # a few at a time, as beside a busy tenant
        stored |= dict(islice(cells.drain(), 2))
        rows -= 1
        assert rows >= -1, "the same rows again and again"


def _loaded(cells: Cells, stored: dict[PackKey, dict[str, int]]) -> Cells:
    again = Cells(cells.zone)
    for key, sums in stored.items():
        again.load(key, sums)
    again.floors, again._counted_since = cells.floors, cells._counted_since
    again.refold()
    return again


def _compare(cells: Cells, model: Model) -> None:
    """Wherever the levels reach, every series is read as it is."""
    minutes = (NOW, NOW + 7, NOW - 3 * DAY, NOW + 4 * DAY, NOW - KEEP_DAYS * DAY // 2)
    midnights = [cells.zone.midnight(cells.zone.day(minute)) for minute in minutes]
    for name, segment in cells.series.numbers:
        for minute in (*minutes, *midnights):
            if minute >= cells.floors["m"] + 2 * DAY:
                end = minute if "m" in levels(name, bool(segment)) else -(-minute // 15) * 15
                assert cells.before(name, segment, minute) == model.before(name, segment, end)
        whole = sum(total for _, total in cells.by_day(name, segment, None, NOW + 1_000 * DAY, fine=False))
        assert whole == model.before(name, segment, NOW + 1_000 * DAY)
