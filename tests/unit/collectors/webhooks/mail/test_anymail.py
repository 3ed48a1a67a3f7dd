"""The samples of Anymail, which reads the same providers: every one means here what it means there."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from collectors.arrived import Arrived, Unreadable
from collectors.event import Event, Reading
from models.instant import instant
from tests.unit.collectors.webhooks.mail.samples import arrived
from tests.unit.collectors.webhooks.mail.schemes import BY_NAME
from tests.unit.collectors.webhooks.mail.validated import rows

FOLDER = Path(__file__).parents[5].parent / "shared" / "data" / "webhooks" / "anymail"
ANYMAIL_TO_OURS = {
    "sent": "sent",
    "delivered": "delivered",
    "deferred": "deferred",
    "bounced": "bounced",
    "rejected": "rejected",
    "failed": "rejected",  # the provider could not make a message of it: nothing was sent
    "opened": "opened",
    "clicked": "clicked",
    "complained": "complained",
    "unsubscribed": "unsubscribed",
    # What says nothing of a message that was sent: it waits, somebody joined a list, a machine answered.
    "queued": None,
    "subscribed": None,
    "inbound": None,
    "autoresponded": None,
    "unknown": None,
}
OTHERWISE = {
    # The recipient's server refused it for good, which elsewhere is a bounce.
    ("postal", "test_failed_event"): "bounced",
    # The same event under two settings of Anymail; ours is its default.
    ("sparkpost", "test_initial_open_event_as_opened"): None,
}
TIMES = {
    # When it happened, where Anymail takes the time of the notification.
    ("amazon_ses", "test_bounce_event"): "2016-01-27T14:59:44.101Z",
    ("amazon_ses", "test_send_event"): "2016-10-14T05:02:16.645Z",
}
OFFSETS = {
    # The samples have Anymail's answers without their offset from UTC.
    ("postmark", f"test_{name}_event"): "-04:00"
    for name in ("bounce", "delivered", "open", "spam")
}
# What the provider always sends and Anymail left out of its samples.
LEFT_OUT: dict[str, dict[str, Any]] = {
    "mailgun": {"message": {"headers": {"message-id": "m@example.com"}}, "Message-Id": "m@example.com"},
    "sparkpost": {"transmission_id": "1"},
    "unisender_go": {"job_id": "1"},
}


def samples() -> Iterator[Any]:
    """Every one, by provider and test."""
    for path in sorted(FOLDER.glob("*.json")):
        for sample in json.loads(path.read_text()):
            yield pytest.param(path.stem, sample, id=f"{path.stem}-{sample['test']}")


def completed(provider: str, item: dict[str, Any]) -> dict[str, Any]:
    """A sample with what was left out of it."""
    return {**LEFT_OUT.get(provider, {}), **item}


def body(provider: str, payload: dict[str, Any]) -> bytes:
    """A sample as the provider sends it."""
    ((name, given),) = payload.items()
    if name == "raw_ses_event":
        # The envelope of Anymail's test of these samples.
        envelope = {"Type": "Notification", "MessageId": "19ba9823-d7f2-53c1-860e-cb10e0d13dfc"}
        given = {**envelope, "Timestamp": "2018-03-26T17:58:59.675Z", "Message": json.dumps(given)}
    if provider == "mandrill":
        return urlencode({"mandrill_events": json.dumps(given)}).encode()
    if provider == "mailgun" and "event-data" not in given:
        return urlencode(completed(provider, given), doseq=True).encode()
    if provider == "mailgun":
        given = given | {"event-data": completed(provider, given["event-data"])}
    if provider == "unisender_go" and "events_by_user" not in given:
        given = completed(provider, given)
    if provider == "sparkpost":
        given = [{"msys": {key: completed(provider, event) for key, event in one["msys"].items()}} for one in given]
    return json.dumps(given).encode()


def read(provider: str, request: Arrived) -> Reading:
    """Its events, which must all pass validation."""
    found = BY_NAME[provider].read(request)
    rows(found)
    return found


@pytest.mark.skipif(not FOLDER.exists(), reason="the samples of Anymail are not here")
def test_there_are_samples_of_every_provider_that_anymail_knows() -> None:
    """Of Mailchimp's audiences it knows nothing."""
    assert {path.stem for path in FOLDER.glob("*.json")} == set(BY_NAME) - {"mailchimp"}


@pytest.mark.parametrize(("provider", "sample"), list(samples()))
def test_a_sample_means_what_anymail_says(provider: str, sample: dict[str, Any]) -> None:
    """Type, instant, recipient, link and agent; and the ids are the same when it is sent again."""
    expected, key = sample["expected_by_anymail"], (provider, sample["test"])
    request = arrived(provider, body(provider, sample["payload"]))
    if "event_type" not in expected:
        assert_only_unreadable(provider, request)
        return
    found = read(provider, request)
    assert not found.bad
    kind = OTHERWISE.get(key, ANYMAIL_TO_OURS[expected["event_type"]])
    if kind is None:
        assert (found.events, found.ignored) == ([], 1)
        return
    events = [event for _, event in found.events]
    assert {event.type for event in events} == {f"crm.email.{kind}"}
    compare(key, events, expected)
    again = read(
        provider, request._replace(headers={**request.headers, "x-attempt": "2"}, received=request.received + 1)
    )
    assert found == again
    assert len({event.id for event in events}) == len(events)


def compare(key: tuple[str, str], events: list[Event], expected: dict[str, Any]) -> None:
    """All that Anymail says of a sample."""
    if "timestamp" in expected:
        given = expected["timestamp"].replace("+00:00", OFFSETS.get(key, "+00:00"))
        wanted = instant(TIMES.get(key, given), "time")
        assert {instant(event.time, "time") for event in events} == {wanted}
        assert datetime.fromisoformat(given).tzinfo is not None
    if expected.get("recipient"):
        assert expected["recipient"] in {event.data.get("recipient") for event in events}
    if "click_url" in expected:
        assert {event.data.get("link_url") for event in events} == {expected["click_url"]}
    if "user_agent" in expected and events[0].type in ("crm.email.opened", "crm.email.clicked"):
        assert {event.data.get("user_agent") for event in events} == {expected["user_agent"]}


def assert_only_unreadable(provider: str, request: Arrived) -> None:
    """Of these samples Anymail expects no event, or an error of its own."""
    try:
        read(provider, request)
    except Unreadable:
        return
