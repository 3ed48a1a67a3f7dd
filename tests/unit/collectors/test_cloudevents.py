"""CloudEvents over HTTP: each mode gives the same event, and what is wrong with one is said of that one only."""

from contextlib import suppress

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.arrived import Unreadable
from collectors.cloudevents import read
from collectors.event import Event, Reading
from tests.unit.collectors.contract import JSON, arrived, rows, validated

BATCH = "application/cloudevents-batch+json"
STRUCTURED = "application/cloudevents+json"
LINES = "application/x-ndjson"
VIEW = {
    "specversion": "1.0",
    "id": "v-1",
    "source": "/web/acme",
    "type": "crm.page.viewed",
    "time": "2026-11-28T09:59:00Z",
    "sentat": "2026-11-28T09:59:30Z",
    "dataschema": "urn:crmkpi:schema:page.viewed:1-0-0",
    "tenantid": "somebody-else",
    "data": {"url": "https://acme.example/", "anonymous_id": "a-1"},
}
HEADERS = {f"ce-{name}": str(value) for name, value in VIEW.items() if name != "data"}
EVENT = Event(
    "crm.page.viewed",
    "v-1",
    "2026-11-28T09:59:00Z",
    {"url": "https://acme.example/", "anonymous_id": "a-1"},
    "2026-11-28T09:59:30Z",
    {"specversion": "1.0", "source": "/web/acme", "dataschema": "urn:crmkpi:schema:page.viewed:1-0-0"},
)


@pytest.mark.parametrize(
    ("body", "media", "headers"),
    [
        (VIEW, STRUCTURED, {}),
        (VIEW, "Application/CloudEvents+JSON; charset=utf-8", {}),
        (VIEW, JSON, {}),
        (VIEW, "text/plain;charset=UTF-8", {}),
        (VIEW, "", {}),
        ([VIEW], BATCH, {}),
        ([VIEW], JSON, {}),
        (orjson.dumps(VIEW) + b"\r\n\r\n", LINES, {}),
        (b"\xef\xbb\xbf" + orjson.dumps(VIEW), STRUCTURED, {}),
        (b"\xef\xbb\xbf [" + orjson.dumps(VIEW) + b"]", BATCH, {}),
        (VIEW["data"], JSON, HEADERS),
        (VIEW["data"], "", HEADERS),
    ],
)
def test_every_mode_gives_the_same_event_without_its_tenant(body: object, media: str, headers: dict[str, str]) -> None:
    assert read(arrived(body, media, headers=headers)) == Reading([(0, EVENT)], [])


def test_what_is_read_is_valid() -> None:
    (row,) = rows(read(arrived([VIEW], BATCH)))
    assert (row.tenant, row.source, row.id) == ("acme", "/web/acme", "v-1")
    assert row.time == 1_795_859_970_000  # half a minute before it was received


def test_headers_are_unquoted_and_percent_decoded_once() -> None:
    headers = {**HEADERS, "ce-source": '"/caf%C3%A9%2520\\""'}
    ((_, event),) = read(arrived({"url": "/"}, headers=headers)).events
    assert event.attributes["source"] == '/café%20"'
    plain = "/café".encode().decode("latin-1")  # as a server reads what is not percent-encoded
    ((_, event),) = read(arrived({"url": "/"}, headers={**HEADERS, "ce-source": plain})).events
    assert event.attributes["source"] == "/café"
    with pytest.raises(Unreadable) as caught:
        read(arrived({"url": "/"}, headers={**HEADERS, "ce-source": "%ff"}))
    assert caught.value.field == "ce-source"


def test_a_structured_event_says_itself_what_headers_say_otherwise() -> None:
    assert read(arrived(VIEW, STRUCTURED, headers={"ce-type": "crm.deal.won"})).events == [(0, EVENT)]


BAD_ITEMS = [
    (b'{"type":"crm.page.viewed","id":"1","id":"2"}', "body"),
    (b'{"type":"crm.page.viewed","data":{"url":"/","url":"/b"}}', "body"),
    (b'{"id":"1","data":{}}', "type"),
    (b'{"type":7}', "type"),
    (b'{"type":"crm.page.viewed","time":5}', "time"),
    (b'{"type":"crm.page.viewed","id":["1"]}', "id"),
    (b'{"type":"crm.page.viewed","data":[1]}', "data"),
    (b'{"type":"crm.page.viewed","data":"text"}', "data"),
    (b'{"type":"crm.page.viewed","data_base64":"AA=="}', "data"),
    (b'{"type":"crm.cost.recorded","data":{"amount":NaN}}', "body"),
    (b'{"type":"crm.cost.recorded","data":{"amount":-Infinity}}', "body"),
    (b'{"type":"crm.cost.recorded","data":{"amount":1e400}}', "body"),
    (b'{"type":"crm.page.viewed","data":{"url":"a\\u0000b"}}', "body"),
    (b'{"type":"crm.page.viewed","data":{"a":' + b"[" * 100 + b"]" * 100 + b"}}", "body"),
    (b'{"type":"crm.page.viewed","data":{' + b",".join(b'"%d":[[1]]' % n for n in range(1500)) + b"}}", "body"),
    (b"7", "body"),
    (b"null", "body"),
    (b'"text"', "body"),
    (b"[]", "body"),
]


