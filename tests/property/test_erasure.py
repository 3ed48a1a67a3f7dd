"""Erasure: who was named is nobody any more, counts stay or go, and the recount of the journal agrees."""

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.record import BOT
from models.settings import TenantBook, TenantSettings
from recount import compare, recount
from tests.feed import Feed, ms
from tests.property.events import CUSTOMERS, LEADS, USERS, VISITORS, Told, ends
from tests.property.lanes import Lane, World, batches, differences, row_of, worlds
from tests.property.test_engine import variant, windows

BOOK: Final = TenantBook.from_mapping({"tenant": {"dimensions": ["tier"], "low_n": 2}})
IDS: Final[list[dict[str, Any]]] = [
    *({"customer_id": one} for one in CUSTOMERS), *({"lead_id": one} for one in LEADS),
    *({"user_id": one} for one in USERS), *({"anonymous_id": one} for one in VISITORS),
]  # fmt: skip


@variant
@given(st.data(), worlds(), ends, windows, st.sampled_from(IDS))
def test_forgetting_agrees_with_the_recount(
    data: st.DataObject, world: World, as_of: int, looked_at: list[str], who: dict[str, Any]
) -> None:
    """Wherever the request comes; no entry names the id, and a restart knows what is left."""
    told = [row for group in world for row in group]
    tenant = told[0].tenant
    at = data.draw(st.integers(0, len(told)))
    when = data.draw(st.sampled_from([row.time for row in told]))
    request = row_of(Told("crm.privacy.erasure_requested", when, 0, 0, "/a", {**who}), tenant, "request")
    rows = [*told[:at], request, *told[at:]]
    cuts = data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows)))
    arrived = batches(rows, [0] * len(rows), cuts)
    lane = Lane(BOOK).take(arrived)
    if data.draw(st.booleans()):
        lane.restart(1)
    assert differences(lane, arrived, as_of, looked_at) == []
    if at == len(told):
        ((field, name),) = who.items()
        raw = f"{field.removesuffix('_id')}:{name}".encode()
        kept = {key: value for key, value in lane.kept().items() if key[1:].startswith(tenant.encode())}
        assert not [key for key, value in kept.items() if raw in key + b" " + value]


@pytest.mark.parametrize(("mode", "orders"), [("forget", 2), ("unpick", 0)])
@pytest.mark.parametrize("early", [True, False])
def test_scenario_12(mode: str, orders: int, early: bool) -> None:
    """Two orders, one of them told after the request; a third after it is of somebody new."""
    feed = Feed()
    feed.add("page.viewed", "2026-06-01", customer_id="c1", anonymous_id="a1", url="/")
    feed.add("link.clicked", "2026-06-01", anonymous_id="a1", link_url="/x", click_id="k")
    feed.add("form.started", "2026-06-01", anonymous_id="a1", form_id="f")
    feed.add("order.completed", "2026-06-02", customer_id="c1", order_id="o1", amount=100, currency="EUR")
    late: dict[str, Any] = {"customer_id": "c1", "order_id": "o2", "amount": 100, "currency": "EUR"}
    if early:
        feed.add("order.completed", "2026-06-03", **late)
    feed.add("privacy.erasure_requested", "2026-06-05", anonymous_id="a1", mode=mode)
    if not early:
        feed.add("order.completed", "2026-06-03", **late)
    feed.add("order.completed", "2026-06-06", customer_id="c1", order_id="o3", amount=100, currency="EUR")
    lane = Lane(TenantBook())
    lane.take([[("t", {"topic": "x", "partition": 0, "rows": [list(row) for row in feed.items], "refused": []})]])
    documents = lane.engine.documents("t", ms("2026-06-10"), live=False, full=True)
    found = {d["kpi"]: d["value"] for d in documents if d["window"] == "month" and not d["segment"]}
    assert (found["orders"], found["new_customers"]) == (orders + 1, 2 if orders else 1)
    assert (
        compare(
            recount(feed.items, BOOK.default.model_copy(update={"dimensions": (), "low_n": 30}), ms("2026-06-10")),
            documents,
        )
        == []
    )
    assert lane.engine.recount("t") == []
    assert not [key for key in lane.kept() if b":a1" in key]


