"""Tiers of engagement: when a customer enters and leaves them."""

from kpis.engine import Engine
from models.record import Row
from models.tenants import TenantBook
from tests.feed import Feed, ms
from tests.property.stories_engagement import tiers


def tier_at(engine: Engine, as_of: str) -> dict[str, int]:
    """How many customers are in which tier."""
    found = engine.documents("t", ms(as_of), live=False, full=True)
    return {
        document["segment"]["tier"]: document["value"]
        for document in found
        if document["kpi"] == "engagement_tier" and document["window"] == "all"
    }


def test_a_tier_is_left_at_the_quarter_hour_after_the_score_falls_below_it() -> None:
    """10 points are 5 after 7 days, and 1 after 7 · log2 10 days; no event is needed."""
    feed, engine = Feed(), Engine(TenantBook())
    tiers(feed)
    rows = [list(row) for row in feed.items if isinstance(row, Row)]
    engine.apply({"topic": "x", "partition": 0, "rows": rows, "refused": []}, "t", 1)
    engine.finish()
    wanted = {
        "2026-06-01T10:00:00Z": "cold",
        "2026-06-01T10:15:00Z": "hot",
        "2026-06-08T10:00:00Z": "hot",
        "2026-06-08T10:30:00Z": "warm",
        "2026-06-24T00:00:00Z": "warm",
        "2026-06-24T18:00:00Z": "cold",
        "2026-07-30T00:00:00Z": "cold",
    }
    assert {as_of: tier_at(engine, as_of) for as_of in wanted} == {as_of: {tier: 1} for as_of, tier in wanted.items()}


def test_a_touch_in_order_changes_little_however_long_the_history() -> None:
    """Two thousand views, then one more: the customer's contribution is not recomputed."""
    feed, engine = Feed(), Engine(TenantBook())
    feed.add("customer.created", "2026-05-20", customer_id="c1")
    for number in range(2_000):
        feed.add("page.viewed", ms("2026-06-01") + number * 1_000, customer_id="c1", url="/")
    rows = [row for row in feed.items if isinstance(row, Row)]
    for part in (rows[:-1], rows[-1:]):
        block = {"topic": "x", "partition": 0, "rows": [list(row) for row in part], "refused": []}
        engine.apply(block, "t", 1)  # type: ignore[arg-type]
        opened = engine.state("t").tenant.ledger.is_open("score", "customer:c1")
        engine.finish()
    assert not opened
    assert engine.recount("t") == []
