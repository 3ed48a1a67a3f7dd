"""Traits: what is personal goes where the privacy policy finds it; the rest are traits of ours.

Reserved traits: https://www.twilio.com/docs/segment/connections/spec/identify#traits
"""

from typing import Any, Final

from collectors.segment.values import filled, name, table, text
from models.bounds import NAME_LENGTH

# Each says who somebody is, or what only they know; none is of use in a KPI.
_PERSONAL: Final = frozenset({
    "address", "anonymousId", "avatar", "birthday", "email", "firstName", "first_name", "lastName", "last_name", "name",
    "password", "phone", "userId", "username",
})  # fmt: skip
_OF_COUNTRY: Final = ("country", "countryCode", "country_code")


def told(traits: dict[str, Any]) -> dict[str, Any]:
    """``email``, ``phone``, ``name`` in clear, ``traits`` without anything personal."""
    return filled({**personal(traits), "name": _full_name(traits), "traits": impersonal(traits)})


def personal(table_: dict[str, Any]) -> dict[str, Any]:
    """The address and the number in any table."""
    return filled({"email": text(table_.get("email")), "phone": name(table_.get("phone"))})


def impersonal(traits: dict[str, Any]) -> dict[str, Any]:
    """Traits that may be dimensions. Of an address only the country is one; a text too long for one is left out."""
    kept = {key: value for key, value in traits.items() if key not in _PERSONAL and not _too_long(value)}
    country = next((found for field in _OF_COUNTRY if (found := name(table(traits.get("address")).get(field)))), None)
    return filled({"country": country, **kept})


def _too_long(value: Any) -> bool:
    return isinstance(value, str) and len(value) > NAME_LENGTH


def _full_name(traits: dict[str, Any]) -> str | None:
    parts = (traits.get("firstName", traits.get("first_name")), traits.get("lastName", traits.get("last_name")))
    return text(traits.get("name")) or " ".join(filter(None, map(text, parts))) or None


def customer(*tables: dict[str, Any]) -> str | None:
    """The account somebody belongs to, where one of the tables names it."""
    names = ("customer_id", "customerId", "groupId", "group_id")
    return next((found for one in tables for field in names if (found := name(one.get(field)))), None)
