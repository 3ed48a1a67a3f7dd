"""Objects that change hands, and persons known by ids of two accounts: after every event the cells are the facts'."""

from typing import Any, Final

import pytest

from kpis.engine import Engine
from models.settings import TenantSettings
from models.tenants import TenantBook
from recount.compare import compare
from recount.documents import recount
from tests.feed import Feed, ms

START: Final = ms("2026-06-01")
DAY: Final = 86_400_000
Told = tuple[str, int, dict[str, Any]]
SALE: Final = {"amount": 999, "currency": "EUR"}

ORDER_THAT_GETS_A_USER: Final[list[Told]] = [
    ("order.completed", 27_000_000, {"contact_id": "k2", "order_id": "o3", **SALE}),
    ("order.completed", 40_000_000, {"user_id": "u2", "order_id": "o3", **SALE}),
]
ORDER_THAT_GETS_A_CUSTOMER_WITH_AN_OWNER: Final[list[Told]] = [
    ("order.completed", DAY, {"contact_id": "k1", "order_id": "o2", **SALE}),
    ("customer.updated", 2 * DAY, {"customer_id": "c2", "owner_id": "otto"}),
    ("call.ended", DAY + 1, {"customer_id": "c2", "direction": "outbound", "outcome": "connected", "order_id": "o2"}),
]
USER_OF_TWO_ACCOUNTS: Final[list[Told]] = [
    ("page.viewed", 0, {"customer_id": "c2", "user_id": "u1", "anonymous_id": "a1", "url": "/b"}),
    ("user.signed_in", 1_000, {"user_id": "u2"}),
    ("identity.identified", 2_000, {"customer_id": "c1", "user_id": "u2"}),
    ("email.sent", 3_000, {"anonymous_id": "a1", "user_id": "u2", "message_id": "m1"}),
    ("customer.churned", 4_000, {"customer_id": "c2", "source": "web"}),
]
LEAD_OF_NO_ACCOUNT_ANY_MORE: Final[list[Told]] = [
    ("survey.answered", 30 * DAY, {"anonymous_id": "a2", "user_id": "u2", "survey_id": "q", "survey_type": "nps",
                                   "score": 9}),
    ("lead.created", 90 * DAY, {"customer_id": "c2", "user_id": "u2", "lead_id": "l1"}),
    ("identity.unmerged", 10 * DAY, {"customer_id": "c2", "lead_id": "l1"}),
    ("order.completed", 30 * DAY, {"anonymous_id": "a2", "order_id": "o1", **SALE}),
]  # fmt: skip

VISITOR_OF_ANOTHER_ACCOUNT: Final[list[Told]] = [
    ("deal.updated", 0, {"customer_id": "c2", "anonymous_id": "a1", "deal_id": "d1"}),
    ("page.viewed", DAY, {"customer_id": "c1", "anonymous_id": "a1", "url": "/a"}),
    ("order.completed", DAY + 1_000, {"order_id": "o1", **SALE}),
    ("call.ended", 2 * DAY, {"customer_id": "c1", "order_id": "o1", "direction": "inbound", "outcome": "connected"}),
]
LATE_VIEW_OF_ANOTHER_ACCOUNT: Final[list[Told]] = [
    ("customer.created", 0, {"customer_id": "c2", "owner_id": "otto"}),
    ("customer.created", 0, {"customer_id": "c1", "owner_id": "anna"}),
    ("page.viewed", DAY, {"customer_id": "c2", "lead_id": "l1", "url": "/a", "referrer": "https://www.google.fi/"}),
    ("page.viewed", 2 * DAY, {"customer_id": "c1", "lead_id": "l1", "url": "/b", "received": START + 3 * DAY}),
    ("order.completed", 3 * DAY, {"customer_id": "c1", "order_id": "o1", **SALE}),
]
ORDER_OF_NOBODY_THAT_IS_CLICKED: Final[list[Told]] = [
    ("order.completed", 0, {"order_id": "o1", **SALE}),
    ("link.clicked", 1_000, {"order_id": "o1", "link_url": "/x"}),
    ("order.completed", DAY, {"anonymous_id": "a2", "order_id": "o1", **SALE}),
]
LEAD_WHOSE_USER_AND_VISITOR_ARE_OF_TWO: Final[list[Told]] = [
    ("call.ended", 0, {"customer_id": "c1", "anonymous_id": "a2", "direction": "outbound", "outcome": "connected"}),
    ("call.ended", DAY, {"customer_id": "c2", "user_id": "u2", "direction": "inbound", "outcome": "connected"}),
    ("lead.qualified", 3 * DAY, {"anonymous_id": "a2", "user_id": "u2", "lead_id": "l1"}),
]
CONTACT_OF_A_VISITOR_WHOSE_LEAD_IS_OF_AN_ACCOUNT: Final[list[Told]] = [
    ("identity.merged", 40 * DAY, {"winner_id": "user:u1", "loser_ids": ["lead:l1"]}),
    ("meeting.held", 20 * DAY, {"anonymous_id": "a1", "user_id": "u1"}),
    ("identity.unmerged", 0, {"customer_id": "c1", "anonymous_id": "a1"}),
    ("lead.disqualified", 40 * DAY, {"customer_id": "c1", "anonymous_id": "a1", "lead_id": "l2"}),
    ("page.viewed", 20 * DAY, {"anonymous_id": "a1", "contact_id": "k2", "url": "/b"}),
    ("lead.assigned", 10 * DAY, {"lead_id": "l2"}),
]
CONTRACT_THAT_ENDS_AS_IT_BEGINS: Final[list[Told]] = [
    ("subscription.started", 0, {"customer_id": "c1", "subscription_id": "s1", "mrr": 100, "currency": "EUR"}),
    ("subscription.cancelled", 0, {"subscription_id": "s1"}),
]


