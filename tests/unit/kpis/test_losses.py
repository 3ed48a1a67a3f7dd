"""Losses as arrays say what their definition says, and a change of active times what the new ones differ by."""

from hypothesis import given
from hypothesis import strategies as st

from kpis.calendar.intervals import FOREVER, Interval, union
from kpis.calendar.window_names import DAY_WINDOWS
from kpis.calendar.windows import DAY, MINUTE_MS
from kpis.calendar.zone import Zone, bucket_start
from kpis.cells.cells import MEASURE_MASK, MINUTE_BIAS, MINUTE_BITS, MINUTE_MASK, Rows
from kpis.cells.deltas import leaves
from kpis.cells.measures import MEASURE_BITS, NAMES
from kpis.facts.losses import ACTIVE, BOTH, BOUGHT, BUCKETS, Losses

ZONE = Zone("Europe/Helsinki")
FIRST = 29_000_000
MINUTES = st.integers(FIRST, FIRST + 800 * DAY)
LENGTHS = st.one_of(st.integers(1, 3 * DAY), st.integers(1, 400 * DAY), st.just(FOREVER // MINUTE_MS))


@st.composite
def active_times(draw: st.DrawFn) -> list[Interval]:
    """Active times in ms."""
    spans = draw(st.lists(st.tuples(MINUTES, LENGTHS), max_size=6))
    return union((start * MINUTE_MS, min((start + length) * MINUTE_MS, FOREVER)) for start, length in spans)


def rows_of(*noted: tuple[int, list[Interval], list[Interval]]) -> Rows:
    """What some changes of active times come to."""
    losses, rows = Losses(), Rows()
    for whose, before, after in noted:
        losses.note(whose, 7, before, after)
    losses.flush(rows, ZONE)
    return {key: delta for key, delta in rows.items() if delta}


def total(rows: Rows, measure: str, first: int, last: int) -> int:
    """The sum of a measure's changes from a minute to another."""
    named = NAMES.codes[measure]
    return sum(
        delta
        for key, delta in rows.items()
        if key >> MINUTE_BITS & MEASURE_MASK == named and first <= (key & MINUTE_MASK) - MINUTE_BIAS <= last
    )


def holds(spans: list[Interval], minute: int) -> bool:
    """Whether a minute lies in one of the active times."""
    return any(start // MINUTE_MS <= minute < end // MINUTE_MS for start, end in spans)


@given(active_times(), MINUTES)
def test_lost_are_those_who_were_active_before_a_window_and_are_not_at_its_end(spans: list[Interval], at: int) -> None:
    """For rolling lengths and calendar buckets, at any minute."""
    rows = rows_of((ACTIVE, [], spans))
    for name in ("24h", *DAY_WINDOWS):
        moved = any(
            leaves(name, start // MINUTE_MS, ZONE) <= at < leaves(name, end // MINUTE_MS, ZONE) for start, end in spans
        )
        assert total(rows, f"lost@{name}", -MINUTE_BIAS, at) == (moved and not holds(spans, at))
    for bucket in BUCKETS:
        opens = ZONE.midnight(bucket_start(ZONE.day(at), bucket))
        lost = holds(spans, opens - 1) and not holds(spans, at)
        assert total(rows, f"lost@{bucket}", opens, at) == lost


@given(active_times(), active_times(), st.integers(0, 6))
def test_a_change_is_the_difference(one: list[Interval], other: list[Interval], common: int) -> None:
    """Also where the active times begin alike, which is what a purchase leaves of them."""
    after = union([*one[:common], *other])
    direct = rows_of((ACTIVE, one, after))
    assert direct == rows_of((ACTIVE, one, []), (ACTIVE, [], after))
    assert rows_of((BOTH, one, after)) == rows_of((ACTIVE, one, after), (BOUGHT, one, after))


def test_months_quarters_and_years_are_read_by_segment() -> None:
    """The others are counted over everybody alone."""
    rows = rows_of((BOTH, [], [(FIRST * MINUTE_MS, (FIRST + 40 * DAY) * MINUTE_MS)]))
    segmented = {
        NAMES.names[key >> MINUTE_BITS & MEASURE_MASK] for key in rows if key >> MINUTE_BITS + MEASURE_BITS == 7
    }
    assert segmented == {f"{base}@{bucket}" for base in ("lost", "lost_bought") for bucket in ("month", "quarter")}
