"""What each provider's requests mean."""

import json

import pytest

from collectors.event import Reading
from collectors.webhooks.mail import PROVIDERS
from tests.unit.collectors.webhooks.mail.samples import ADA, BEN, SAMPLES, Sample, arrived, body
from tests.unit.collectors.webhooks.mail.schemes import BY_NAME
from tests.unit.collectors.webhooks.mail.validated import rows

MANY = sorted({"brevo", "mailjet", "mailtrap", "mandrill", "sendgrid", "sparkpost", "unisender_go"})


def read(provider: str, *items: object) -> Reading:
    """The events of some items."""
    return BY_NAME[provider].read(arrived(provider, body(provider, list(items))))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda one: f"{one.provider}-{one.name}")
def test_a_sample_says_what_happened_to_whom_and_when(sample: Sample) -> None:
    """And nothing else; what is no event of ours is counted as ignored."""
    found = read(sample.provider, sample.item)
    assert not found.bad
    assert found.ignored == (0 if sample.kinds else 1)
    assert tuple(one.type for _, one in found.events) == tuple(f"crm.email.{kind}" for kind in sample.kinds)
    for (at, event), recipient in zip(found.events, sample.recipients, strict=False):
        assert (at, event.data.get("recipient"), event.time) == (0, recipient, sample.time)
        assert {name: event.data.get(name) for name in sample.more} == sample.more
    assert len(rows(found)) == len(found.events)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda one: f"{one.provider}-{one.name}")
def test_ids_are_the_same_each_time_and_have_no_address_in_them(sample: Sample) -> None:
    """Neither an event's nor a message's, nor does a reason."""
    first, again = read(sample.provider, sample.item), read(sample.provider, sample.item)
    assert first == again
    for _, event in first.events:
        clear = json.dumps([event.id, event.data["message_id"], event.data.get("reason")]).lower()
        assert "ada@" not in clear
        assert "ben@" not in clear
    assert len({event.id for _, event in first.events}) == len(first.events)


@pytest.mark.parametrize("provider", [one.name for one in PROVIDERS])
def test_all_events_of_a_message_to_one_recipient_have_one_message_id(provider: str) -> None:
    """Whichever kind of event; another recipient has another."""
    ids: dict[str | None, set[str]] = {}
    for sample in SAMPLES:
        if sample.provider == provider and sample.name not in ("of a campaign", "left, no campaign", "complained"):
            for _, event in read(provider, sample.item).events:
                ids.setdefault(event.data.get("recipient"), set()).add(event.data["message_id"])
    assert {who: len(found) for who, found in ids.items()} == dict.fromkeys(ids, 1)
    assert len(set.union(*ids.values())) == len(ids)


def test_one_address_in_two_spellings_is_one_recipient() -> None:
    """SparkPost repeats it as it was typed in some events only."""
    ids = {
        read("sparkpost", {"msys": {"x": {"type": "delivery", "transmission_id": "1", "raw_rcpt_to": who}}})
        .events[0][1]
        .data["message_id"]
        for who in (BEN, BEN.lower())
    }
    assert len(ids) == 1


@pytest.mark.parametrize("provider", MANY)
def test_a_bad_item_says_which_field_and_loses_no_neighbour(provider: str) -> None:
    """Of those providers that send several."""
    good = next(one for one in SAMPLES if one.provider == provider and one.kinds)
    found = read(provider, good.item, 7, good.item)
    assert [at for at, _ in found.events] == [0, 2]
    assert [(bad.at, bad.text) for bad in found.bad] == [(1, "is not an object")]
    broken = json.loads(json.dumps(good.item).replace(ADA, "x" * 300))
    (bad,) = read(provider, good.item, broken).bad
    assert bad.at == 1
    assert bad.text == "is longer than 256 characters"
    assert "x" * 300 in json.dumps(json.loads(bad.raw))


def test_clicks_of_one_message_are_told_apart() -> None:
    """Where the provider numbers no events, by time and link."""
    click = next(one.item for one in SAMPLES if one.provider == "mandrill" and one.name == "clicked")
    others = [click, {**click, "ts": click["ts"] + 1}, {**click, "url": "https://example.net/other"}]
    found = read("mandrill", *others, click)
    ids = [event.id for _, event in found.events]
    assert len(set(ids)) == 3
    assert ids[0] == ids[3]


def test_mailgun_numbers_events_anew_each_day() -> None:
    """So its id alone would make two of different days one."""
    item = next(one.item for one in SAMPLES if one.provider == "mailgun" and one.name == "delivered")
    other = {"event-data": {**item["event-data"], "timestamp": item["event-data"]["timestamp"] + 86_400}}
    assert read("mailgun", item).events[0][1].id != read("mailgun", other).events[0][1].id


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ({"event": "open", "email": ADA}, "sg_message_id"),
        ({"email": ADA}, "event"),
        ({"event": "open", "sg_message_id": 1.5}, "sg_message_id"),
        ({"event": "open", "sg_message_id": "unknown"}, "message id"),
        ({"event": "open", "sg_message_id": "m\n"[:1] + "\x00", "email": ADA}, "sg_message_id"),
        ({"event": "open", "sg_message_id": "m" * 250, "email": ADA}, "message id"),
        ({"event": "open", "sg_message_id": "m", "timestamp": "soon"}, "timestamp"),
        ({"event": "open", "sg_message_id": "m", "timestamp": 10**18}, "timestamp"),
        ({"event": "open", "sg_message_id": "m", "timestamp": 1e300}, "timestamp"),
        ({"event": "open", "sg_message_id": "m", "timestamp": True}, "timestamp"),
        ({"event": "open", "sg_message_id": "m", "url": ["u"]}, "url"),
        ({"event": "open", "sg_message_id": "m", "url": "u\x00"}, "url"),
        ({"event": "open", "sg_message_id": "m", "url": "u" * 9000}, "url"),
        ({"event": "bounce", "sg_message_id": "m", "reason": {}}, "reason"),
    ],
)
def test_a_wrong_field_is_named(item: object, field: str) -> None:
    """In the provider's own words."""
    (bad,) = read("sendgrid", item).bad
    assert bad.field == field
