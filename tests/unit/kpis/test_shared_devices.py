"""Shared devices and browsers: who is one, in the engine and in a recount."""

from typing import Any

import pytest

from models.settings import TenantBook
from recount import compare, recount
from tests.feed import Feed, ms
from tests.property.lanes import Lane

END = ms("2026-04-01")


def counted(feed: Feed, *wanted: str, settings: dict[str, Any] | None = None) -> list[Any]:
    """Values of the month's KPIs, which a recount agrees with, and how many links stand aside."""
    lane = Lane(TenantBook.from_mapping({"tenant": settings or {}}))
    lane.take([[("t", {"topic": "x", "partition": 0, "rows": [list(row) for row in feed.items], "refused": []})]])
    documents = lane.engine.documents("t", END, live=False, full=True)
    assert compare(recount(feed.items, lane.book["t"], END), documents) == []
    found = {one["kpi"]: one["value"] for one in documents if one["window"] == "month" and not one["segment"]}
    return [*(found[kpi] for kpi in wanted), lane.engine.state("t").tenant.people.identity.conflicts]


@pytest.mark.parametrize("turned", [False, True])
def test_two_users_of_one_device_are_two(turned: bool) -> None:
    """In whatever order they arrive."""
    feed = Feed()
    users = [("ann", "10"), ("bob", "11"), ("cid", "12")]
    for user, hour in reversed(users) if turned else users:
        feed.add("user.signed_up", f"2026-03-02T{hour}:00:00Z", user_id=user, anonymous_id="till")
    feed.add("user.signed_in", "2026-03-03T10:00:00Z", user_id="bob")
    assert counted(feed, "signups", "never_logged_in") == [3, 2, 2]


def test_two_leads_of_one_browser_are_two_and_the_browser_is_the_first_ones() -> None:
    """The first lead's visitor later buys as a customer, who is that lead then."""
    feed = Feed()
    for lead, hour in (("l1", "10"), ("l2", "11")):
        feed.add("lead.created", f"2026-03-02T{hour}:00:00Z", lead_id=lead, anonymous_id="browser")
    feed.add("page.viewed", "2026-03-02T12:00:00Z", anonymous_id="browser", url="/")
    feed.add("page.viewed", "2026-03-02T12:00:00Z", lead_id="l1", url="/")
    feed.add("page.viewed", "2026-03-02T12:00:00Z", lead_id="l2", url="/")
    feed.add("order.completed", "2026-03-03T10:00:00Z", customer_id="c", anonymous_id="browser", order_id="o",
             amount=5, currency="EUR")  # fmt: skip
    feed.add("page.viewed", "2026-03-04T12:00:00Z", customer_id="c", url="/")
    assert counted(feed, "leads", "visitors", "new_customers") == [2, 2, 1, 1]


def test_a_device_never_parts_a_user_from_its_customer() -> None:
    """A guest bought on it before the user signed in there: the user's own link counts, whatever came first."""
    feed = Feed()
    feed.add("page.viewed", "2026-03-02T10:00:00Z", customer_id="guest", anonymous_id="till", url="/")
    feed.add("page.viewed", "2026-03-02T11:00:00Z", user_id="ann", anonymous_id="till", url="/")
    feed.add("page.viewed", "2026-03-02T12:00:00Z", customer_id="firm", user_id="ann", url="/")
    feed.add("page.viewed", "2026-03-02T13:00:00Z", user_id="ann", url="/")
    assert counted(feed, "visitors") == [2, 1]


def test_users_below_one_customer_are_one_with_it() -> None:
    """And two again where customers are accounts."""
    for settings, visitors in (({}, 1), ({"customer_is": "account"}, 2)):
        feed = Feed()
        for user, hour in (("ann", "10"), ("bob", "11")):
            feed.add("page.viewed", f"2026-03-02T{hour}:00:00Z", customer_id="firm", user_id=user,
                     anonymous_id="till", url="/")  # fmt: skip
        assert counted(feed, "visitors", settings=settings)[0] == visitors


def test_a_link_that_is_told_late_moves_the_browser() -> None:
    """It happened before the link that was known: the browser's views are the other user's now."""
    feed = Feed()
    feed.add("page.viewed", "2026-03-02T11:00:00Z", user_id="ann", anonymous_id="till", url="/")
    feed.add("page.viewed", "2026-03-02T11:30:00Z", anonymous_id="till", url="/")
    feed.add("page.viewed", "2026-03-02T10:00:00Z", user_id="bob", anonymous_id="till", url="/")
    assert counted(feed, "visitors") == [2, 1]
    feed.add("identity.merged", "2026-03-05T10:00:00Z", entity="user", winner_id="ann", loser_ids=["bob"])
    assert counted(feed, "visitors") == [1, 0]
