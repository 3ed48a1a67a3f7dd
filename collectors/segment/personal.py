"""What is personal in traits and properties, by its name in any spelling: ``firstName``, ``first_name``."""

from typing import Any, Final

from collectors.segment.values import filled, name, text

_EMAIL: Final = frozenset({"email", "emailaddress", "mail"})
_PHONE: Final = frozenset({"phone", "phonenumber", "mobile", "mobilephone", "telephone"})
_PERSONAL: Final = frozenset({
    *_EMAIL, *_PHONE, "address", "avatar", "birthday", "birthdate", "dateofbirth", "firstname", "fullname", "lastname",
    "password", "street", "username",
})  # fmt: skip


def spelled(key: str) -> str:
    """A key without case and marks."""
    return key.lower().replace("_", "").replace("-", "").replace(" ", "")


def reachable(where: dict[str, Any]) -> dict[str, Any]:
    """``email`` and ``phone`` in clear, for the privacy policy to hash."""
    emails = (text(value) for key, value in where.items() if spelled(key) in _EMAIL)
    phones = (name(value) for key, value in where.items() if spelled(key) in _PHONE)
    return filled({"email": next(filter(None, emails), None), "phone": next(filter(None, phones), None)})


def without(value: Any) -> Any:
    """The same without anything personal, in objects within it, too. Nesting is bounded by what a document may have."""
    if isinstance(value, dict):
        return {key: without(inner) for key, inner in value.items() if spelled(key) not in _PERSONAL}
    return [without(inner) for inner in value] if isinstance(value, list) else value
