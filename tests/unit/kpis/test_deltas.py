"""Distinct counts of what is done seldom agree with the arrays of what is done often."""

from array import array

from hypothesis import given
from hypothesis import strategies as st

from kpis.calendar.windows import DAY
from kpis.calendar.zone import Zone
from kpis.cells.cells import MEASURE_MASK, MINUTE_BIAS, MINUTE_BITS, MINUTE_MASK, Rows
from kpis.cells.deltas import distinct_deltas
from kpis.cells.distinct import BASES, Presence
from kpis.cells.ledger import Ledger
from kpis.cells.measures import NAMES, levels

ZONE = Zone("Europe/Helsinki")
Sums = dict[tuple[str, int], int]
MINUTES = st.lists(st.integers(29_000_000, 29_600_000), max_size=12)


def as_kept(rows: Rows) -> Sums:
    """Rows by measure and the finest pane that keeps them."""
    found: Sums = {}
    for key, delta in rows.items():
        name = NAMES.names[key >> MINUTE_BITS & MEASURE_MASK]
        minute = (key & MINUTE_MASK) - MINUTE_BIAS
        pane = minute if "m" in levels(name, segmented=False) else minute // 15
        found[name, pane] = found.get((name, pane), 0) + delta
    return {key: total for key, total in found.items() if total}


@given(MINUTES)
def test_distinct_marks_are_those_of_presence(minutes: list[int]) -> None:
    """One after the other, whatever the gaps."""
    presence, times, fast, plain = Presence(), array("q"), Ledger(), Ledger()
    for minute in minutes:
        presence.put(BASES.number("users"), 0, times, minute)
    presence.flush(fast.rows, ZONE, young=7 * DAY)
    plain.add_deltas(0, distinct_deltas("users", (minute * 60_000 for minute in minutes), ZONE))
    assert as_kept(fast.rows) == as_kept(plain.rows)
