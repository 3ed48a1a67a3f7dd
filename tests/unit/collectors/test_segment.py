"""Calls of Segment's and RudderStack's clients: what each means, and that a bad one is bad alone."""

import copy
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.arrived import Unreadable
from collectors.event import Event
from collectors.segment import CALLS, read, write_key
from models.refused import Rejection
from tests.unit.collectors.contract import RECEIVED, arrived, rows, validated

Call = dict[str, Any]
CONTEXT: Call = {
    "ip": "203.0.113.7",
    "userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "locale": "fi-FI",
    "sessionId": 1795859,
    "library": {"name": "analytics.js", "version": "2"},
    "page": {"url": "https://acme.example/pricing", "path": "/pricing", "referrer": "https://news.example/"},
}
BASE: Call = {
    "anonymousId": "a-1",
    "userId": "u-1",
    "messageId": "m-1",
    "originalTimestamp": "2026-11-28T09:59:00.123Z",
    "sentAt": "2026-11-28T09:59:30.123Z",
    "integrations": {"All": True},
    "context": CONTEXT,
}
CARRIED = {
    "ip": CONTEXT["ip"],
    "user_agent": CONTEXT["userAgent"],
    "locale": "fi-FI",
    "session_id": "1795859",
    "referrer": "https://news.example/",
}
IDS = {"user_id": "u-1", "anonymous_id": "a-1"}


def events(call: str, **said: Any) -> list[Event]:
    """The events of one good call."""
    reading = read(arrived({**copy.deepcopy(BASE), **said}), call)
    rows(reading)
    assert {at for at, _ in reading.events} <= {0}
    return [event for _, event in reading.events]


def tracked(name: str, /, **properties: Any) -> tuple[str, dict[str, Any]]:
    """Type and data of one tracked event, without what every event carries."""
    (event,) = events("track", event=name, properties=properties)
    return event.type, {key: value for key, value in event.data.items() if key not in CARRIED and key not in IDS}


def test_a_page_view() -> None:
    page = {"url": "https://acme.example/a?utm_source=News&utm_medium=email&gclid=g-1", "path": "/a", "title": "A"}
    (event,) = events("page", name="Alpha", properties={**page, "referrer": "https://x.example/", "plan": "pro"})
    assert event == Event(
        "crm.page.viewed",
        "m-1",
        "2026-11-28T09:59:00.123Z",
        {
            **CARRIED,
            **IDS,
            **page,
            "referrer": "https://x.example/",
            "campaign": {"source": "News", "medium": "email"},
            "click_id": "g-1",
            "properties": {"plan": "pro"},
        },
        "2026-11-28T09:59:30.123Z",
    )


def test_a_clock_that_is_wrong_is_corrected_by_when_it_was_sent() -> None:
    (row,) = rows(read(arrived(BASE | {"properties": {}}), "page"))
    assert row.time == RECEIVED - 30_000


def test_the_page_of_the_context_stands_in() -> None:
    (event,) = events("page", properties={"title": "Prices"})
    assert (event.data["url"], event.data["path"], event.data["title"]) == (
        CONTEXT["page"]["url"],
        "/pricing",
        "Prices",
    )


@pytest.mark.parametrize(
    ("query", "campaign", "click"),
    [
        ("utm_source=a&utm_medium=b&utm_campaign=c&utm_term=d&utm_content=e",
         {"source": "a", "medium": "b", "name": "c", "term": "d", "content": "e"}, None),
        ("UTM_Source=a+b%20c", {"source": "a b c"}, None),
        ("utm_source=&utm_medium=%20", None, None),
        ("gclid=1", {"source": "google", "medium": "cpc"}, "1"),
        ("msclkid=2&utm_source=bing-ads", {"source": "bing-ads"}, "2"),
        ("fbclid=3", None, "3"),
        ("a=%ff&utm_source=%ff", {"source": "\ufffd"}, None),
        ("utm_source=%00a%0d%0a&gclid=%00%1b", {"source": "a"}, None),
        ("utm_campaign=" + "x" * 400, {"name": "x" * 256}, None),
    ],
)  # fmt: skip
def test_campaigns_of_an_address(query: str, campaign: dict[str, str] | None, click: str | None) -> None:
    (event,) = events("page", properties={"url": f"https://acme.example/?{query}#utm_source=no"})
    assert (event.data.get("campaign"), event.data.get("click_id")) == (campaign, click)


