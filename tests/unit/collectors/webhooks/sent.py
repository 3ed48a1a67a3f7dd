"""Requests as providers send them, signed with secrets of the tests."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from collectors.arrived import Arrived
from collectors.event import Event
from models.record import RawRecord
from models.validate import Rejection, validate

NOW: Final = 1_795_003_200_000  # 2026-11-18T12:00:00Z
HOST: Final = "https://events.acme.example"
STANDARD_SECRET: Final = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes, ok!").decode()
SECRETS: Final = {"pipedrive": "crm:horse staple", "meta_comments": "app secret:word", "standard": STANDARD_SECRET}
SIGNED_URL: Final = ("hubspot", "twilio_voice")  # of these providers the address is part of what is signed
UNSIGNED: Final = ("pipedrive", "zoho", "aircall", "salesforce", "salesforce_outbound")  # a word is all the proof


def secret_of(provider: str) -> str:
    """What is pasted as the secret of a provider."""
    return SECRETS.get(provider, "correct horse battery staple")


def mac(secret: str | bytes, message: str | bytes, algorithm: str = "sha256") -> bytes:
    """An HMAC, by the standard library alone."""
    key, text = (part.encode() if isinstance(part, str) else part for part in (secret, message))
    return hmac.new(key, text, getattr(hashlib, algorithm)).digest()


def b64(raw: bytes) -> str:
    """Base64 as text."""
    return base64.b64encode(raw).decode()


def _hubspot(url: str, body: bytes, secret: str, at: int) -> dict[str, str]:
    signed = f"POST{url.replace('%2F', '/').replace('%3A', ':')}".encode() + body + str(at).encode()
    return {"x-hubspot-signature-v3": b64(mac(secret, signed)), "x-hubspot-request-timestamp": str(at)}


def _basic(url: str, body: bytes, secret: str, at: int) -> dict[str, str]:
    return {"authorization": f"Basic {b64(secret.encode())}"}


def _bearer(url: str, body: bytes, secret: str, at: int) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


def _nothing(url: str, body: bytes, secret: str, at: int) -> dict[str, str]:
    return {}


def _twilio(url: str, body: bytes, secret: str, at: int) -> dict[str, str]:
    plain = "".join(name + value for name, value in sorted(parse_qsl(body.decode(), keep_blank_values=True)))
    headers = {"x-twilio-signature": b64(mac(secret, url + plain, "sha1"))}
    return headers | {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}


def _zendesk(url: str, body: bytes, secret: str, at: int) -> dict[str, str]:
    stamp = f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
    signature = b64(mac(secret, stamp.encode() + body))
    return {"x-zendesk-webhook-signature": signature, "x-zendesk-webhook-signature-timestamp": stamp}


def _intercom(url: str, body: bytes, secret: str, at: int) -> dict[str, str]:
    return {"x-hub-signature": f"sha1={mac(secret, body, 'sha1').hex()}"}


def _stripe(url: str, body: bytes, secret: str, at: int) -> dict[str, str]:
    signature = mac(secret, f"{at // 1000}.".encode() + body).hex()
    return {"stripe-signature": f"t={at // 1000},v1={signature},v0={'6f' * 32}"}


def _shopify(url: str, body: bytes, secret: str, at: int) -> dict[str, str]:
    return {"x-shopify-hmac-sha256": b64(mac(secret, body))}


def _meta(url: str, body: bytes, secret: str, at: int) -> dict[str, str]:
    return {"x-hub-signature-256": f"sha256={mac(secret.split(':')[0], body).hex()}"}


def _typeform(url: str, body: bytes, secret: str, at: int) -> dict[str, str]:
    return {"typeform-signature": f"sha256={b64(mac(secret, body))}"}


def _standard(url: str, body: bytes, secret: str, at: int) -> dict[str, str]:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signature = b64(mac(key, f"msg_1.{at // 1000}.".encode() + body))
    return {"webhook-id": "msg_1", "webhook-timestamp": str(at // 1000), "webhook-signature": f"v1,{signature}"}


SIGNS: Final[Mapping[str, Callable[[str, bytes, str, int], dict[str, str]]]] = {
    "hubspot": _hubspot, "salesforce": _bearer, "salesforce_outbound": _bearer, "pipedrive": _basic, "zoho": _nothing,
    "twilio_voice": _twilio, "aircall": _nothing, "zendesk": _zendesk, "intercom": _intercom, "stripe": _stripe,
    "shopify": _shopify, "meta_comments": _meta, "typeform": _typeform, "standard": _standard,
}  # fmt: skip


def sent(
    provider: str, content: Any, *, query: str = "", headers: Mapping[str, str] | None = None, at: int = NOW,
    secret: str | None = None,
) -> Arrived:  # fmt: skip
    """A request as a provider sends it at ``at`` ms, arrived at NOW. A table of Twilio is a form; bytes go as they are.

    The token of those that send one is put in.
    """
    word = secret or secret_of(provider)
    if provider in ("zoho", "aircall") and isinstance(content, dict):
        content = {**content, "token": word}
    body = content if isinstance(content, bytes) else (
        urlencode(content).encode() if provider == "twilio_voice" else json.dumps(content).encode()
    )  # fmt: skip
    url = f"{HOST}/v1/webhooks/{provider}/main{f'?{query}' if query else ''}"
    signed = SIGNS[provider](url, body, word, at)
    return Arrived("POST", url, {**signed, **(headers or {})}, body, NOW)


def refused(events: list[Event], received: int = NOW) -> list[Rejection]:
    """What the contract has against events, put in an envelope as the collector does."""
    records = [
        RawRecord("in", 0, place, received, None, json.dumps(_envelope(event)).encode())
        for place, event in enumerate(events)
    ]
    return validate(records)[1]


def _envelope(event: Event) -> dict[str, Any]:
    found = {"specversion": "1.0", "id": event.id, "source": "/webhooks/main", "type": event.type, "tenantid": "acme"}
    return found | {"data": event.data} | ({"time": event.time} if event.time else {})
