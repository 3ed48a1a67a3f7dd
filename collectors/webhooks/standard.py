"""Standard Webhooks: HMAC-SHA256 over id, time and body. Svix sends the same under other names.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Sequence
from typing import Final

from collectors.arrived import Arrived
from collectors.webhooks import signing
from collectors.webhooks.provider import Forged

_PREFIX: Final = b"whsec_"


def verify(arrived: Arrived, secrets: Sequence[str], prefix: str = "webhook") -> None:
    """``prefix`` of the headers: "webhook", or "svix". Forged.

    A sender that changes its secret sends several signatures; one that fits is enough, and versions other than v1 are
    none of ours.
    """
    keys = _keys(secrets)
    identity = signing.header(arrived, f"{prefix}-id")
    seconds = signing.header(arrived, f"{prefix}-timestamp")
    signing.fresh(arrived, seconds)
    message = b".".join((identity.encode(errors="replace"), seconds.encode(), arrived.body))
    expected = [b"v1," + signing.base64_hmac(key, message) for key in keys]
    given = signing.header(arrived, f"{prefix}-signature").split(" ")
    if not any(signing.fits(one, expected) for one in given):
        raise Forged("the signature is wrong")


def _keys(secrets: Sequence[str]) -> list[bytes]:
    """The bytes that secrets stand for: base64 after ``whsec_``, with or without its padding."""
    found = [key for secret in signing.live(secrets) if (key := _key(secret))]
    if not found:
        raise Forged("no secret is base64 after whsec_")
    return found


def _key(secret: bytes) -> bytes:
    text = secret.removeprefix(_PREFIX).rstrip(b"=")
    try:
        return b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except NotBase64:
        return b""  # the others may be fine; none that is leaves no key