def test_the_campaign_a_client_names_goes_before_the_address() -> None:
    context = {**CONTEXT, "campaign": {"name": "spring", "source": "mail", "id": "7"}}
    (event,) = events("page", context=context, properties={"url": "https://a.example/?utm_source=other"})
    assert event.data["campaign"] == {"name": "spring", "source": "mail"}


def test_a_screen_is_a_page_of_an_app() -> None:
    (event,) = events("screen", name="Basket", context={"app": {"namespace": "com.acme.shop"}})
    assert event.type == "crm.page.viewed"
    assert event.data["url"] == "app://com.acme.shop/Basket"


def test_identify_links_and_tells_of_traits_without_the_person() -> None:
    traits = {
        "email": "ann@acme.example", "phone": "+358 40 1234567", "firstName": "Ann", "lastName": "Onym", "plan": "pro",
        "birthday": "1990-01-01", "address": {"street": "Main Street 1", "country": "FI"}, "about": "x" * 300,
    }  # fmt: skip
    (event,) = events("identify", traits=traits)
    person = {"email": "ann@acme.example", "phone": "+358 40 1234567", "name": "Ann Onym"}
    assert event.type == "crm.identity.identified"
    assert event.data == {**CARRIED, **IDS, **person, "traits": {"country": "FI", "plan": "pro"}}


def test_identify_of_a_customer_updates_it() -> None:
    linked, updated = events("identify", traits={"customerId": 17, "plan": "pro", "email": "a@b.example"})
    assert (linked.type, linked.id, linked.data["customer_id"]) == ("crm.identity.identified", "m-1", "17")
    assert (updated.type, updated.id) == ("crm.customer.updated", "m-1/2")
    assert updated.data == {"customer_id": "17", "email": "a@b.example", "traits": {"customerId": 17, "plan": "pro"}}


def test_identify_with_one_id_is_kept() -> None:
    (event,) = events("identify", anonymousId=None, traits={"plan": "pro"})
    assert (event.type, event.data["traits"]) == ("crm.user.updated", {"plan": "pro"})


def test_a_group_is_a_customer() -> None:
    linked, updated = events(
        "group", groupId="acme", traits={"name": "Acme Ltd", "industry": "Toys", "email": "i@a.example"}
    )
    assert (linked.type, linked.data["customer_id"], linked.data["user_id"]) == (
        "crm.identity.identified",
        "acme",
        "u-1",
    )
    assert updated.type == "crm.customer.updated"
    assert updated.data == {"customer_id": "acme", "traits": {"industry": "Toys", "account_name": "Acme Ltd"}}


def test_an_alias_links_what_somebody_was_called_before() -> None:
    (event,) = events("alias", anonymousId=None, previousId="old")
    assert (event.type, event.data["user_id"], event.data["anonymous_id"]) == ("crm.identity.identified", "u-1", "old")
    assert events("alias", previousId="u-1") == []


@pytest.mark.parametrize(
    "name", ["Order Completed", "order_completed", "orderCompleted", "ORDER COMPLETED ", "order-completed"]
)
def test_an_order(name: str) -> None:
    products = [{"product_id": "p", "price": 25, "quantity": 1, "name": "Ball"}]
    assert tracked(
        name, order_id=50314, total=27.5, tax=2, shipping=3, currency="EUR", products=products, coupon=""
    ) == (
        "crm.order.completed",
        {"order_id": 50314, "amount": 27.5, "tax": 2, "currency": "EUR", "items": products},
    )


@pytest.mark.parametrize(
    ("said", "amount"),
    [
        ({"revenue": 25, "tax": 2.1, "shipping": 3}, "30.1"),
        ({"revenue": 0.1, "tax": 0.2}, "0.3"),
        ({"revenue": "22.50"}, "22.50"),
        ({"subtotal": 22.5, "tax": "2"}, "24.5"),
        ({"value": 9}, 9),
        ({"total": 0, "revenue": 8}, 0),
    ],
)
def test_an_order_is_worth_its_total_tax_included(said: Call, amount: object) -> None:
    assert tracked("Order Completed", order_id="1", currency="EUR", **said)[1]["amount"] == amount


