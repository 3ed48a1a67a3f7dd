"""Deltas of presence give the number of distinct persons in every window, in whatever order minutes come."""

from array import array
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from kpis.calendar.window_names import WINDOWS
from kpis.calendar.windows import DAY, window
from kpis.calendar.zone import zone
from kpis.cells.cells import Cells, Rows
from kpis.cells.distinct import BASES, Presence
from kpis.cells.measures import YOUNG
from kpis.cells.segments import Segments

HELSINKI = zone("Europe/Helsinki")
# Around the spring change of 2026: 29 March has 23 hours.
START = HELSINKI.midnight(HELSINKI.day(29577600))
minutes = st.integers(START - 60 * 1440, START + 60 * 1440)
persons = st.lists(st.lists(minutes, max_size=12), min_size=1, max_size=4)


def counted(cells: Cells, name: str, as_of: int) -> int:
    found = window(name, as_of * 60_000, HELSINKI)
    measure = f"landed@{found.bucket or name}"
    if found.bucket:
        assert found.start is not None
        return cells.before(measure, "", found.end) - cells.before(measure, "", found.start)
    return cells.before(measure, "", found.end)


def naive(histories: Sequence[Sequence[int]], name: str, as_of: int) -> int:
    found = window(name, as_of * 60_000, HELSINKI)
    start = found.start if found.start is not None else -(1 << 40)
    return sum(any(start <= minute < found.end for minute in history) for history in histories)


def young(histories: Sequence[Sequence[int]], as_of: int) -> int:
    """Who was there in the last seven times 24 hours, to the quarter hour."""
    since = -(-as_of // 15) * 15 - 7 * DAY
    return sum(any(since <= minute < as_of for minute in history) for history in histories)


def build(histories: Sequence[Sequence[int]], as_whole: bool, batches: int) -> Cells:
    cells, segments, base = Cells(HELSINKI), Segments(), BASES.number("landed", young=True)
    for history in histories:
        times: array[int] = array("q")
        for part in range(batches):
            presence, rows = Presence(), Rows()
            if as_whole:
                presence.whole(base, 0, times, -1)
                times = array("q", sorted({*times, *history[part::batches]}))
                presence.whole(base, 0, times, 1)
            else:
                for minute in history[part::batches]:
                    presence.put(base, 0, times, minute)
            presence.flush(rows, HELSINKI, young=7 * DAY)
            cells.apply(rows, segments)
    return cells


@settings(max_examples=500, deadline=None)
@given(persons, st.integers(0, 130 * 96), st.integers(1, 3), st.booleans())
def test_marks_equal_a_naive_count(histories: list[list[int]], quarters: int, batches: int, as_whole: bool) -> None:
    """Every window at every quarter hour, built minute by minute or taken away and put back whole."""
    as_of = START - 62 * 1440 + quarters * 15
    cells = build(histories, as_whole, batches)
    expected = {name: naive(histories, name, as_of) for name in WINDOWS}
    assert expected == {name: counted(cells, name, as_of) for name in WINDOWS}
    assert cells.before(f"landed@{YOUNG}", "", as_of) == young(histories, as_of)
