"""Standard Webhooks: what its own library signs is believed, and what its specification forbids is not."""

import base64
import json
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook

from collectors.arrived import Arrived, Unreadable
from collectors.webhooks.provider import Forged
from collectors.webhooks.standard import PROVIDER
from tests.unit.collectors.webhooks.sent import HOST, NOW, STANDARD_SECRET

BODY = '{"type": "deal.won", "data": {"deal_id": "d–1"}}'


def signed(secret: str = STANDARD_SECRET, *, at: int = NOW, name: str = "msg_1", body: str = BODY) -> Arrived:
    """As the library of the specification signs it."""
    signature = Webhook(secret).sign(name, datetime.fromtimestamp(at / 1000, UTC), body)
    headers = {"webhook-id": name, "webhook-timestamp": str(at // 1000), "webhook-signature": signature}
    return Arrived("POST", f"{HOST}/v1/webhooks/standard/main", headers, body.encode(), NOW)


def believed(arrived: Arrived, *secrets: str) -> bool:
    """Any error but Forged is one of the test."""
    try:
        PROVIDER.verify(arrived, secrets or [STANDARD_SECRET])
    except Forged:
        return False
    return True


def with_signature(text: str) -> Arrived:
    """The same with another signature header."""
    arrived = signed()
    return arrived._replace(headers={**arrived.headers, "webhook-signature": text})


def test_what_the_library_signs_is_believed() -> None:
    """Of secrets of every length that is allowed, padded or not, with the prefix or without."""
    for length in range(24, 65):
        secret = base64.b64encode(bytes(range(length))).decode()
        arrived = signed(secret)
        for spelled in (secret, f"whsec_{secret}", f"whsec_{secret}".rstrip("=")):
            assert believed(arrived, "whsec_c2hvcnQ=", spelled)


@pytest.mark.parametrize("length", [0, 1, 16, 23, 65, 200])
def test_a_secret_that_is_too_short_or_too_long_proves_nothing(length: int) -> None:
    """Also beside none that is good."""
    secret = f"whsec_{base64.b64encode(bytes(length)).decode()}"
    assert not believed(signed(secret) if length else signed(), secret)


@pytest.mark.parametrize("secret", ["whsec_", "whsec_%%%", "whsec_é", "whsec_A", "no base64, but long enough"])
def test_a_secret_that_is_no_base64_proves_nothing(secret: str) -> None:
    """And is no other error."""
    assert not believed(signed(), secret)


def test_one_good_signature_of_several_is_enough() -> None:
    """Of the first version of the scheme."""
    good = signed().headers["webhook-signature"]
    other = f"v1,{base64.b64encode(bytes(32)).decode()}"
    assert believed(with_signature(f"{other} v1a,{other} {good}"))
    assert believed(with_signature(f"{good} {other}"))
    assert not believed(with_signature(f"{other} {other}"))
    assert not believed(with_signature(good.replace("v1,", "v2,")))


@pytest.mark.parametrize("text", ["v1", "v1,", ",", "v1 v1", "v1;{}", "v1,{},", "{}", "v1, {}", "  ", "v1,\udcff"])
def test_a_malformed_signature_is_refused(text: str) -> None:
    """Without a comma, without a version, with something behind it."""
    assert not believed(with_signature(text.format(signed().headers["webhook-signature"].removeprefix("v1,"))))


def test_the_time_holds_both_ways() -> None:
    """Five minutes, to the second."""
    assert believed(signed(at=NOW - 300_000))
    assert believed(signed(at=NOW + 300_000))
    assert not believed(signed(at=NOW - 301_000))
    assert not believed(signed(at=NOW + 301_000))


def test_a_body_is_one_event_or_several() -> None:
    """The message's id names them; neighbours of a bad one go on."""
    assert [(event.id, event.type) for _, event in PROVIDER.read(signed()).events] == [("msg_1", "crm.deal.won")]
    found = PROVIDER.read(signed(body=f"[{BODY}, 7, {BODY}]"))
    assert [(place, event.id) for place, event in found.events] == [(0, "msg_1-0"), (2, "msg_1-2")]
    assert [(bad.at, bad.field) for bad in found.bad] == [(1, "item")]


@pytest.mark.parametrize("name", ["", "a b", "x" * 201, "é"])
def test_an_id_that_cannot_name_events_is_refused(name: str) -> None:
    """Before anything is made."""
    arrived = signed()
    with pytest.raises(Unreadable) as caught:
        PROVIDER.read(arrived._replace(headers={**arrived.headers, "webhook-id": name}))
    assert caught.value.field == "webhook-id"


def test_when_the_sender_sent_it_is_kept() -> None:
    """To correct a clock that is wrong."""
    times = {"time": "2026-11-18T11:00:00Z", "sentat": "2026-11-18T11:00:05Z"}
    body = json.dumps({"type": "crm.page.viewed", **times, "data": {"url": "/"}})
    assert PROVIDER.read(signed(body=body)).events[0][1].sent == "2026-11-18T11:00:05Z"