@pytest.mark.parametrize(
    ("name", "properties", "type_", "data"),
    [
        ("Order Refunded", {"order_id": "1", "total": 5, "currency": "EUR", "refund_id": "r"}, "crm.order.refunded",
         {"order_id": "1", "amount": 5, "currency": "EUR", "refund_id": "r"}),
        ("Order Cancelled", {"order_id": "1", "reason": "late"}, "crm.order.cancelled",
         {"order_id": "1", "reason": "late"}),
        ("Signed Up", {"type": "invited"}, "crm.user.signed_up",
         {"method": "invited", "properties": {"type": "invited"}}),
        ("Signed In", {"username": "ann"}, "crm.user.signed_in", {}),
        ("Signed Out", {}, "crm.user.signed_out", {}),
        ("Email Opened", {"email_id": "e", "campaign_name": "spring", "machine_open": True}, "crm.email.opened",
         {"message_id": "e", "campaign": {"name": "spring"}, "machine": True}),
        ("Email Link Clicked", {"email_id": "e", "link_url": "https://a.example/", "email": "a@b.example"},
         "crm.email.clicked",
         {"message_id": "e", "link_url": "https://a.example/", "email": "a@b.example", "recipient": "a@b.example"}),
        ("Email Marked as Spam", {"delivery_id": "d"}, "crm.email.complained", {"message_id": "d"}),
        ("Unsubscribed", {"dispatch_id": "d"}, "crm.email.unsubscribed", {"message_id": "d"}),
        ("Form Submitted", {"form_id": "f", "name": "Ann", "message": "secret"}, "crm.form.submitted",
         {"form_id": "f", "url": "https://acme.example/pricing", "path": "/pricing"}),
        ("Link Clicked", {"href": "https://b.example/"}, "crm.link.clicked",
         {"link_url": "https://b.example/", "url": "https://acme.example/pricing", "path": "/pricing"}),
        ("Live Chat Message Sent", {"conversation_id": "c", "message_body": "hello"}, "crm.chat.messaged",
         {"direction": "inbound", "conversation_id": "c"}),
        ("deal.won", {"deal_id": "d", "amount": 5, "currency": "EUR", "user_id": "x"}, "crm.deal.won",
         {"deal_id": "d", "amount": 5, "currency": "EUR"}),
        ("crm.lead.created", {"lead_id": "l", "source": "fair"}, "crm.lead.created",
         {"lead_id": "l", "source": "fair"}),
        ("Product Viewed", {"product_id": "p", "email": "a@b.example", "phone": None}, "crm.track.product_viewed",
         {"event": "Product Viewed", "properties": {"product_id": "p"}, "email": "a@b.example"}),
        ("Tilaus tehtiin jälkeenpäin", {}, "crm.track.tilaus_tehtiin_jalkeenpain",
         {"event": "Tilaus tehtiin jälkeenpäin"}),
        ("x" * 400, {}, "crm.track." + "x" * 100, {"event": "x" * 400}),
    ],
)  # fmt: skip
def test_a_tracked_event_means_what_its_name_says(name: str, properties: Call, type_: str, data: Call) -> None:
    assert tracked(name, **properties) == (type_, data)


def test_names_in_another_script_stay_apart() -> None:
    types = {tracked(name)[0] for name in ("Замовлення", "Замовлення", "Оплата")}
    assert len(types) == 2


def test_an_event_of_an_account_names_its_customer() -> None:
    (event,) = events("track", event="Trial Started", context={**CONTEXT, "groupId": "acme"})
    assert event.data["customer_id"] == "acme"


@pytest.mark.parametrize(
    ("consent", "carried"),
    [
        ("granted", "granted"), ("denied", "denied"), ("none", "none"), ("perhaps", None), ({}, None), (7, None),
        ({"categoryPreferences": {"Advertising": False, "Analytics": True}}, "granted"),
        ({"categoryPreferences": {"Advertising": True, "C0002": False}}, "denied"),
        ({"categoryPreferences": {"all": True, "more": False}}, "denied"),
        ({"categoryPreferences": []}, None),
    ],
)  # fmt: skip
def test_consent_is_carried(consent: object, carried: str | None) -> None:
    (event,) = events("track", event="Seen", context={"consent": consent})
    assert event.data.get("consent") == carried


