"""How long those touched years ago took to buy, or have waited: days of the first touch are kept for ever."""

import pytest

from kpis.cells.table import CARRY
from models.settings import TenantBook
from recount import compare, recount
from tests.feed import Feed, ms
from tests.property.lanes import JOURNAL_TS, Lane

KPIS = ("time_to_purchase_days_censored",)


@pytest.mark.parametrize("as_of", ["2026-06-10", "2026-06-05", "2026-05-01"])
@pytest.mark.parametrize("restarted", [False, True])
def test_who_was_touched_years_ago_has_waited_since_that_day(as_of: str, *, restarted: bool) -> None:
    """Two wait for six and for four years; one bought after five, on 6 June, which an earlier end does not know yet."""
    feed = Feed()
    touches = {"c1": "2020-03-01", "c2": "2022-03-02", "c3": "2021-06-06", "c4": "2022-01-01", "c5": "2026-05-30"}
    for customer, day in touches.items():
        feed.add(
            "page.viewed", day, customer_id=customer, url="/", campaign={"source": "ads"}, traits={"country": "FI"}
        )
    for customer, day in {"c3": "2026-06-06", "c4": "2022-01-03", "c5": "2026-06-02"}.items():
        feed.add("order.completed", day, customer_id=customer, order_id=customer, amount=1, currency="EUR")
    for number in range(20):  # what is old is told by the twentieth newest event
        feed.add("page.viewed", ms("2026-06-09") + number, url="/")
    lane = Lane(TenantBook())
    for item in feed.items:
        lane.engine.apply({"topic": "x", "partition": 0, "rows": [list(item)], "refused": []}, "t", JOURNAL_TS)
        lane.finish()
    if restarted:
        lane.restart(1)
    cells = lane.engine.state("t").tenant.cells
    while cells.folding:
        cells.fold()
    assert CARRY in {pane for (name, _, _, pane), _ in cells.items() if name.startswith("touched.bought:")}
    assert lane.engine.recount("t") == []
    expected = recount(feed.items, lane.book["t"], ms(as_of), kpis=KPIS)
    found = lane.engine.documents("t", ms(as_of), live=False, full=True)
    windows = {key[1] for key in expected} & {document["window"] for document in found}
    made = [one for one in found if one["kpi"] in KPIS and one["window"] in windows]
    assert compare({key: one for key, one in expected.items() if key[1] in windows}, made) == []


def test_a_day_is_read_from_days_where_no_minutes_are_kept_any_more() -> None:
    """The `24h` of a midnight long ago: money and days of first touches are there as in `yesterday`."""
    feed = Feed()
    feed.add("page.viewed", "2026-03-01T10:00:00Z", customer_id="c1", url="/", campaign={"source": "ads"})
    feed.add("order.completed", "2026-03-01T11:00:00Z", customer_id="c1", order_id="o1", amount=100, currency="USD")
    feed.add("order.completed", "2026-03-01T12:00:00Z", customer_id="c1", order_id="o2", amount=250, currency="EUR")
    for number in range(20):
        feed.add("page.viewed", ms("2026-06-09") + number, url="/")
    lane = Lane(TenantBook())
    lane.engine.apply({"topic": "x", "partition": 0, "rows": [list(one) for one in feed.items], "refused": []}, "t", 1)
    lane.finish()
    found = [one for one in lane.engine.documents("t", ms("2026-03-02"), live=False) if one["window"] == "24h"]
    assert len(found) > 100
    assert compare(recount(feed.items, lane.book["t"], ms("2026-03-02"), windows=["24h"]), found) == []
