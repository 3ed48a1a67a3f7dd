"""Requests as each provider proves them, with secrets of our own."""

import hashlib
import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from collectors.arrived import Arrived
from collectors.webhooks.mail import PROVIDERS
from collectors.webhooks.provider import Provider

SECONDS: Final = 1_767_225_600  # 2026-01-01T00:00:00Z
FORM: Final = "application/x-www-form-urlencoded"
BY_NAME: Final[dict[str, Provider]] = {provider.name: provider for provider in PROVIDERS}
TOKENS: Final = ("first:p+ss wörd", "second:other")


class Scheme(NamedTuple):
    """How one provider signs."""

    secrets: tuple[str, str]
    sign: Callable[[bytes, int, int], Arrived]  # body, number of the secret, seconds
    signature: str | None = None  # the header it stands in; None: in the body or the address
    timed: str | None = None  # the header of the time; "body": in the body
    covers_body: bool = True
    late_s: int = 300  # how old the time may be


def request(
    body: bytes, headers: dict[str, str], query: str = "", method: str = "POST", seconds: int = SECONDS
) -> Arrived:
    """A request received at ``seconds``."""
    url = f"https://in.example.net/v1/webhooks/any/shop{query}"
    return Arrived(method, url, headers, body, seconds * 1000)


def basic(body: bytes, which: int, seconds: int = SECONDS) -> Arrived:
    """HTTP Basic."""
    return request(body, {"authorization": "Basic " + b64encode(TOKENS[which].encode()).decode()}, seconds=seconds)


def in_url(body: bytes, which: int, seconds: int = SECONDS) -> Arrived:
    """A secret in the address."""
    return request(body, {}, f"?a=1&secret={quote(TOKENS[which], safe='')}", seconds=seconds)


def bearer(body: bytes, which: int, seconds: int = SECONDS) -> Arrived:
    """A token."""
    return request(body, {"authorization": f"Bearer {TOKENS[which]}"}, seconds=seconds)


def hmac_header(name: str) -> Callable[[bytes, int, int], Arrived]:
    """HMAC-SHA256 of the body in hexadecimal digits."""
    return lambda body, which, seconds: request(
        body, {name: hmac.new(TOKENS[which].encode(), body, "sha256").hexdigest()}, seconds=seconds
    )


@cache
def ec_keys() -> Sequence[ec.EllipticCurvePrivateKey]:
    """Two, made of fixed numbers."""
    return [ec.derive_private_key(number, ec.SECP256R1()) for number in (41, 43)]


@cache
def rsa_keys() -> Sequence[rsa.RSAPrivateKey]:
    """Two."""
    return [rsa.generate_private_key(65537, 1024) for _ in range(2)]


def pasted(key: Any) -> str:
    """A public key as providers show it."""
    return b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def sendgrid(body: bytes, which: int, seconds: int) -> Arrived:
    """ECDSA over time and body."""
    signed = ec_keys()[which].sign(str(seconds).encode() + body, ec.ECDSA(SHA256()))
    prefix = "x-twilio-email-event-webhook-"
    headers = {f"{prefix}signature": b64encode(signed).decode(), f"{prefix}timestamp": str(seconds)}
    return request(body, headers, seconds=seconds)


def postal(body: bytes, which: int, seconds: int) -> Arrived:
    """RSA with SHA-1 over the body."""
    signed = b64encode(rsa_keys()[which].sign(body, padding.PKCS1v15(), SHA1())).decode()
    return request(body, {"x-postal-signature": signed}, seconds=seconds)


def postal_256(body: bytes, which: int, seconds: int) -> Arrived:
    """RSA with SHA-256; the old signature is there, too, and not looked at."""
    signed = b64encode(rsa_keys()[which].sign(body, padding.PKCS1v15(), SHA256())).decode()
    return request(body, {"x-postal-signature": "none", "x-postal-signature-256": signed}, seconds=seconds)


SVIX: Final = ("whsec_" + b64encode(b"a" * 24).decode(), "whsec_" + b64encode(b"bc" * 12 + b"d").decode().rstrip("="))