def test_consent_of_rudderstack_is_two_lists() -> None:
    managed = {"provider": "oneTrust", "allowedConsentIds": ["C0001", 7], "deniedConsentIds": ["C0002"]}
    (event,) = events("track", event="Seen", context={"consentManagement": managed})
    assert event.data["consent"] == "denied"
    (event,) = events("track", event="Seen", context={"consentManagement": {**managed, "deniedConsentIds": 7}})
    assert event.data["consent"] == "granted"


def test_what_is_personal_is_left_out_however_deep_and_however_spelled() -> None:
    inner = {"Email Address": "b@c.example", "size": 1, "people": [{"firstName": "Bo", "age": 4}]}
    (event,) = events(
        "track", event="Seen", properties={"E-Mail": "a@b.example", "phone_number": 358, "company": inner}
    )
    assert (event.data["email"], event.data["phone"]) == ("a@b.example", "358")
    assert event.data["properties"] == {"company": {"size": 1, "people": [{"age": 4}]}}


def test_before_consent_is_asked_for_nobody_need_be_named() -> None:
    (event,) = events("page", userId=None, anonymousId="", context={**CONTEXT, "consent": "none"})
    assert not event.data.keys() & {"user_id", "anonymous_id"}


BAD: list[tuple[str, Call, str]] = [
    ("track", {"event": "Seen", "userId": None, "anonymousId": None}, "userId"),
    ("track", {"event": "Seen", "userId": {"id": 1}}, "userId"),
    ("track", {"event": ""}, "event"),
    ("track", {"event": ["Seen"]}, "event"),
    ("track", {"event": "Seen", "properties": ["a"]}, "properties"),
    ("track", {"event": "Seen", "originalTimestamp": "2026-11-28T10:00:00"}, "originalTimestamp"),
    ("track", {"event": "Seen", "originalTimestamp": None, "timestamp": "yesterday"}, "timestamp"),
    ("track", {"event": "Seen", "originalTimestamp": 1795860000}, "originalTimestamp"),
    ("track", {"event": "Order Completed", "properties": {"total": 5, "currency": "EUR"}}, "properties.order_id"),
    ("track", {"event": "Order Completed", "properties": {"order_id": "1", "currency": "EUR"}}, "properties.total"),
    ("track", {"event": "Order Completed", "properties": {"order_id": "1", "total": 5}}, "properties.currency"),
    ("track", {"event": "Email Opened", "properties": {}}, "properties.email_id"),
    ("track", {"event": "Form Submitted", "properties": {"email": "a@b.example"}}, "properties.form_id"),
    ("track", {"event": "Link Clicked", "properties": {}}, "properties.link_url"),
    ("page", {"context": {}}, "properties.url"),
    ("screen", {}, "name"),
    ("identify", {"traits": "none"}, "traits"),
    ("group", {}, "groupId"),
    ("alias", {}, "previousId"),
    ("alias", {"previousId": "a", "userId": None}, "userId"),
    ("track", {"event": "Seen", "messageId": 1.5}, "messageId"),
    ("dance", {}, "type"),
    ("track", {"event": "Seen", "properties": {"text": "x" * 33_000}}, "event"),
]


@pytest.mark.parametrize(("kind", "said", "field"), BAD)
def test_a_bad_call_is_named_and_leaves_its_neighbours(kind: str, said: Call, field: str) -> None:
    good = {**BASE, "type": "track", "event": "Seen"}
    wrong = {**BASE, "type": kind, **said}
    reading = read(arrived({"batch": [good, wrong, good]}), "batch")
    assert [at for at, _ in reading.events] == [0, 2]
    ((at, named, text, raw),) = reading.bad
    assert (at, named, orjson.loads(raw)) == (1, field, wrong)
    assert text


def test_a_batch_shares_its_context_and_when_it_was_sent() -> None:
    call = {
        "type": "track",
        "event": "Seen",
        "userId": "u",
        "messageId": "m",
        "timestamp": "2026-11-28T12:00:00.5+0200",
    }
    body = {"sentAt": "2026-11-28T09:59:30Z", "context": {"ip": "203.0.113.9", "locale": "fi"}, "writeKey": "k"}
    reading = read(arrived({"batch": [{**call, "context": {"locale": "en"}}], **body}, "text/plain"), "batch")
    ((_, event),) = reading.events
    rows(reading)
    assert (event.time, event.sent) == ("2026-11-28T12:00:00.5+02:00", "2026-11-28T09:59:30Z")
    assert (event.data["ip"], event.data["locale"]) == ("203.0.113.9", "en")