@pytest.mark.parametrize("number", range(8))
def test_a_customer_whose_first_id_is_another_one_afterwards_counts_once(number: int) -> None:
    """The order of two surrogates is random: the customer has the new one, and no row has the old one."""
    feed = Feed()
    feed.add("lead.assigned", "2026-06-01", user_id="u1", anonymous_id="a1", lead_id="l2")
    feed.add("order.completed", "2026-06-02", user_id="u1", lead_id="l1", order_id="o1", amount=100, currency="EUR")
    feed.add("privacy.erasure_requested", "2026-06-05", key=f"request {number}", lead_id="l1")
    lane = Lane(BOOK)
    for item in feed.items:  # the customer has a row before the request comes
        lane.take([[("t", {"topic": "x", "partition": 0, "rows": [list(item)], "refused": []})]])
    documents = lane.engine.documents("t", ms("2026-06-10"), live=False, full=True)
    assert compare(recount(feed.items, BOOK.default, ms("2026-06-10")), documents) == []


@pytest.mark.parametrize("late", [False, True])
def test_a_deal_of_a_forgotten_person_stays_with_the_account(*, late: bool) -> None:
    """The person is linked to its account under its new name, whether another event says so again or not."""
    book = TenantBook.from_mapping({"tenant": {"customer_is": "account", "low_n": 2}})
    feed = Feed()
    view: dict[str, Any] = {"customer_id": "c1", "user_id": "u1", "url": "/", "traits": {"country": "FI"}}
    feed.add("page.viewed", "2026-06-01", **view)
    feed.add("deal.won", "2026-06-02", user_id="u1", deal_id="d1", amount=100, currency="EUR")
    feed.add("privacy.erasure_requested", "2026-06-05", user_id="u1")
    if late:
        feed.add("page.viewed", "2026-06-03", **view)
    lane = Lane(book)
    lane.take([[("t", {"topic": "x", "partition": 0, "rows": [list(row) for row in feed.items], "refused": []})]])
    for _ in range(2):
        documents = lane.engine.documents("t", ms("2026-06-10"), live=False, full=True)
        assert compare(recount(feed.items, book.default, ms("2026-06-10")), documents) == []
        assert [
            one["value"]
            for one in documents
            if one["kpi"] == "active_customers" and one["segment"] == {"country": "FI"}
        ]
        lane.restart(1)


@pytest.mark.parametrize("mode", ["forget", "unpick"])
@pytest.mark.parametrize("who", [{"lead_id": "l1"}, {"customer_id": "c2"}])
def test_others_of_an_account_are_counted_once_whatever_other_accounts_they_are_in(
    who: dict[str, Any], mode: str
) -> None:
    """One person is known in three accounts; a lead of the second is erased, or all of it, which parts the person."""
    book = TenantBook.from_mapping({"tenant": {"customer_is": "account", "low_n": 2}})
    feed = Feed()
    visits: list[tuple[str, dict[str, Any]]] = [
        ("c1", {"user_id": "u1", "anonymous_id": "a1"}), ("c2", {"user_id": "u2", "anonymous_id": "a1"}),
        ("c2", {"lead_id": "l1"}), ("c3", {"anonymous_id": "a5"}), ("c3", {"anonymous_id": "a6"}),
        ("c2", {"user_id": "u2", "anonymous_id": "a5"}), ("c2", {"user_id": "u2", "anonymous_id": "a6"}),
    ]  # fmt: skip
    for day, (account, ids) in enumerate(visits, 1):
        for kind in ("page.viewed", "form.started"):
            feed.add(kind, f"2026-06-0{day}", customer_id=account, **ids, url="/", form_id="f", session_id="s")
    feed.add("privacy.erasure_requested", "2026-06-09", mode=mode, **who)
    lane = Lane(book)
    for item in feed.items:
        lane.take([[("t", {"topic": "x", "partition": 0, "rows": [list(item)], "refused": []})]])
    for _ in range(2):  # a restart makes all persons from the facts
        assert lane.engine.recount("t") == []
        documents = lane.engine.documents("t", ms("2026-06-10"), live=False, full=True)
        assert mode == "unpick" or compare(recount(feed.items, book.default, ms("2026-06-10")), documents) == []
        lane.restart(1)


@pytest.mark.parametrize("customer_is", ["person", "account"])
def test_what_is_told_late_of_an_unpicked_user_or_lead_is_nobodys(customer_is: str) -> None:
    """Also in the name of a customer: no sign-in and no lead of an id that is not there any more."""
    book = TenantBook.from_mapping({"tenant": {"customer_is": customer_is, "low_n": 2}})
    feed = Feed()
    feed.add("user.signed_in", "2026-06-01", user_id="u1", lead_id="l1")
    feed.add("privacy.erasure_requested", "2026-06-05", user_id="u1", mode="unpick")
    feed.add("user.signed_in", "2026-06-02", customer_id="c1", user_id="u1", received="2026-06-06")
    feed.add("lead.created", "2026-06-02", customer_id="c1", lead_id="l1", received="2026-06-06")
    lane = Lane(book)
    lane.take([[("t", {"topic": "x", "partition": 0, "rows": [list(row) for row in feed.items], "refused": []})]])
    documents = lane.engine.documents("t", ms("2026-06-10"), live=False, full=True)
    assert compare(recount(feed.items, book.default, ms("2026-06-10")), documents) == []
    found = {one["kpi"]: one["value"] for one in documents if one["window"] == "month" and not one["segment"]}
    assert (found["leads"], found["logins_per_active_user"]) == (0, None)


