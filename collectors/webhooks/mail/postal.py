"""Postal: webhooks of a self-hosted mail server, signed with its DKIM key.

https://docs.postalserver.io/developer/webhooks
"""

from collections.abc import Iterator, Sequence
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm

from collectors.arrived import Arrived
from collectors.event import Reading
from collectors.webhooks import signing
from collectors.webhooks.mail.bodies import json_items
from collectors.webhooks.mail.fields import Item
from collectors.webhooks.mail.keys import public_keys
from collectors.webhooks.mail.report import Report, read_items
from collectors.webhooks.provider import Forged, Provider

KINDS: Final = {
    # The delivery status is more specific than the event name: bounces have been sent as "MessageDelayed".
    "Sent": "delivered",
    "SoftFail": "deferred",
    "HardFail": "bounced",
    "Bounced": "bounced",
}
_SHA1: Final = "x-postal-signature"
_SHA256: Final = "x-postal-signature-256"  # from version 3


def verify(arrived: Arrived, secrets: Sequence[str]) -> None:
    """RSA over the raw body, with SHA-256 if the server supports it."""
    keys = public_keys(secrets)
    name, algorithm = (_SHA256, SHA256()) if _SHA256 in arrived.headers else (_SHA1, SHA1())
    signature = signing.exactly_base64(signing.header(arrived, name))
    if not any(_signed(key, signature, arrived.body, algorithm) for key in keys if isinstance(key, RSAPublicKey)):
        raise Forged("the signature is wrong")


def _signed(key: RSAPublicKey, signature: bytes, body: bytes, algorithm: HashAlgorithm) -> bool:
    try:
        key.verify(signature, body, PKCS1v15(), algorithm)
    except InvalidSignature:
        return False
    return True


def read(arrived: Arrived) -> Reading:
    """One event."""
    return read_items(json_items(arrived.body), _reports)


def _reports(item: Item) -> Iterator[Report]:
    payload = item.part("payload")
    message = payload.part("message" if "message" in payload else "original_message")
    kind = _kind(item, payload)
    if kind is None or message.text("direction") == "incoming":
        return
    yield Report(
        kind,
        message.needed("message_id", "id"),
        message.address("to"),
        item.epoch("timestamp"),
        item.text("uuid"),
        link_url=payload.url("url"),
        user_agent=payload.agent("user_agent"),
        ip=payload.text("ip_address"),
        reason=payload.words("output", "details"),
    )


def _kind(item: Item, payload: Item) -> str | None:
    name = item.text("event")
    if payload.text("status") is not None:
        return KINDS.get(payload.needed("status"))
    if "bounce" in payload:
        return "bounced"
    if "url" in payload:
        return "clicked"
    return "opened" if name == "MessageLoaded" else None


PROVIDER: Final = Provider("postal", "Postal", "the public key of the server, p= of its DKIM record", verify, read)
