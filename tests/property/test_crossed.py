"""What is made of the members' rows beside members: pairs of segments and series by segment add up to the documents."""

from datetime import date, timedelta
from itertools import combinations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpis.query.cross import cross
from kpis.query.question import BY_ID, Question
from kpis.query.series import series
from kpis.slices import result
from recount.windows import DAY
from tests.property.events import BASE
from tests.property.lanes import Lane, World, arrivals, worlds

often = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
COUNTS = ("visitors", "leads", "orders", "new_customers", "closed_won_deals", "tickets_opened", "traffic_to_lead_rate")
AS_OF = BASE + 31 * DAY - DAY // 2
RUNNING = {"day": "2026-04-28", "week": "2026-04-27", "month": "2026-04"}  # buckets of that instant


@often
@given(st.data(), worlds(), st.sampled_from(("all", "365d", "30d", "last_month")))
def test_pairs_add_up_to_segments(data: st.DataObject, world: World, window: str) -> None:
    """The n of a row is that of its segment."""
    lane = Lane().take(data.draw(arrivals(world)))
    for tenant in list(lane.engine.tenants()):
        state = lane.engine.state(tenant)
        for kpi in COUNTS:
            if window not in BY_ID[kpi].segment_windows:
                continue
            known = Question(state, AS_OF, kpi, window).board.dimensions(BY_ID[kpi])
            for rows, columns in list(combinations(sorted(known), 2))[:3]:
                found = result(cross(state, AS_OF, kpi, window, rows, columns))
                for value, cells in zip(found["rows"], found["cells"], strict=True):
                    document = Question(state, AS_OF, kpi, window, {rows: value}).document()
                    assert sum(cell["n"] for cell in cells if cell) == document["n"], (kpi, rows, columns, value)


@often
@given(st.data(), worlds(), st.sampled_from(("day", "week", "month")))
def test_lines_of_segments_add_up_to_the_total(data: st.DataObject, world: World, step: str) -> None:
    """In every bucket; and the total is what documents said when it closed."""
    lane = Lane().take(data.draw(arrivals(world)))
    first, last = (date(2026, 3, 1) + timedelta(days=days) for days in (0, 60))
    span = {"first": first.isoformat(), "last": last.isoformat()}
    for tenant in list(lane.engine.tenants()):
        state = lane.engine.state(tenant)
        for kpi in COUNTS:
            found = result(series(state, AS_OF, kpi, step, **span))
            (whole,), running = found["series"], found["buckets"].index(RUNNING[step])
            document = Question(state, AS_OF, kpi, "today" if step == "day" else step).document()
            assert (whole["values"][running] or 0) == (document["value"] or 0)
            for dimension in sorted(Question(state, AS_OF, kpi, "all").board.dimensions(BY_ID[kpi]))[:2]:
                lines = result(series(state, AS_OF, kpi, step, **span, dimension=dimension))["series"]
                summed = [sum(line["n"][place] or 0 for line in lines) for place in range(len(whole["n"]))]
                assert summed == [n or 0 for n in whole["n"]], (kpi, step, dimension)
