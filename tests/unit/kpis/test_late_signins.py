"""A late sign-in revises the segment that the sign-in counts in: that of its user, whoever else the event names."""

import pytest

from models.settings import TenantBook
from recount import compare, recount
from tests.feed import Feed, ms
from tests.property.lanes import JOURNAL_TS, Lane

KPIS = ("logins_per_active_user", "stickiness")


@pytest.mark.parametrize("customer_is", ["person", "account"])
@pytest.mark.parametrize("robot", [0, 1])
def test_it_is_late_where_it_counts(customer_is: str, robot: int) -> None:
    """A user of Finland, told with a contact of Sweden and a customer of Norway that the user does not belong to."""
    book = TenantBook.from_mapping({"tenant": {"customer_is": customer_is, "low_n": 1}})
    feed = Feed()
    feed.add("customer.updated", "2026-06-01", customer_id="c1", traits={"country": "FI"})
    feed.add("page.viewed", "2026-06-01", customer_id="c1", user_id="u1", url="/")
    feed.add("customer.updated", "2026-06-01", customer_id="c2", contact_id="k1", traits={"country": "SE"})
    feed.add("customer.updated", "2026-06-01", customer_id="c3", traits={"country": "NO"})
    feed.add(
        "user.signed_in", "2026-06-02", received="2026-06-03", customer_id="c3", user_id="u1", contact_id="k1",
        flags=robot,
    )  # fmt: skip
    feed.add("user.signed_in", "2026-06-02", user_id="u1")
    feed.add("customer.updated", "2026-06-04", customer_id="c2", contact_id="k1")
    lane = Lane(book)
    lane.engine.apply(
        {"topic": "x", "partition": 0, "rows": [list(row) for row in feed.items], "refused": []}, "t", JOURNAL_TS
    )
    lane.finish()
    for _ in range(2):
        documents = [one for one in lane.documents("t", ms("2026-06-10")).values() if one["kpi"] in KPIS]
        late = {one["segment"].get("country"): one["late_revised"] for one in documents if one["window"] == "month"}
        assert late["FI"] == 1
        assert compare(recount(feed.items, book["t"], ms("2026-06-10"), kpis=KPIS), documents) == []
        assert lane.engine.recount("t") == []
        lane.restart(1)
