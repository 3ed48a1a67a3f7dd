"""Traits: personal ones go where the privacy policy finds them, the rest become our traits.

Reserved traits: https://www.twilio.com/docs/segment/connections/spec/identify#traits
"""

from typing import Any, Final

from collectors.segment.personal import reachable, spelled, without
from collectors.segment.values import filled, name, table, text
from models.bounds import NAME_LENGTH

_WHO: Final = frozenset({"name", "userid", "anonymousid"})
_OF_COUNTRY: Final = ("country", "countryCode", "country_code")


def personal_and_traits(traits: dict[str, Any]) -> dict[str, Any]:
    """``email``, ``phone`` and ``name`` in the clear; ``traits`` without anything personal."""
    return filled({**reachable(traits), "name": _full_name(traits), "traits": impersonal(traits)})


def impersonal(traits: dict[str, Any]) -> dict[str, Any]:
    """Traits that may be dimensions. Of an address only the country is kept; texts that are too long are dropped."""
    kept = {key: value for key, value in without(traits).items() if spelled(key) not in _WHO and not _too_long(value)}
    country = next((found for field in _OF_COUNTRY if (found := name(table(traits.get("address")).get(field)))), None)
    return filled({"country": country, **kept})


def _too_long(value: Any) -> bool:
    return isinstance(value, str) and len(value) > NAME_LENGTH


def _full_name(traits: dict[str, Any]) -> str | None:
    said = {spelled(key): found for key, value in traits.items() if (found := text(value))}
    parts = [said[part] for part in ("firstname", "lastname") if part in said]
    return said.get("name") or said.get("fullname") or " ".join(parts) or None


def customer(*tables: dict[str, Any]) -> str | None:
    """The customer id, if one of the tables contains it."""
    names = ("customer_id", "customerId", "groupId", "group_id")
    return next((found for one in tables for field in names if (found := name(one.get(field)))), None)
