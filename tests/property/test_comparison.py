"""Property of comparisons: what a document says of the window before, and of the one a year ago, a recount says."""

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from kpis.calendar.window_names import WINDOWS
from kpis.publish.comparison import BY_MINUTES, COARSE
from kpis.publish.documents import Board
from kpis.publish.reads import PLACES, ROWS
from recount.compare import same, same_instant
from recount.documents import Recount, instant_text
from recount.trend import trend
from recount.windows import (
    COMPLETE,
    DAY,
    LOCAL_DAYS,
    MINUTE,
    MINUTES,
    QUARTER_HOUR,
    RUNNING,
    ceil_to,
    local_date,
    midnight,
    unit_start,
    window,
)  # fmt: skip
from tests.property.events import ends
from tests.property.lanes import Lane, World, arrivals, items, worlds
from tests.property.test_engine import variant

ONE = timedelta(days=1)
FINE = (*MINUTES, "today")


def before(name: str, as_of: int, zone: ZoneInfo) -> int | None:
    """The as-of at which a window was what it is compared with."""
    now, today = ceil_to(as_of, MINUTE), local_date(as_of - 1, zone)
    if name in MINUTES:
        start = now - MINUTES[name] * MINUTE
        return ceil_to(start, QUARTER_HOUR) if name == "24h" else start
    if name in LOCAL_DAYS:
        return midnight(today - (LOCAL_DAYS[name] - 1) * ONE, zone)
    if name == "today":
        began = midnight(today, zone)
        return min(ceil_to(midnight(today - ONE, zone) + now - began, QUARTER_HOUR), began)
    if name in RUNNING:
        start_ = unit_start(today, RUNNING[name])
        days = today - start_ + ONE
        return midnight(min(unit_start(start_ - ONE, RUNNING[name]) + days, start_), zone)
    return midnight(_complete(name, today), zone) + 1 if name in COMPLETE else None


def a_year_before(name: str, as_of: int, zone: ZoneInfo) -> int | None:
    """The same a calendar year ago, of weeks 52 weeks."""
    today = local_date(as_of - 1, zone)
    if name in FINE or name == "all":
        return None
    if name in COMPLETE:
        start = _complete(name, today)
        began = start - 364 * ONE if name == "last_week" else _year_before(start)
        longest = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}[COMPLETE[name]]
        return midnight(unit_start(began + longest * ONE, COMPLETE[name]), zone) + 1
    return midnight((today - 364 * ONE if name == "week" else _year_before(today)) + ONE, zone)


def _complete(name: str, today: date) -> date:
    return unit_start(unit_start(today, COMPLETE[name]) - ONE, COMPLETE[name])


def _year_before(day: date) -> date:
    return (day - ONE if (day.month, day.day) == (2, 29) else day).replace(year=day.year - 1)


def expected(counted: Recount, name: str, as_of: int | None) -> tuple[dict[str, Any], int, int] | None:
    """By KPI the documents at an as-of, and where the window lies then; None: before the first event."""
    tenant = counted.tenant
    if as_of is None or tenant.first is None:
        return None
    at = window(name, as_of, tenant.zone, tenant.first)
    if tenant.first > at.start:
        return None
    found = counted.documents(as_of, [name])
    return {kpi: document for (kpi, _, segment), document in found.items() if not segment}, at.start, at.end


@variant
@given(st.data(), worlds(), ends, st.lists(st.sampled_from(WINDOWS), min_size=2, max_size=3, unique=True))
def test_what_a_number_is_compared_with_is_what_it_was(
    data: st.DataObject, world: World, as_of: int, looked_at: list[str]
) -> None:
    """As known now, wherever the panes of then are kept; and nothing that was before the first event."""
    arrived = data.draw(arrivals(world))
    lane = Lane().take(arrived)
    newest = max(group[0].time for group in world)
    as_of = data.draw(st.sampled_from((as_of, newest + 20 * MINUTE, newest + 25 * 60 * MINUTE + 1, newest + DAY)))
    for tenant in lane.engine.tenants():
        state, counted = lane.engine.state(tenant), Recount(items(arrived, tenant), lane.book[tenant])
        board, zone = Board(state, as_of), counted.tenant.zone
        for name in looked_at:
            told = [document for row in ROWS.values() for document in board.total(row, PLACES[name])]
            was = expected(counted, name, before(name, as_of, zone))
            then = expected(counted, name, a_year_before(name, as_of, zone))
            for document in told:
                check(document, was, then)
                check_trend(counted, document, was, then)


def check(document: dict[str, Any], was: Any, then: Any) -> None:
    """One document."""
    kpi, name = document["kpi"], document["window"]
    told = [document["previous_start"], document["previous_end"]]
    if was is None or (name in FINE and told == [None, None]):
        assert [document["previous"], *told] == [None] * 3
    else:
        values, start, end = was
        assert same_instant(instant_text(start), told[0])
        assert same_instant(instant_text(end), told[1])
        missing = name in BY_MINUTES and kpi in COARSE
        assert same(None if missing else values[kpi]["value"], document["previous"]), (kpi, name)
    assert same(then[0][kpi]["value"] if then else None, document["previous_year"]), (kpi, name)


def check_trend(counted: Recount, document: dict[str, Any], was: Any, then: Any) -> None:
    """What became of the number since, wherever it is known what it was."""
    row = next(row for row in counted.rows if row.id == document["kpi"])
    for field, value, told in (("trend", "previous", was), ("trend_year", "previous_year", then)):
        before = told[0][row.id] if told and document[value] is not None else {"value": None}
        wanted = trend(row, document, before, counted.tenant.settings.low_n)
        assert same(wanted, document.get(field)), (row.id, document["window"], field)


def test_windows_of_a_day_are_compared_near_the_newest_event() -> None:
    """Where minutes and quarter hours are kept: else the property above would hold of nothing."""
    from models.settings import TenantBook
    from tests.feed import ms
    from tests.sets.feeds import Counted, event

    told = [
        event("user.signed_up", str(n), f"2026-05-{day}T11:{minute}:00Z", user_id=f"u{n}")
        for n, (day, minute) in enumerate([("10", "00"), ("11", "40"), ("12", "20"), ("12", "50"), ("13", "05")])
    ]
    found = Counted(TenantBook()).take(told).engine.documents("t", ms("2026-05-13T11:10:30Z"), live=True)
    values = {
        doc["window"]: (doc["value"], doc["previous"], doc["previous_end"][:16])
        for doc in found
        if doc["kpi"] == "signups" and doc["window"] in FINE
    }
    assert values == {
        "15m": (1, 0, "2026-05-13T10:56"),
        "1h": (1, 0, "2026-05-13T10:11"),
        "24h": (3, 1, "2026-05-12T11:15"),
        "today": (1, 0, "2026-05-12T11:15"),
    }
