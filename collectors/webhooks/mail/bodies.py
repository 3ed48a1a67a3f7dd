"""Request bodies: JSON and forms. Raise Unreadable if they are neither."""

from typing import Any, Final
from urllib.parse import parse_qsl

from collectors.arrived import Unreadable
from models.canonical import MAX_DEPTH, parse
from models.refused import Refused
from models.structure import structure

_FIELDS: Final = 1000  # per form


def json_body(raw: bytes, field: str = "body") -> Any:
    """The JSON document in ``raw``, nested at most as deeply as an event may be."""
    try:
        found = parse(raw)
    except Refused as refused:
        raise Unreadable(f"is not JSON: {refused.reason}", field) from None
    if structure(raw)[0] > MAX_DEPTH:
        raise Unreadable(f"is nested deeper than {MAX_DEPTH}", field)
    return found


def json_items(raw: bytes, field: str = "body") -> list[Any]:
    """A list of events, or a single event."""
    found = json_body(raw, field)
    if type(found) is dict:
        return [found]
    if type(found) is not list:
        raise Unreadable("is neither an object nor a list", field)
    return found


def form(raw: bytes) -> list[tuple[str, str]]:
    """The fields of an ``application/x-www-form-urlencoded`` body, in order, including empty ones."""
    try:
        return parse_qsl(raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=_FIELDS)
    except ValueError:  # invalid encoding, or too many fields
        raise Unreadable("is not a form of at most 1000 fields in UTF-8") from None