def test_a_time_that_the_program_names_is_not_the_clocks() -> None:
    (event,) = events("track", event="Seen", timestamp="2026-11-01T08:00:00.000Z")
    assert (event.time, event.sent) == ("2026-11-01T08:00:00.000Z", None)


def test_a_clock_that_cannot_be_read_loses_nothing() -> None:
    for unread in ("soon", 7, "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", None):
        (event,) = events("track", event="Seen", sentAt=unread)
        assert event.sent is None


def test_a_call_without_message_id_has_the_same_when_it_is_sent_again() -> None:
    call = {"event": "Seen", "messageId": None}
    first, second = events("track", **call), events("track", **call, sentAt="2026-11-28T09:59:59Z")
    assert first[0].id == second[0].id != "m-1"
    assert events("track", event="Seen", messageId="x" * 300)[0].id.startswith("derived-")


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"7", b"{}", b'{"batch":[]}', b'{"batch":{}}', b'{"batch":[{}],"batch":[{}]}', b'{"batch":[{}]',
     b'{"batch":[{}]}{}', b'{"batch":[{}],}', b'{batch:[{}]}', b'{"batch":[{}],"sentAt":NaN}', b"\xff", b'"batch"',
     b'{"batch":' + b"[" * 50_000],
)  # fmt: skip
def test_a_batch_that_cannot_be_read(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read(arrived(body), "batch")


def test_a_call_that_is_no_object_is_unreadable() -> None:
    for body in (b"[1]", b"null", b"{", b'{"event":"a","event":"b"}'):
        with pytest.raises(Unreadable):
            read(arrived(body), "track")
    with pytest.raises(Unreadable):
        read(arrived({}), "dance")


def test_the_route_decides_what_call_it_is() -> None:
    (event,) = events("page", type="track", event="Seen")
    assert event.type == "crm.page.viewed"


def test_the_key_of_a_beacon_stands_in_its_body() -> None:
    assert write_key(b'{"batch":[{}],"writeKey":"k-1"}') == "k-1"
    assert write_key(b'{"batch":[{}]}') is None
    assert write_key(b'{"writeKey":{"a":1}}') is None
    with pytest.raises(Unreadable):
        write_key(b'{"writeKey":NaN}')


SAMPLES: list[Call] = [
    {**BASE, "type": "page", "name": "A", "properties": {"url": "https://a.example/?utm_source=a", "title": "t"}},
    {**BASE, "type": "identify", "traits": {"email": "a@b.example", "customer_id": "1", "address": {"country": "FI"}}},
    {**BASE, "type": "group", "groupId": "g", "traits": {"name": "n", "plan": "p"}},
    {**BASE, "type": "alias", "previousId": "p"},
    {**BASE, "type": "screen", "name": "s"},
    {**BASE, "type": "track", "event": "Order Completed",
     "properties": {"order_id": "1", "revenue": 5, "tax": 1, "currency": "EUR", "products": [{"price": 1}]}},
    {**BASE, "type": "track", "event": "Email Opened", "properties": {"email_id": "1", "email": "a@b.example"}},
    {**BASE, "type": "track", "event": "deal.won", "properties": {"deal_id": "1", "amount": "1.50", "currency": "EUR"}},
]  # fmt: skip
ODD = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6) | st.sampled_from(["\0", "x" * 40_000, "undefined", "2026-11-28T10:00:00Z", 10**18]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=5,
)  # fmt: skip


def paths(value: object, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where in a document anything stands."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [above, *(path for key, one in inner for path in paths(one, (*above, key)))]


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_anything_anywhere_is_an_event_or_bad(data: st.DataObject) -> None:
    body: Any = {"batch": [copy.deepcopy(data.draw(st.sampled_from(SAMPLES)))], "sentAt": BASE["sentAt"], "context": {}}
    path = data.draw(st.sampled_from(paths(body)[1:]))
    holder = body
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = data.draw(ODD)
    try:
        reading = read(arrived(body), "batch")
    except Unreadable:
        return
    assert {at for at, _ in reading.events}.isdisjoint(bad.at for bad in reading.bad)
    for _, event in reading.events:
        row = validated(event)
        assert not isinstance(row, Rejection) or row.reason != "not_json"


def test_every_call_is_tried_here() -> None:
    assert {sample["type"] for sample in SAMPLES} == set(CALLS) - {"batch", "import"}
