"""Published vectors: each is believed, or refused, as its publisher says."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from collectors.arrived import Arrived
from collectors.webhooks import standard
from collectors.webhooks.mail import sendgrid
from collectors.webhooks.provider import Forged
from tests.unit.collectors.webhooks.mail.schemes import SVIX, svix
from tests.unit.collectors.webhooks.mail.test_proof import flips

FILE = Path(__file__).parents[5].parent / "shared" / "data" / "webhooks" / "signatures" / "vectors.json"
VECTORS: list[dict[str, Any]] = json.loads(FILE.read_text()) if FILE.exists() else []
SIGNATURE = "x-twilio-email-event-webhook-signature"
TIMESTAMP = "x-twilio-email-event-webhook-timestamp"
needed = pytest.mark.skipif(not VECTORS, reason=f"{FILE.name} is not here")


def of(vendor: str) -> list[dict[str, Any]]:
    """The vectors of one."""
    return [one for one in VECTORS if one["vendor"] == vendor]


def arrived(vector: dict[str, Any], time: str) -> Arrived:
    """The request of one, received when it was signed."""
    headers = {name.lower(): value for name, value in vector["headers"].items()}
    received = int(headers[time]) * 1000 if headers[time].isdecimal() else 0
    return Arrived("POST", "https://in.example.net/", headers, vector["body"].encode(), received)


@needed
@pytest.mark.parametrize("vector", of("sendgrid"), ids=lambda one: str(one["case"]))
def test_sendgrid(vector: dict[str, Any]) -> None:
    """ECDSA over time and body, with the line's end."""
    request = arrived(vector, TIMESTAMP)
    if vector["valid"]:
        sendgrid.verify(request, [vector["public_key"]])
    else:
        with pytest.raises(Forged):
            sendgrid.verify(request, [vector["public_key"]])


@needed
def test_sendgrid_with_one_bit_changed() -> None:
    """Of the signature, the time and the body."""
    tried = 0
    for vector in of("sendgrid"):
        good, key = arrived(vector, TIMESTAMP), vector["public_key"]
        if not vector["valid"]:
            continue
        for name in (SIGNATURE, TIMESTAMP):
            for changed in flips(good.headers[name].encode()):
                with pytest.raises(Forged):
                    sendgrid.verify(good._replace(headers={**good.headers, name: changed.decode("latin-1")}), [key])
                tried += 1
        for changed in flips(good.body):
            with pytest.raises(Forged):
                sendgrid.verify(good._replace(body=changed), [key])
            tried += 1
    assert tried > 3000


@needed
@pytest.mark.parametrize("vector", of("standard-webhooks"), ids=lambda one: str(one["case"]))
def test_standard_webhooks(vector: dict[str, Any]) -> None:
    """HMAC-SHA256 over id, time and body."""
    request = arrived(vector, "webhook-timestamp")
    if vector["valid"]:
        standard.verify(request, [vector["secret"]])
    else:
        with pytest.raises(Forged):
            standard.verify(request, [vector["secret"]])


def test_we_agree_with_the_library_of_the_specification() -> None:
    """What we sign for our tests it signs alike."""
    good = svix(b'{"a":1}', 0, 1_767_225_600)
    at = datetime.fromtimestamp(1_767_225_600, UTC)
    assert Webhook(SVIX[0]).sign("msg_7", at, '{"a":1}') == good.headers["svix-signature"]