@pytest.mark.parametrize(("raw", "field"), BAD_ITEMS)
def test_a_bad_item_leaves_its_neighbours(raw: bytes, field: str) -> None:
    good = orjson.dumps(VIEW)
    for body, media in ((b"[%b, %b,%b ]" % (good, raw, good), BATCH), (b"%b\n%b\n%b" % (good, raw, good), LINES)):
        reading = read(arrived(body, media))
        assert [at for at, _ in reading.events] == [0, 2]
        ((at, named, text, kept),) = reading.bad
        assert (at, named, kept) == (1, field, raw)
        assert text


def test_a_line_that_is_no_json_leaves_the_others() -> None:
    reading = read(arrived(orjson.dumps(VIEW) + b'\n{"type":\n\n' + orjson.dumps(VIEW), LINES))
    assert [at for at, _ in reading.events] == [0, 2]
    assert [(bad.at, bad.raw) for bad in reading.bad] == [(1, b'{"type":')]


UNREADABLE = [
    b"",
    b" \n",
    b"null",
    b"not json{",
    b'{"type":"crm.page',
    b'{"type":"a"}{"type":"b"}',
    b"7",
    b"\xff\xfe",
    b"\x80\x04\x95\x0b",
    orjson.dumps(VIEW).decode().encode("utf-16"),
    orjson.dumps(VIEW).decode().encode("utf-16-le"),
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b'{"type":"a","type":"b"}',
    b"\x1f\x8b\x08garbage",
]


@pytest.mark.parametrize("body", UNREADABLE)
@pytest.mark.parametrize("media", [STRUCTURED, JSON, BATCH])
def test_a_request_that_is_no_document_is_unreadable(body: bytes, media: str) -> None:
    with pytest.raises(Unreadable):
        read(arrived(body, media))


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b"[{}", b"[{},]", b"[{}]x", b"[{}] [{}]", b"[,]", b"[{}" + b",{}" * 2000 + b"]"]
)
def test_a_batch_is_one_array_with_events(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read(arrived(body, BATCH))


def test_only_json_is_read() -> None:
    for media, headers in (("application/xml", {}), ("text/plain", HEADERS), ("multipart/form-data", {})):
        with pytest.raises(Unreadable) as caught:
            read(arrived(VIEW, media, headers=headers))
        assert caught.value.field == "content-type"


def test_an_event_without_id_has_the_same_when_it_is_sent_again() -> None:
    nameless = {"type": "crm.page.viewed", "time": "2026-11-28T09:59:00Z", "data": {"url": "/"}}
    again = read(arrived([nameless, {**nameless, "data": {"url": "/b"}}], received=1)), read(arrived(nameless))
    (first, second), (third,) = ([event.id for _, event in reading.events] for reading in again)
    assert first == third != second


def test_events_that_say_neither_id_nor_time_are_told_apart() -> None:
    nameless = {"type": "crm.page.viewed", "data": {"url": "/"}}
    reading = read(arrived([nameless, nameless]))
    assert len({event.id for _, event in reading.events}) == 2


@pytest.mark.parametrize(
    ("amount", "minor"),
    [("12.10", 1210), ("9007199254740993", 900719925474099300), ("90071992547409.93", 9007199254740993)],
)
def test_amounts_are_exact(amount: str, minor: int) -> None:
    body = (
        b'{"id":"1","type":"crm.payment.received","time":"2026-11-28T09:00:00Z","data":{"amount":%b,"currency":"EUR"}}'
    )
    (row,) = rows(read(arrived(body % amount.encode())))
    assert row.data["amount"] == minor


def test_an_emoji_cut_in_half_is_read() -> None:
    body = b'{"id":"1","type":"crm.page.viewed","data":{"url":"/","title":"\\ud83d"}}'
    ((_, event),) = read(arrived(b"[%b]" % body, BATCH)).events
    assert event.data["title"] == "\ufffd"


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(
    field=st.sampled_from([*VIEW, "datacontenttype", "data_base64"]),
    value=JSONS,
    media=st.sampled_from([STRUCTURED, BATCH, LINES]),
)
def test_anything_anywhere_is_read_or_bad(field: str, value: object, media: str) -> None:
    event = {**VIEW, field: value}
    body = orjson.dumps([event] if media == BATCH else event, default=str) if _fits(value) else b"[]"
    try:
        reading = read(arrived(body, media))
    except Unreadable:
        return
    assert len(reading.events) + len(reading.bad) == 1
    for _, one in reading.events:
        validated(one)


def _fits(value: object) -> bool:
    try:
        orjson.dumps(value)
    except (TypeError, orjson.JSONEncodeError):
        return False
    return True


@settings(max_examples=150, deadline=None)
@given(cut=st.integers(0, 400), put=st.binary(max_size=4), media=st.sampled_from([STRUCTURED, BATCH, LINES, JSON]))
def test_any_bytes_are_read_or_refused(cut: int, put: bytes, media: str) -> None:
    whole = orjson.dumps([VIEW, VIEW] if media == BATCH else VIEW)
    with suppress(Unreadable):
        read(arrived(whole[:cut] + put + whole[cut + 1 :], media))
