"""An image's query is a call."""

from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.arrived import Unreadable
from collectors.event import Event
from collectors.pixel import IMAGE, read, write_key
from tests.unit.collectors.contract import arrived, rows, validated

HEADERS = {"user-agent": "Mozilla/5.0 (iPhone)", "referer": "https://acme.example/amp?utm_source=news"}


def pixel(query: dict[str, str], call: str = "page") -> Event:
    """The one event of an image."""
    request = arrived(b"", method="GET", url=f"https://c.example/v1/pixel/{call}?{urlencode(query)}", headers=HEADERS)
    reading = read(request, call)
    rows(reading)
    ((_, event),) = reading.events
    return event


def test_a_page_is_told_by_query_or_headers() -> None:
    event = pixel({"writeKey": "k", "anonymousId": "a", "name": "Amp"})
    assert (event.type, event.time) == ("crm.page.viewed", None)
    assert event.data == {
        "anonymous_id": "a",
        "title": "Amp",
        "url": HEADERS["referer"],
        "user_agent": HEADERS["user-agent"],
        "campaign": {"source": "news"},
    }
    agent = "Mozilla/5.0 (Mac)"
    told = pixel({"anonymousId": "a", "context.page.url": "https://b.example/", "context.userAgent": agent})
    assert (told.data["url"], told.data["user_agent"]) == ("https://b.example/", agent)


def test_a_track() -> None:
    query = {"anonymousId": "a", "event": "Email Opened", "properties.email_id": "e", "messageId": "m"}
    event = pixel(query, "track")
    assert (event.type, event.id, event.data["message_id"]) == ("crm.email.opened", "m", "e")


def test_images_without_message_id_are_events_of_their_own() -> None:
    url = "https://c.example/v1/pixel/page?anonymousId=a&properties.url=/"
    ids = {read(arrived(b"", url=url, received=ms)).events[0][1].id for ms in (1, 2, 2)}
    assert len(ids) == 2


def test_a_bad_image_is_named() -> None:
    (bad,) = read(arrived(b"", url="https://c.example/v1/pixel/page?properties.url=/")).bad
    assert (bad.at, bad.field) == (0, "userId")
    with pytest.raises(Unreadable):
        read(arrived(b"", url="?" + "a=1&" * 200))
    with pytest.raises(Unreadable):
        read(arrived(b""), "identify")


def test_the_key_of_an_image() -> None:
    assert write_key("https://c.example/v1/pixel/page?writeKey=k") == "k"
    assert write_key("https://c.example/v1/pixel/page?writeKey.a=k") is None
    assert IMAGE.startswith(b"GIF89a")


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            ["anonymousId", "context", "context.page", "context.page.url", "a.b.c.d.e", ".", "properties.url"]
        )
        | st.text(),
        st.text(),
    )
)
def test_any_query_is_an_event_or_bad(query: Any) -> None:
    reading = read(arrived(b"", url="https://c.example/?" + urlencode(query, errors="replace")))
    assert len(reading.events) + len(reading.bad) == 1
    for _, event in reading.events:
        validated(event)
