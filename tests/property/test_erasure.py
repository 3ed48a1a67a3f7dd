"""Erasure: who was named is nobody any more, counts stay or go, and the recount of the journal agrees."""

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.record import BOT
from models.settings import TenantBook, TenantSettings
from tests.property.events import CUSTOMERS, LEADS, USERS, VISITORS, Told, ends
from tests.property.lanes import Lane, World, batches, differences, row_of, worlds
from tests.property.test_engine import variant, windows
from tests.recount import compare, recount
from tests.recount.feed import Feed, ms

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
