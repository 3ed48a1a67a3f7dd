"""Hashing, masking and dropping of personal data before an event is written anywhere. Pure and deterministic.

E-mail addresses and phone numbers become HMAC-SHA256 with a key per tenant (RFC 2104), so that events of two systems
can still be linked, while nobody can recover an address without the key. Names and IP addresses are dropped, free text
is masked. Owners and actors are kept: they work for the tenant, and its numbers are broken down by them.
"""

import hashlib
import hmac
import re
from typing import Any, Final

import orjson

from collectors.event import Event
from models.collecting import PrivacySettings

IDS: Final = (
    "customer_id", "lead_id", "user_id", "anonymous_id", "contact_id", "session_id",
    "winner_id", "deal_id", "order_id", "subscription_id", "contract_id", "ticket_id", "record_id",
)  # fmt: skip
WHO: Final = (
    "customer_id", "lead_id", "user_id", "anonymous_id", "contact_id", "session_id", "email_hash", "phone_hash",
    "recipient_hash", "email", "phone", "recipient", "name", "click_id", "traits", "ip", "locale",
)  # fmt: skip
HASHED: Final = {"email": "email_hash", "phone": "phone_hash", "recipient": "recipient_hash"}
DROPPED: Final = frozenset({
    "name", "ip", "first_name", "firstname", "last_name", "lastname", "full_name", "username", "address", "street",
    "birthday", "birthdate", "date_of_birth", "avatar", "password", "ssn", "email", "phone", "e_mail", "mobile", "fax",
    "mobilephone", "ip_address",
})  # fmt: skip
STAFF: Final = ("owner_id", "actor_id")
KEYS: Final = ("writekey", "write_key", "token")
FREE: Final = ("comment", "text")
REFUSALS: Final = ("none", "denied", "false", False)
EMAIL: Final = re.compile(r"[A-Za-z0-9._%+'-]+(?:@|%40)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
CARD: Final = re.compile(r"(?<![0-9])(?:[0-9][ -]?){12,18}[0-9](?![0-9])")
PHONE: Final = re.compile(r"(?<![\w+])\+[0-9][0-9 ()./-]{6,18}[0-9](?![\w])")
SSN: Final = re.compile(r"(?<![0-9-])[0-9]{3}-[0-9]{2}-[0-9]{4}(?![0-9-])")
SECRET: Final = re.compile(r"(?i)\b(password|passwd|pwd|secret|token|api_key|access_token)(\s*[=:]\s*)[^\s&;,]+")


class NoConsent(Exception):
    """The event carries no consent, and the tenant's policy refuses such events."""


class Policy:
    """The privacy policy of one tenant. Without a ``secret`` nothing can be hashed, so it is dropped instead."""

    def __init__(self, secret: bytes, tenant: str, rules: PrivacySettings) -> None:
        self._key = hmac.digest(secret, tenant.encode(), "sha256") if secret and rules.personal == "hash" else b""
        self._rules = rules

    def clean(self, event: Event) -> Event:
        """The event without personal data in the clear. Raises NoConsent."""
        data = dict(event.data)
        if self._rules.consent != "ignore" and _refused(data.pop("consent", None)):
            if self._rules.consent == "refuse":
                raise NoConsent
            data = {name: value for name, value in data.items() if name not in WHO}
        for name in HASHED.keys() & data.keys():
            self._hash(data, name)
        if self._rules.free_text == "drop":
            data = {name: value for name, value in data.items() if name not in FREE}
        attributes = {name: _masked(value) for name, value in event.attributes.items() if name.lower() not in DROPPED}
        return event._replace(id=self._id(event.id), data=self._cleaned(data), attributes=attributes)

    def mask(self, raw: bytes) -> bytes:
        """An unreadable item without its write key and anything that looks personal; for dead letters."""
        try:
            return orjson.dumps(_stripped(orjson.loads(raw)))
        except (orjson.JSONDecodeError, TypeError, RecursionError):  # not JSON, or nested too deeply
            return masked(raw.decode("utf-8", "replace")).encode()

    def digest(self, text: str) -> str:
        """The keyed hash of a normalised text: 32 hex digits, or empty without a key."""
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()[:32] if self._key else ""

    def _hash(self, data: dict[str, Any], name: str) -> None:
        given = data.pop(name)
        text = normal_phone(given) if name == "phone" else normal_email(given)
        if text and (digest := self.digest(text)):
            data.setdefault(HASHED[name], digest)

    def _id(self, name: Any) -> Any:
        """An id with any e-mail address in it replaced by its hash, so that it still identifies the same person."""
        if not isinstance(name, str) or "@" not in name:
            return name
        return EMAIL.sub(lambda found: f"e-{self.digest(normal_email(found[0])) or 'dropped'}", name)

    def _cleaned(self, data: dict[str, Any]) -> dict[str, Any]:
        return {name: self._value(name, value) for name, value in data.items() if name.lower() not in DROPPED}

    def _value(self, name: str, value: Any) -> Any:
        if name in STAFF:
            return value
        if name in IDS:
            return self._id(value)
        if name == "loser_ids" and isinstance(value, list):
            return [self._id(one) for one in value]
        if name == "traits" and isinstance(value, dict):
            value = {key: one for key, one in value.items() if str(key).lower() not in DROPPED}
        return _masked(value)


def normal_email(text: object) -> str:
    """The form that is hashed: trimmed, lower case; empty if it is not an e-mail address."""
    found = text.strip().lower() if isinstance(text, str) else ""
    return found if "@" in found else ""


def normal_phone(text: object) -> str:
    """The form that is hashed: its digits, with a leading plus if it has one; empty without digits."""
    found = re.sub(r"[^0-9+]", "", str(text)) if isinstance(text, str | int) else ""
    return found if any(map(str.isdigit, found)) else ""


def masked(text: str) -> str:
    """A text with e-mail addresses, phone numbers, card numbers and the like replaced by placeholders."""
    if not any(mark in text for mark in "@%+0123456789=:"):
        return text
    text = EMAIL.sub("[email]", text) if "@" in text or "%40" in text else text
    text = SSN.sub("[ssn]", CARD.sub(_card, text))
    return PHONE.sub("[phone]", SECRET.sub(r"\1\2[secret]", text))


def _card(found: re.Match[str]) -> str:
    digits = [int(one) for one in found[0] if one.isdigit()]
    doubled = [sum(divmod(2 * one, 10)) for one in digits[-2::-2]]
    return found[0] if (sum(digits[-1::-2]) + sum(doubled)) % 10 else "[card]"  # Luhn, ISO/IEC 7812-1


def _masked(value: Any) -> Any:
    """All texts in a value, masked."""
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, dict):
        return {key: _masked(one) for key, one in value.items()}
    return [_masked(one) for one in value] if isinstance(value, list) else value


def _stripped(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _stripped(one) for key, one in value.items() if key.lower() not in (*DROPPED, *KEYS)}
    return [_stripped(one) for one in value] if isinstance(value, list) else _masked(value)


def _refused(consent: object) -> bool:
    return (consent.lower() if isinstance(consent, str) else consent) in REFUSALS
