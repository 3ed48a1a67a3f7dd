"""What real clients send, in the shapes they send it in; each was recorded, here with values of our own.

segment-analytics-python 2.4, rudder-sdk-python 2.1, @segment/analytics-node 3.1, @rudderstack/rudder-sdk-node 3.0,
cloudevents 2.2 (Python).
"""

from typing import Any

import pytest

from collectors import cloudevents, segment
from collectors.event import Event
from tests.unit.collectors.contract import arrived, rows

SENT = "2026-11-28T09:59:59.193618+00:00"


def read(batch: list[dict[str, Any]], media: str = "application/json", **around: Any) -> list[Event]:
    """The events of a batch, all valid."""
    reading = segment.read(arrived({"batch": batch, **around}, media), "batch")
    rows(reading)
    return [event for _, event in reading.events]


@pytest.mark.parametrize(
    ("more", "time"),
    [
        # Segment's writes milliseconds, RudderStack's microseconds; both keep the program's offset, and give a naive
        # time that of the machine.
        ({"context": {"library": {"name": "analytics-python", "version": "2.4.0"}}}, "2026-11-28T11:00:00.123+02:00"),
        (
            {"channel": "server", "context": {"library": {"name": "analytics-python"}}},
            "2026-11-28T11:00:00.123456+02:00",
        ),
    ],
)
def test_python(more: dict[str, Any], time: str) -> None:
    """An id that is not given is null, also the anonymous one of an alias."""
    base = {"integrations": {"All": True}, "anonymousId": None, "userId": "u", "timestamp": time, **more}
    order = {"order_id": "1", "total": 27.5, "currency": "EUR"}
    batch = [
        {**base, "type": "track", "event": "Order Completed", "properties": order, "messageId": "m-1"},
        {**base, "type": "alias", "previousId": "old", "messageId": "m-2"},
        {
            **base,
            "type": "track",
            "event": "Seen",
            "properties": {},
            "userId": None,
            "anonymousId": "a",
            "messageId": "m-3",
        },
    ]
    bought, known, seen = read(batch, sentAt=SENT, writeKey="k")
    assert (bought.id, bought.time, bought.sent) == ("m-1", time, SENT)
    assert (known.data["user_id"], known.data["anonymous_id"]) == ("u", "old")
    assert (seen.type, seen.data["anonymous_id"]) == ("crm.track.seen", "a")


def test_traits_of_rudderstacks_python_stand_in_the_context() -> None:
    call = {"type": "identify", "userId": "u", "anonymousId": "a", "messageId": "m", "timestamp": SENT}
    (event,) = read([{**call, "context": {"traits": {"email": "a@b.example", "plan": "pro"}}}], sentAt=SENT)
    assert (event.data["email"], event.data["traits"]) == ("a@b.example", {"plan": "pro"})


def test_segments_node() -> None:
    """Its ids are long, ids that are not given are left out, and a page's category stands twice."""
    base = {
        "timestamp": "2026-11-28T09:59:05.876Z",
        "integrations": {},
        "_metadata": {"jsRuntime": "node"},
        "userId": "u",
    }
    page = {"url": "https://acme.example/?utm_source=x", "category": "Docs"}
    long = "node-next-1795869185876-984d4cb3-53db-406e-bfed-e39c9de92e96"
    call = {**base, "type": "page", "name": "Home", "category": "Docs", "properties": page, "messageId": long}
    (event,) = read([call], writeKey="k", sentAt="2026-11-28T09:59:05.883Z")
    assert (event.id, event.data["campaign"], event.data["title"]) == (long, {"source": "x"}, "Home")
    assert event.data["properties"] == {"category": "Docs"}


@pytest.mark.parametrize(
    "media", ["application/json", "application/x-www-form-urlencoded"]
)  # with gzip it says the latter
def test_rudderstacks_node(media: str) -> None:
    """`sentAt` stands at each call, `timestamp` only where the program gives one; around the batch there are both."""
    now = "2026-11-28T09:59:07.336Z"
    base = {"userId": "u", "channel": "server", "originalTimestamp": "2026-11-28T09:59:07.207Z", "sentAt": now}
    old = {**base, "type": "track", "event": "Seen", "timestamp": "2026-11-28T08:00:00.000Z", "messageId": "m-1"}
    new = {**base, "type": "screen", "name": "Basket", "messageId": "m-2"}
    then, fresh = read([old, new], media, timestamp=now, sentAt=now)
    assert (then.time, then.sent) == ("2026-11-28T08:00:00.000Z", None)
    assert (fresh.time, fresh.sent) == ("2026-11-28T09:59:07.207Z", now)


@pytest.mark.parametrize(
    ("source", "media"),
    [
        ("/w%C3%A9b/a%20b%2520", "application/json"),  # its bindings percent-encode
        ("/wéb/a b%2520".encode().decode("latin-1"), ""),  # its older functions do not, and name no content type
    ],
)
def test_cloudevents(source: str, media: str) -> None:
    headers = {
        "ce-specversion": "1.0", "ce-id": "1", "ce-source": source, "ce-type": "crm.page.viewed",
        "ce-time": "2026-11-28T11:00:00.123456+02:00",
    }  # fmt: skip
    reading = cloudevents.read(arrived(b'{"url": "/", "anonymous_id": "a"}', media, headers=headers))
    (row,) = rows(reading)
    assert (row.source, row.id) == ("/wéb/a b%20", "1")
