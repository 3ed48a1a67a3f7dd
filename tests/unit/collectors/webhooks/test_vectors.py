"""Signatures that vendors publish with their own libraries. The file is beside the project, not in it."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from collectors.arrived import Arrived
from collectors.webhooks import standard
from collectors.webhooks.crm import hubspot
from collectors.webhooks.other import twilio_voice
from collectors.webhooks.provider import Forged, Provider
from tests.sets.feeds import SHARED
from tests.unit.collectors.webhooks.test_proofs import flipped

FILE: Path = SHARED / "webhooks" / "signatures" / "vectors.json"
OURS: dict[str, Provider] = {
    "hubspot": hubspot.PROVIDER, "twilio": twilio_voice.PROVIDER, "standard-webhooks": standard.PROVIDER,
}  # fmt: skip
TIMES = ("x-hubspot-request-timestamp", "webhook-timestamp")
OLD = ("v1", "v2", "v2 GET")  # of HubSpot: valid, and refused nevertheless
GOOD = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
HOST, PATH = "https://mycompany.com:", "/myapp.php?foo=1&bar=2"
Vector = dict[str, Any]


def vectors() -> list[Vector]:
    """Those of the vendors that are read here."""
    return [one for one in json.loads(FILE.read_text()) if one["vendor"] in OURS] if FILE.exists() else []


def arrived(vector: Vector) -> Arrived:
    """The request of a vector, arrived when it was sent."""
    headers = {name.lower(): value for name, value in vector["headers"].items()}
    body = vector.get("body", "").encode()
    if "params" in vector:
        body = urlencode(vector["params"], doseq=True).encode()
        headers["content-type"] = "application/x-www-form-urlencoded"
    sent = next((int(headers[name]) for name in TIMES if name in headers), 0)
    received = sent * (1 if vector["vendor"] == "hubspot" else 1000)
    return Arrived(vector.get("method", "POST"), vector.get("url", "https://x.example/"), headers, body, received)


def believed(vector: Vector, request: Arrived) -> bool:
    """Whether our provider takes it."""
    try:
        OURS[vector["vendor"]].verify(request, [vector.get("secret") or vector["auth_token"]])
    except Forged:
        return False
    return True


@pytest.mark.skipif(not FILE.exists(), reason=f"no vectors: {FILE.name} is not there")
@pytest.mark.parametrize("vector", vectors(), ids=lambda one: f"{one['vendor']}: {one['case']}")
def test_a_vector_is_believed_or_refused_as_it_says(vector: Vector) -> None:
    """And with any bit of it changed it is refused. Of Twilio, which drops the port of an address, the port aside."""
    request = arrived(vector)
    good = vector["valid"] and vector["case"] not in OLD
    assert believed(vector, request) is good
    if good:
        for changed in changes(vector, request):
            assert not believed(vector, changed), changed


def changes(vector: Vector, request: Arrived) -> list[Arrived]:
    """The request with each bit of signature, time, id, body and address flipped."""
    found = [request._replace(body=body) for body in flipped(request.body) if not _same_form(vector, body)]
    for name in request.headers.keys() - {"content-type"}:
        texts = [text.decode("latin-1") for text in flipped(request.headers[name].encode())]
        # Of several signatures only the good one counts; any other may be what it wants.
        bad = [text for text in texts if GOOD not in request.headers[name] or GOOD not in text]
        found += [request._replace(headers={**request.headers, name: text}) for text in bad]
    if vector["vendor"] != "standard-webhooks":
        urls = [url.decode("latin-1") for url in flipped(request.url.encode())]
        found += [request._replace(url=url) for url in urls if not _other_port(vector, url)]
    return found


def _same_form(vector: Vector, body: bytes) -> bool:
    """Percent codes may be in small letters or in capitals."""
    if "params" not in vector:
        return False
    return b"%" in body and body.upper() == urlencode(vector["params"], doseq=True).encode().upper()


def _other_port(vector: Vector, url: str) -> bool:
    """Only its port is another, and the signature has none."""
    if "port dropped" not in vector["case"] or not (url.startswith(HOST) and url.endswith(PATH)):
        return False
    return url[len(HOST) : -len(PATH)].isdecimal()
