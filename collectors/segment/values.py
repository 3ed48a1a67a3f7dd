"""Lenient reading of client values: a value of the wrong type counts as absent."""

import re
from collections.abc import Mapping
from typing import Any, Final

from models.bounds import NAME_LENGTH
from models.refused import Refused

Table = Mapping[str, Any]
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


def table(value: Any) -> dict[str, Any]:
    """An object; anything else yields an empty one."""
    return value if isinstance(value, dict) else {}


def text(value: Any) -> str | None:
    """A text that is not blank."""
    return value.strip() or None if isinstance(value, str) else None


def name(value: Any) -> str | None:
    """A short text without control characters, or a whole number as text."""
    if type(value) is int:
        return str(value)
    found = text(value)
    return None if found is None or len(found) > NAME_LENGTH or _CONTROL.search(found) else found


def first(where: Table, *fields: str) -> Any:
    """The first of the fields that holds anything."""
    return next((where[field] for field in fields if where.get(field) not in (None, "")), None)


def filled(data: Table) -> dict[str, Any]:
    """Without empty values."""
    return {field: value for field, value in data.items() if value not in (None, "", {}, [])}


def named(call: Table, field: str) -> str | None:
    """An id of a call, or None. Raises Refused wrong_type."""
    value = call.get(field)
    if value is None or value == "":
        return None
    if type(value) not in (str, int):
        raise Refused("wrong_type", field)
    return str(value)


def object_of(call: Table, field: str) -> dict[str, Any]:
    """The object in ``field`` of a call, {} if absent. Raises Refused wrong_type."""
    value = call.get(field)
    if value is not None and type(value) is not dict:
        raise Refused("wrong_type", field)
    return value or {}
