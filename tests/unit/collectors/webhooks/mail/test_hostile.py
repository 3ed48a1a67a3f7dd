"""Hostile requests: whatever they hold, they are read, Bad, ignored or Unreadable, and prove nobody."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.arrived import Arrived, Unreadable
from collectors.event import Reading
from collectors.webhooks.mail import PROVIDERS, amazon_ses
from collectors.webhooks.provider import Forged
from tests.unit.collectors.webhooks.mail.samples import ADA, SAMPLES, arrived, body
from tests.unit.collectors.webhooks.mail.schemes import BY_NAME, SCHEMES
from tests.unit.collectors.webhooks.mail.validated import rows

DEEP: Any = ADA
for _ in range(70):
    DEEP = [DEEP]
VALUES = st.one_of(
    st.sampled_from([
        None, True, False, 0, -1, 2**63, 2**64 - 1, 10**30, 1e308, -1e308, 0.1, "", " ", "0", "null", "x" * 300,
        "a\x00b", "\n", "\ud83d\ude00", "<>", "@", "<@>", "é@ü", "a@b, c@d", [], {}, [[]], [None], {"": None},
        "1767268800", "99999999999999999", "1e5", "2026-01-01T12:00:00Z", "2026-02-30 12:00:00", "0001-01-01 00:00:00",
        DEEP, "\u202e", "%00", "a" * 20_000,
    ]),
    st.text(max_size=20),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
)  # fmt: skip
PROVIDER_NAMES = [one.name for one in PROVIDERS]


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(path for key, one in inner for path in paths(one, (*at, key)))]


def changed(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    """A document with another value in one place."""
    if not path:
        return by
    copy = value.copy()
    copy[path[0]] = changed(value[path[0]], path[1:], by)
    return copy


def opened(value: Any) -> Any:
    """A document without the document in it that SNS carries as text."""
    if isinstance(value, dict) and isinstance(value.get("Message"), str) and value["Message"][:1] == "{":
        return {**value, "Message": json.loads(value["Message"])}
    return value


def closed(value: Any) -> Any:
    """The document as text again, if there is still one."""
    if isinstance(value, dict) and isinstance(value.get("Message"), dict):
        return {**value, "Message": json.dumps(value["Message"])}
    return value


def read(name: str, request: Arrived) -> Reading:
    """What a request holds: nothing, if it cannot be read."""
    try:
        return BY_NAME[name].read(request)
    except Unreadable:
        return Reading([], [])


def withstands(name: str, request: Arrived) -> None:
    """Reading ends in one of the ways there are, and every event passes validation."""
    provider = BY_NAME[name]
    provider.handshake(request, ["s"])
    provider.replayed(request)
    amazon_ses.confirmation(request)
    with pytest.raises(Forged):
        provider.verify(request, ["a", "b"])
    found = read(name, request)
    rows(found)
    for bad in found.bad:
        json.loads(bad.raw)
        assert bad.field
        assert bad.text


@pytest.mark.parametrize("name", PROVIDER_NAMES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_sample_with_anything_in_any_place(name: str, data: st.DataObject) -> None:
    """Up to three changes; each may take out a whole part."""
    sample = data.draw(st.sampled_from([one for one in SAMPLES if one.provider == name]))
    item = opened(sample.item)
    for _ in range(data.draw(st.integers(1, 3))):
        item = changed(item, data.draw(st.sampled_from(paths(item))), data.draw(VALUES))
    item = closed(item)
    form = name == "mailchimp" or (name == "mailgun" and "event-data" not in sample.item)
    if form and not isinstance(item, dict):
        return  # a form has fields, whatever is in them
    try:
        raw = body(name, [item]) if isinstance(item, dict) else json.dumps(item).encode()
    except UnicodeEncodeError:
        return  # half a character cannot be sent in a form
    withstands(name, arrived(name, raw))


@pytest.mark.parametrize("name", PROVIDER_NAMES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_bytes_that_are_almost_a_request(name: str, data: st.DataObject) -> None:
    """Cut, changed, or anything at all."""
    sample = data.draw(st.sampled_from([one for one in SAMPLES if one.provider == name]))
    raw = bytearray(body(name, [sample.item]))
    for _ in range(data.draw(st.integers(0, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    start = data.draw(st.sampled_from([b"", b"", b"\xef\xbb\xbf", b"\xff", b"["]))
    whole = start + bytes(raw[: data.draw(st.integers(0, len(raw)))])
    withstands(name, arrived(name, data.draw(st.sampled_from([whole, bytes(raw)]))))


@pytest.mark.parametrize("name", PROVIDER_NAMES)
@settings(max_examples=20, deadline=None)
@given(text=st.text(max_size=30), url=st.text(max_size=30), raw=st.binary(max_size=60))
def test_proofs_of_anything_at_all(name: str, text: str, url: str, raw: bytes) -> None:
    """In every header that is looked at."""
    looked_at = {one for (who, _), scheme in SCHEMES.items() if who == name for one in (scheme.signature, scheme.timed)}
    headers = {one: text for one in looked_at if one} | {"svix-id": text, "content-type": text}
    for at in ("http://[", "https://in.example.net/?secret="):
        with pytest.raises(Forged):
            BY_NAME[name].verify(Arrived("POST", at + url, headers, raw, 0), ["secret of some length"])


@pytest.mark.parametrize("name", PROVIDER_NAMES)
@pytest.mark.parametrize(
    "raw", [b"", b"null", b"7", b'"x"', b"not json{", b'[{"a":1}', b"{}{}", b"\xff\xfe", b"[" * 9999]
)
def test_what_is_no_request_at_all(name: str, raw: bytes) -> None:
    """It has no events."""
    for form in (False, True):
        request = arrived(name, raw)
        if form:
            request = request._replace(headers={"content-type": "application/x-www-form-urlencoded"})
        assert not read(name, request).events


def test_a_subscription_is_confirmed_at_amazon_or_not_at_all() -> None:
    """What is shown to a person is an address of Amazon's."""
    good = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=2336"
    for url, wanted in {
        good: good,
        good.replace("https", "http"): None,
        good.replace(".com/", ".com.example.net/"): None,
        good.replace("https://", "https://example.net/"): None,
        good.replace("https://", "https://sns.x@169.254.169.254/"): None,
        "https://[": None,
        "": None,
    }.items():
        message = {"Type": "SubscriptionConfirmation", "SubscribeURL": url}
        assert amazon_ses.confirmation(arrived("amazon_ses", json.dumps(message).encode())) == wanted
    notification = {"Type": "Notification", "SubscribeURL": good}
    assert amazon_ses.confirmation(arrived("amazon_ses", json.dumps(notification).encode())) is None