@pytest.mark.parametrize(
    ("story", "customer_is"),
    [
        (ORDER_THAT_GETS_A_USER, "person"),
        (ORDER_THAT_GETS_A_CUSTOMER_WITH_AN_OWNER, "person"),
        (USER_OF_TWO_ACCOUNTS, "account"),
        (LEAD_OF_NO_ACCOUNT_ANY_MORE, "account"),
        (VISITOR_OF_ANOTHER_ACCOUNT, "account"),
        (LATE_VIEW_OF_ANOTHER_ACCOUNT, "account"),
        (ORDER_OF_NOBODY_THAT_IS_CLICKED, "person"),
        (LEAD_WHOSE_USER_AND_VISITOR_ARE_OF_TWO, "person"),
        (CONTACT_OF_A_VISITOR_WHOSE_LEAD_IS_OF_AN_ACCOUNT, "account"),
        (CONTRACT_THAT_ENDS_AS_IT_BEGINS, "person"),
    ],
)
def test_after_every_event_the_numbers_are_those_of_the_facts(story: list[Told], customer_is: Any) -> None:
    """And at the end those of the recount."""
    settings = TenantSettings(customer_is=customer_is)
    feed, engine = Feed(), Engine(TenantBook(settings))
    for kind, at, data in story:
        row = feed.add(kind, START + at, **data)
        engine.apply({"topic": "x", "partition": 0, "rows": [list(row)], "refused": []}, "t", 1)
        engine.finish()
        assert engine.recount("t") == []
    as_of = START + 100 * DAY
    documents = engine.documents("t", as_of, live=False, full=True)
    assert compare(recount(feed.items, settings, as_of), documents) == []


@pytest.mark.parametrize("name", range(16))
def test_a_deal_takes_what_was_said_of_it_along(name: int) -> None:
    """Within a batch, whatever the order in which those whose it was and is are counted anew: that depends on names."""
    user, customer, feed, engine = f"u{name}", f"c{name}", Feed(), Engine(TenantBook(TenantSettings()))
    talk: dict[str, Any] = {"direction": "inbound", "outcome": "connected", "deal_id": "d1"}
    feed.add("call.ended", START, user_id=user, **talk)
    feed.add("social.commented", START + 2 * DAY, deal_id="d1", network="x", traits={"country": "AU"})
    feed.add("call.ended", START + DAY, customer_id=customer, **talk)
    rows = [[*row] for row in feed.items]
    engine.apply({"topic": "x", "partition": 0, "rows": rows, "refused": []}, "t", 1)
    engine.finish()
    documents = engine.documents("t", START + 10 * DAY, live=False, full=True)
    assert compare(recount(feed.items, TenantSettings(), START + 10 * DAY), documents) == []