def svix(body: bytes, which: int, seconds: int, prefix: str = "svix") -> Arrived:
    """Standard Webhooks."""
    key = b64decode(SVIX[which].removeprefix("whsec_") + "=" * which * 2)
    signed = b64encode(hmac.new(key, f"msg_7.{seconds}.".encode() + body, "sha256").digest()).decode()
    headers = {f"{prefix}-id": "msg_7", f"{prefix}-timestamp": str(seconds), f"{prefix}-signature": f"v1,{signed}"}
    return request(body, headers, seconds=seconds)


def mailgun(body: bytes, which: int, seconds: int) -> Arrived:
    """Within the JSON."""
    return request(json.dumps({"signature": _mailgun(which, seconds)} | json.loads(body)).encode(), {}, seconds=seconds)


def mailgun_form(body: bytes, which: int, seconds: int) -> Arrived:
    """Within the form; a variable of the sender's has the name of a field."""
    fields = urlencode({"token": "theirs"}) + "&" + body.decode() + "&" + urlencode(_mailgun(which, seconds))
    return request(fields.encode(), {"content-type": FORM}, seconds=seconds)


def _mailgun(which: int, seconds: int) -> dict[str, str]:
    token = "8a6b"
    signed = hmac.new(TOKENS[which].encode(), f"{seconds}{token}".encode(), "sha256").hexdigest()
    return {"timestamp": str(seconds), "token": token, "signature": signed}


def mandrill(body: bytes, which: int, seconds: int) -> Arrived:
    """Over address and fields; ``body`` is the list of events."""
    form = urlencode({"mandrill_events": body.decode(), "a": "ü b"}).encode()
    plain = request(form, {}, "?x=%2F", seconds=seconds)
    message = f"{plain.url}aü bmandrill_events{body.decode()}".encode()
    signed = b64encode(hmac.new(TOKENS[which].encode(), message, "sha1").digest()).decode()
    return plain._replace(headers={"x-mandrill-signature": signed, "content-type": FORM})


def unisender(body: bytes, which: int, seconds: int) -> Arrived:
    """MD5 of the body with the key in it."""
    with_key = b'{"auth":"' + TOKENS[which].encode() + b'",' + body.removeprefix(b"{")
    digest = hashlib.md5(with_key).hexdigest().encode()
    return request(b'{"auth":"' + digest + b'",' + body.removeprefix(b"{"), {}, seconds=seconds)


def _ec() -> tuple[str, str]:
    first, second = map(pasted, ec_keys())
    return first, second


def _rsa() -> tuple[str, str]:
    first, second = map(pasted, rsa_keys())
    return first, second


_TWILIO: Final = "x-twilio-email-event-webhook-"
SHARED: Final = {
    "basic": Scheme(TOKENS, basic, "authorization", covers_body=False),
    "bearer": Scheme(TOKENS, bearer, "authorization", covers_body=False),
    "url": Scheme(TOKENS, in_url, covers_body=False),
}
SCHEMES: Final[dict[tuple[str, str], Scheme]] = {
    **{
        (name, way): scheme
        for name in ("amazon_ses", "brevo", "mailchimp", "mailjet", "postmark", "sparkpost")
        for way, scheme in SHARED.items()
    },
    ("mailersend", "header"): Scheme(TOKENS, hmac_header("signature"), "signature"),
    ("mailtrap", "header"): Scheme(TOKENS, hmac_header("mailtrap-signature"), "mailtrap-signature"),
    ("mailgun", "json"): Scheme(TOKENS, mailgun, timed="body", covers_body=False, late_s=32_400),
    ("mailgun", "form"): Scheme(TOKENS, mailgun_form, timed="body", covers_body=False, late_s=32_400),
    ("mandrill", "form"): Scheme(TOKENS, mandrill, "x-mandrill-signature"),
    ("postal", "sha1"): Scheme(_rsa(), postal, "x-postal-signature"),
    ("postal", "sha256"): Scheme(_rsa(), postal_256, "x-postal-signature-256"),
    ("resend", "svix"): Scheme(SVIX, svix, "svix-signature", "svix-timestamp"),
    ("resend", "standard"): Scheme(
        SVIX,
        lambda body, which, seconds: svix(body, which, seconds, "webhook"),
        "webhook-signature",
        "webhook-timestamp",
    ),
    ("sendgrid", "ecdsa"): Scheme(_ec(), sendgrid, f"{_TWILIO}signature", f"{_TWILIO}timestamp"),
    ("unisender_go", "md5"): Scheme(TOKENS, unisender),
}
