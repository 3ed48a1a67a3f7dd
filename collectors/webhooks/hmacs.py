"""Webhook authentication: HMACs, signed times, shared secrets. Everything fails closed."""

import base64
import hmac
import re
from collections.abc import Callable, Iterable, Sequence
from itertools import product
from typing import Final

from collectors.arrived import Arrived, Unreadable
from collectors.webhooks.items import at, document
from collectors.webhooks.provider import Forged
from collectors.webhooks.signing import base64_hmac, header, hex_hmac, live

MINUTES_5: Final = 300_000  # ms
_STAMP: Final = re.compile("[0-9]{1,16}")


def prove(given: Iterable[str], secrets: Sequence[str], *signs: Callable[[bytes], str]) -> None:
    """Raises Forged unless a given signature equals that of one of ``signs`` with one of the secrets."""
    prove_with(live(secrets), given, *signs)


def prove_with(keys: Iterable[bytes], given: Iterable[str], *signs: Callable[[bytes], str]) -> None:
    """The same for binary secrets.

    Compares the encoded texts, not what they decode to: in base64 several texts decode to the same bytes.
    """
    signatures = [_bytes(text) for text in given]
    proven = False
    for key, sign in product(keys, signs):
        expected = sign(key).encode()
        for signature in signatures:
            proven |= hmac.compare_digest(expected, signature)
    if not proven:
        raise Forged("no secret makes this signature")


def shared(given: str, secrets: Sequence[str]) -> None:
    """Raises Forged unless the given text is one of the secrets."""
    word, known = _bytes(given), False
    for secret in live(secrets):
        known |= hmac.compare_digest(secret, word)
    if not known:
        raise Forged("not one of the secrets")


def token_in_body(arrived: Arrived, secrets: Sequence[str]) -> None:
    """Checks the secret in ``token`` of a JSON body, for providers that do not sign. Raises Forged."""
    try:
        token = at(document(arrived), "token")
    except Unreadable as error:
        raise Forged(f"no token: {error}") from None
    shared(token if isinstance(token, str) else "", secrets)


def fresh(arrived: Arrived, sent: int, tolerance: int = MINUTES_5) -> None:
    """Raises Forged if a request was sent (ms UTC) more than ``tolerance`` ms before or after it arrived."""
    if abs(arrived.received - sent) > tolerance:
        raise Forged(f"sent {(arrived.received - sent) / 1000:.0f} s before it arrived")


def stamp(text: str) -> int:
    """A signed time: an integer as text. Raises Forged for anything else."""
    if not _STAMP.fullmatch(text):
        raise Forged("the time is not a whole number")
    return int(text)


def basic(arrived: Arrived, secrets: Sequence[str]) -> None:
    """Checks HTTP Basic; a secret is ``user:password``. Raises Forged."""
    scheme, _, encoded = header(arrived, "authorization").partition(" ")
    if scheme.lower() != "basic":
        raise Forged("the authorization is not Basic")
    shared(encoded.strip(), [base64.b64encode(_bytes(secret)).decode() for secret in secrets if secret])


def hex_mac(key: bytes, message: bytes, algorithm: str = "sha256") -> str:
    """An HMAC in lower-case hex, as text: for signatures with a prefix."""
    return hex_hmac(key, message, algorithm).decode()


def base64_mac(key: bytes, message: bytes, algorithm: str = "sha256") -> str:
    """An HMAC in base64, padded, as text."""
    return base64_hmac(key, message, algorithm).decode()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
