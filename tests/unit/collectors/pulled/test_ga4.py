"""Rows of the export of Google Analytics 4 as events."""

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.event import Event, Reading
from collectors.pulled.ga4 import lines_reading
from models.refused import Rejection
from tests.unit.collectors.contract import RECEIVED, rows, validated

PAGE = "https://shop.example/a?utm_source=letter&utm_medium=email"


def row(name: str, *, params: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A row of the export."""
    values = [{"key": key, "value": _value(value)} for key, value in (params or {}).items()]
    return {
        "event_date": "20261101", "event_timestamp": "1793527200123456", "event_name": name, "event_params": values,
        "event_bundle_sequence_id": "7", "user_pseudo_id": "12.34", "user_id": None, "stream_id": "99",
        "device": {"language": "fi-fi"}, "privacy_info": {"analytics_storage": "Yes"}, **more,
    }  # fmt: skip


def _value(value: Any) -> dict[str, Any]:
    kind = "string_value" if isinstance(value, str) else "int_value" if isinstance(value, int) else "double_value"
    return {
        "string_value": None,
        "int_value": None,
        "double_value": None,
        kind: str(value) if kind[0] == "i" else value,
    }


def read(*found: Any, gross: bool = False) -> Reading:
    """What is made of some rows."""
    return lines_reading(map(orjson.dumps, found), RECEIVED, gross_values=gross)


def one(found: Any, *, gross: bool = False) -> Event:
    """The only event, which keeps to the contract."""
    reading = read(found, gross=gross)
    assert len(rows(reading)) == 1
    return reading.events[0][1]


def test_a_page_view() -> None:
    """With microseconds, visitor, session and campaign."""
    params = {"page_location": PAGE, "page_title": "A", "page_referrer": "https://x.example/", "ga_session_id": 5}
    made = one(row("page_view", params=params))
    assert (made.type, made.time) == ("crm.page.viewed", "2026-11-01T10:00:00.123456Z")
    assert made.data == {
        "url": PAGE, "title": "A", "referrer": "https://x.example/", "anonymous_id": "12.34", "session_id": "12.34.5",
        "locale": "fi-fi", "campaign": {"source": "letter", "medium": "email"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("more", "params", "campaign"),
    [
        (
            {"collected_traffic_source": {"manual_source": "n", "manual_campaign_name": "c"}},
            {},
            {"source": "n", "name": "c"},
        ),
        ({"collected_traffic_source": {"gclid": "g"}}, {}, {"source": "google", "medium": "cpc"}),
        ({"collected_traffic_source": {"manual_source": "(direct)"}}, {"source": "x"}, None),
        ({}, {"source": "bing", "medium": "organic", "campaign": "(organic)"}, {"source": "bing", "medium": "organic"}),
        ({"traffic_source": {"source": "old"}}, {}, None),
        ({"traffic_source": {"source": "old"}}, {"entrances": 1, "ga_session_number": 1}, {"source": "old"}),
    ],
)
def test_where_a_visit_came_from(more: dict[str, Any], params: dict[str, Any], campaign: dict[str, str] | None) -> None:
    """What is of the event goes first; the source of the first visit counts for that visit only."""
    made = one(row("page_view", params={"page_location": "https://shop.example/", **params}, **more))
    assert made.data.get("campaign") == campaign


def test_an_order_and_its_refund() -> None:
    """Exact; tax and shipping come to what is without them."""
    ecommerce = {"transaction_id": "T1", "purchase_revenue": 27.5, "tax_value": 6.6, "shipping_value": 4.95}
    items = [{"item_id": "s", "item_name": "Shirt", "price": 27.5, "quantity": "1", "coupon": None}]
    order = row("purchase", params={"currency": "EUR"}, ecommerce=ecommerce, items=items)
    assert one(order).data["amount"] == "39.05"
    assert one(order, gross=True).data["amount"] == 27.5
    assert one(order).data["items"] == [{"item_id": "s", "item_name": "Shirt", "price": 27.5, "quantity": "1"}]
    refund = one(row("refund", params={"currency": "EUR", "value": 10, "transaction_id": "T1"}))
    assert (refund.type, refund.data["order_id"], refund.data["amount"]) == ("crm.order.refunded", "T1", "10")


@pytest.mark.parametrize(
    ("name", "params", "more", "type_"),
    [
        ("sign_up", {"method": "mail"}, {}, "crm.user.signed_up"),
        ("login", {}, {"user_id": "u"}, "crm.user.signed_in"),
        ("generate_lead", {}, {}, "crm.lead.created"),
        ("form_start", {"form_id": "f"}, {}, "crm.form.started"),
        ("form_submit", {"form_destination": "/send"}, {}, "crm.form.submitted"),
        ("click", {"link_url": "https://x.example/"}, {}, "crm.link.clicked"),
        ("screen_view", {"firebase_screen": "home"}, {}, "crm.page.viewed"),
    ],
)
def test_the_other_events(name: str, params: dict[str, Any], more: dict[str, Any], type_: str) -> None:
    """Each by the type it is."""
    assert one(row(name, params=params, **more)).type == type_


@pytest.mark.parametrize(
    "found",
    [
        row("session_start"), row("user_engagement"), row("login"),
        row("generate_lead", user_pseudo_id=None),
        row("page_view", params={"page_location": PAGE, "debug_mode": 1}),
        row("page_view", params={"page_location": PAGE, "traffic_type": "internal"}),
    ],
)  # fmt: skip
def test_what_is_no_event_of_ours(found: dict[str, Any]) -> None:
    """Tests of developers among it."""
    reading = read(found)
    assert (reading.events, reading.bad, reading.ignored) == ([], [], 1)


def test_robots_and_refusals_are_marked() -> None:
    """A robot's views are no visitor's; who has refused has no id in the numbers."""
    page = {"page_location": PAGE}
    assert one(row("page_view", params={**page, "traffic_type": "bot"})).data["machine"] is True
    assert one(row("page_view", params=page, privacy_info={"analytics_storage": "No"})).data["consent"] == "denied"


def test_a_bad_line_is_named_and_loses_no_neighbour() -> None:
    """An order without its number, a line that was cut."""
    good = orjson.dumps(row("page_view", params={"page_location": PAGE}))
    bad = orjson.dumps(row("purchase", params={"value": 1, "currency": "EUR"}))
    reading = lines_reading([good, bad, good[:40], good], RECEIVED)
    assert [place for place, _ in reading.events] == [0, 3]
    assert [(one.at, one.field) for one in reading.bad] == [(1, "ecommerce.transaction_id"), (2, "body")]


def test_ids_are_the_same_when_a_day_is_exported_again() -> None:
    """And others for another event of the same bundle."""
    page = row("page_view", params={"page_location": PAGE})
    assert one(page).id == one({**page, "is_active_user": True}).id
    assert one(page).id != one({**page, "batch_event_index": "2"}).id


_JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5) | st.just("\0"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_stands_in_a_row_is_an_event_or_bad(data: st.DataObject) -> None:
    """Never another exception; and every event keeps to the contract."""
    name = data.draw(st.sampled_from(["page_view", "purchase", "generate_lead", "click", "sign_up", "form_submit"]))
    params = {"page_location": PAGE, "value": 2.5, "currency": "EUR", "transaction_id": "T", "link_url": "https://x"}
    found = row(name, params=params, ecommerce={}, items=[], collected_traffic_source={})
    for _ in range(data.draw(st.integers(1, 3))):
        where = data.draw(st.sampled_from([*found, "value"]))
        if where == "value":
            found["event_params"] = [
                {"key": data.draw(st.sampled_from(list(params))), "value": {"string_value": data.draw(_JUNK)}}
            ]
        else:
            found[where] = data.draw(_JUNK)
    try:
        raw = orjson.dumps(found)
    except TypeError:
        return
    reading = lines_reading([raw], RECEIVED)
    assert not [one for _, one in reading.events if isinstance(validated(one), Rejection)]
