"""Links that end a report for one recipient, without signing in (RFC 8058): who holds one may do that, and no more.

A token is the recipient's subscription and its HMAC-SHA256. It does not expire: a mail may be read a year later.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from typing import Final, NamedTuple

import orjson

PATH: Final = "/unsubscribe"
PURPOSE: Final = b"crmkpi unsubscribe 1\0"  # the same secret may serve other ends
LONGEST: Final = 2000


class Subscription(NamedTuple):
    """What a link ends."""

    tenant: str
    report: str
    mail: str


def token(one: Subscription, secret: bytes) -> str:
    """A text for an address: letters, digits, ``-``, ``_`` and one full stop."""
    body = orjson.dumps(tuple(one))
    return f"{_text(body)}.{_text(_seal(body, secret))}"


def subscription(text: str, secret: bytes) -> Subscription | None:
    """Whose token this is; None: it is not one of ours, or was changed."""
    body, _, seal = text[:LONGEST].partition(".")
    try:
        said, sealed = _bytes(body), _bytes(seal)
    except (Error, ValueError):
        return None
    if not hmac.compare_digest(_seal(said, secret), sealed):
        return None
    return Subscription(*orjson.loads(said))


def _seal(body: bytes, secret: bytes) -> bytes:
    return hmac.new(secret, PURPOSE + body, hashlib.sha256).digest()


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
