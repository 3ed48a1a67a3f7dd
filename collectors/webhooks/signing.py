"""What webhooks are proven with: signatures, a signed time, HTTP Basic, a secret in the address. Pure.

Everything here raises Forged, with a text for the log. Signatures are compared as they came, letter by letter: another
spelling of the same bytes is refused, so that no changed request passes.
"""

import hashlib
import hmac
import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import unquote_to_bytes

from collectors.arrived import Arrived
from collectors.webhooks.provider import Forged

TOLERANCE_S: Final = 300  # of a signed time, either way, as libraries of Standard Webhooks have it
SECRET_IN_URL: Final = "secret"  # the parameter of the query
_SECONDS: Final = re.compile(r"[0-9]{1,12}")


def live(secrets: Sequence[str]) -> list[bytes]:
    """The secrets that prove anything: without one, nobody is believed."""
    found = [secret.encode(errors="backslashreplace") for secret in secrets if secret]
    if not found:
        raise Forged("there is no secret to check with")
    return found


def header(arrived: Arrived, name: str) -> str:
    """A header that must be there; ``name`` in lower case."""
    value = arrived.headers.get(name, "")
    if not value:
        raise Forged(f"{name} is missing")
    return value


def hex_hmac(secret: bytes, message: bytes, algorithm: str = "sha256") -> bytes:
    """The HMAC in small hexadecimal digits."""
    return hmac.new(secret, message, algorithm).hexdigest().encode()


def base64_hmac(secret: bytes, message: bytes, algorithm: str = "sha256") -> bytes:
    """The HMAC in base64."""
    return b64encode(hmac.new(secret, message, algorithm).digest())


def require(given: str | bytes, expected: Iterable[bytes], what: str = "the signature") -> None:
    """One of ``expected`` was given."""
    if not fits(given, expected):
        raise Forged(f"{what} is wrong")


def fits(given: str | bytes, expected: Iterable[bytes]) -> bool:
    """Whether one of ``expected`` was given. All are compared, each in constant time."""
    raw = given.encode(errors="replace") if isinstance(given, str) else given
    # Digests of both sides have one length: not even the length of a secret shows.
    found = [hmac.compare_digest(_digest(raw), _digest(one)) for one in expected]
    return any(found)


def _digest(text: bytes) -> bytes:
    return hashlib.sha256(text).digest()


def fresh(arrived: Arrived, seconds: str, tolerance_s: int = TOLERANCE_S) -> None:
    """The signed time, in seconds since 1970, is at most ``tolerance_s`` old and at most five minutes ahead."""
    if _SECONDS.fullmatch(seconds) is None:
        raise Forged("the signed time is no number of seconds")
    late_ms = arrived.received - int(seconds) * 1000
    if late_ms > tolerance_s * 1000:
        raise Forged("the signed time is too old")
    if late_ms < -TOLERANCE_S * 1000:
        raise Forged("the signed time is in the future")


def shared_secret(arrived: Arrived, secrets: Sequence[str]) -> None:
    """For providers that sign nothing: the secret came along, which TLS alone protects.

    As HTTP Basic (the secret is ``user:password``), as a bearer token, or in the query of the address
    (``?secret=…``, percent-encoded).
    """
    expected = live(secrets)
    if "authorization" in arrived.headers:
        require(_authorization(arrived.headers["authorization"]), expected, "the password")
        return
    given = _in_query(arrived.url)
    if len(given) != 1:
        raise Forged("there is neither a password nor one secret in the address")
    require(given[0], expected, "the secret in the address")


def _authorization(value: str) -> bytes:
    scheme, _, credentials = value.partition(" ")
    if scheme.lower() == "basic":
        return exactly_base64(credentials.strip(), "the password")
    if scheme.lower() == "bearer":
        return credentials.strip().encode(errors="replace")
    raise Forged("the authorization is neither Basic nor Bearer")


def _in_query(url: str) -> list[bytes]:
    query = url.partition("#")[0].partition("?")[2]
    pairs = (pair.partition(b"=") for pair in query.encode(errors="replace").split(b"&"))
    return [unquote_to_bytes(value) for name, _, value in pairs if unquote_to_bytes(name) == SECRET_IN_URL.encode()]


def exactly_base64(text: str, what: str = "the signature") -> bytes:
    """The bytes, of their one spelling in base64: decoders let others pass."""
    try:
        found = b64decode(text, validate=True)
    except (NotBase64, ValueError):
        raise Forged(f"{what} is not base64") from None
    if b64encode(found).decode() != text:
        raise Forged(f"{what} is not base64")
    return found