PARTS: Final[list[tuple[dict[str, Any], tuple[int, ...]]]] = [
    ({"user_id": "u1"}, (0, 1, 1, 1)),  # a user of an account: what the user did
    ({"contact_id": "k1"}, (1, 1, 1, 1)),
    ({"lead_id": "l1"}, (1, 1, 0, 1)),  # another account's: the event of the lead
    ({"customer_id": "c1"}, (0, 0, 1, 0)),
]


@pytest.mark.parametrize(("who", "left"), PARTS)
def test_an_event_of_several_loses_the_part_that_was_counted_for_the_unpicked(
    who: dict[str, Any], left: tuple[int, ...]
) -> None:
    """And it is the same whether the request comes after it or before it."""
    book = TenantBook.from_mapping({"tenant": {"customer_is": "account", "low_n": 2}})
    seen: list[Any] = []
    for early in (True, False):
        feed = Feed()
        feed.add("lead.contacted", "2026-05-01", customer_id="c2", lead_id="l1")
        if not early:
            feed.add("privacy.erasure_requested", "2026-06-05", mode="unpick", **who)
        feed.add("page.viewed", "2026-06-01", customer_id="c1", user_id="u1", url="/")
        feed.add(
            "order.completed", "2026-06-02", customer_id="c1", user_id="u1", order_id="o1", amount=100, currency="EUR"
        )
        feed.add("lead.created", "2026-06-02", customer_id="c1", lead_id="l1")
        feed.add("deal.won", "2026-06-03", customer_id="c1", deal_id="d1", amount=100, currency="EUR")
        feed.add("call.ended", "2026-06-03", customer_id="c1", contact_id="k1", deal_id="d1", direction="outbound",
                 outcome="connected")  # fmt: skip
        if early:
            feed.add("privacy.erasure_requested", "2026-06-05", mode="unpick", **who)
        lane = Lane(book)
        lane.take([[("t", {"topic": "x", "partition": 0, "rows": [list(row) for row in feed.items], "refused": []})]])
        documents = lane.engine.documents("t", ms("2026-06-10"), live=False, full=True)
        assert compare(recount(feed.items, book.default, ms("2026-06-10")), documents) == []
        assert lane.engine.recount("t") == []
        found = {one["kpi"]: one["value"] for one in documents if one["window"] == "month" and not one["segment"]}
        assert tuple(found[kpi] or 0 for kpi in ("visitors", "orders", "leads", "closed_won_deals")) == left
        seen.append([one for one in documents if one["kpi"] not in ("received", "late_rate")])
    assert seen[0] == seen[1]


@pytest.mark.parametrize("mode", ["forget", "unpick"])
def test_what_came_of_an_erased_subject_stays_counted_in_the_quality_of_the_stream(mode: str) -> None:
    """Money without a rate, before the request and after it, and a robot's view: they were received."""
    feed = Feed()
    money: dict[str, Any] = {"customer_id": "c1", "amount": 100, "currency": "USD"}
    feed.add("order.completed", "2026-06-02", order_id="o1", **money)
    feed.add("page.viewed", "2026-06-02", customer_id="c1", url="/", flags=BOT)
    feed.add("privacy.erasure_requested", "2026-06-05", customer_id="c1", mode=mode)
    feed.add("order.completed", "2026-06-03", order_id="o2", **money)
    lane = Lane(TenantBook())
    lane.take([[("t", {"topic": "x", "partition": 0, "rows": [list(row) for row in feed.items], "refused": []})]])
    documents = lane.engine.documents("t", ms("2026-06-10"), live=False, full=True)
    found = {d["kpi"]: d["numerator"] for d in documents if d["window"] == "month" and not d["segment"]}
    assert (found["unpriced_rate"], found["bot_rate"]) == (2, 1)
    quality = [d for d in documents if d["kpi"] in ("unpriced_rate", "bot_rate")]
    wanted = recount(feed.items, TenantSettings(), ms("2026-06-10"), kpis=["unpriced_rate", "bot_rate"])
    assert compare(wanted, quality) == []
