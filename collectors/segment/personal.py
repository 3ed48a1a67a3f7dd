"""Recognises personal traits and properties by name, in any spelling: ``firstName``, ``first_name``."""

from typing import Any, Final

from collectors.segment.values import filled, name, text

_EMAIL: Final = frozenset({"email", "emailaddress", "mail"})
_PHONE: Final = frozenset({"phone", "phonenumber", "mobile", "mobilephone", "telephone"})
_PERSONAL: Final = frozenset({
    *_EMAIL, *_PHONE, "address", "avatar", "birthday", "birthdate", "dateofbirth", "firstname", "fullname", "lastname",
    "password", "street", "username",
})  # fmt: skip


def spelled(key: str) -> str:
    """A key in lower case, without punctuation."""
    return key.lower().replace("_", "").replace("-", "").replace(" ", "")


def reachable(where: dict[str, Any]) -> dict[str, Any]:
    """``email`` and ``phone`` in the clear, for the privacy policy to hash."""
    emails = (text(value) for key, value in where.items() if spelled(key) in _EMAIL)
    phones = (name(value) for key, value in where.items() if spelled(key) in _PHONE)
    return filled({"email": next(filter(None, emails), None), "phone": next(filter(None, phones), None)})


def without(value: Any) -> Any:
    """The value without personal fields, at any depth. Nesting is bounded by the limits of a document."""
    if isinstance(value, dict):
        return {key: without(inner) for key, inner in value.items() if spelled(key) not in _PERSONAL}
    return [without(inner) for inner in value] if isinstance(value, list) else value
