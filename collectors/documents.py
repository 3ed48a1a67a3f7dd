"""Splits a body into its JSON documents, so that a malformed one does not affect the others."""

import re
from collections.abc import Iterator
from hashlib import sha256
from json import JSONDecodeError, JSONDecoder
from typing import Any, Final

import orjson

from collectors.arrived import Unreadable
from models.canonical import canonical, check_keys, check_nesting, parse
from models.refused import Refused

MAX_ITEMS: Final = 2000  # per request
_BOM: Final = "\ufeff"
_BLANK: Final = re.compile(r"[ \t\n\r]*")
# Numbers stay text: only the end of a value matters here, and parsing a million digits is expensive.
_SCANNER: Final = JSONDecoder(parse_float=str, parse_int=str, parse_constant=str, strict=False)


def text_of(body: bytes) -> str:
    """The body as text, without its byte order mark. Unreadable: empty, not UTF-8, a NUL (so UTF-16, too)."""
    if not body.strip():
        raise Unreadable("the body is empty")
    if b"\0" in body:
        raise Unreadable("the body is not UTF-8 text")
    try:
        return body.decode().removeprefix(_BOM)
    except UnicodeDecodeError:
        raise Unreadable("the body is not UTF-8 text") from None


def checked(raw: bytes) -> Any:
    """One document, parsed strictly. Raises Refused: not_json, depth, too_many_keys, duplicate_key, nul …"""
    value = parse(raw)
    check_keys(raw, check_nesting(raw), canonical(value))
    return value


def elements(text: str) -> list[bytes]:
    """The elements of the array ``text``, as unparsed bytes. Raises Unreadable: not an array, empty, too many."""
    found = [text[start:end].encode() for start, end in _elements(text, _skip(text, 0))]
    if not found:
        raise Unreadable("the batch is empty")
    if len(found) > MAX_ITEMS:
        raise Unreadable(f"the batch has more than {MAX_ITEMS} events")
    return found


def members(text: str) -> dict[str, str]:
    """The members of the object ``text``, values unparsed. Raises Unreadable: not an object, duplicate key."""
    at = _expect(text, _skip(text, 0), "{")
    found: dict[str, str] = {}
    while text[at : at + 1] != "}":
        key, end = _value(text, at)
        if not isinstance(key, str) or text[at] != '"' or key in found:
            raise Unreadable(f"not JSON, or a key is there twice, at character {at}")
        start = _expect(text, _skip(text, end), ":")
        _, end = _value(text, start)
        found[key] = text[start:end]
        at = _next(text, end, "}")
    _nothing_after(text, at + 1)
    return found


def _elements(text: str, at: int) -> Iterator[tuple[int, int]]:
    at = _expect(text, at, "[")
    while text[at : at + 1] != "]":
        _, end = _value(text, at)
        yield at, end
        at = _next(text, end, "]")
    _nothing_after(text, at + 1)


def _next(text: str, end: int, close: str) -> int:
    """Position of the next item of a list, or of its end."""
    at = _skip(text, end)
    if text[at : at + 1] == close:
        return at
    at = _expect(text, at, ",")
    if text[at : at + 1] == close:
        raise _not_json(at)
    return at


def _value(text: str, at: int) -> tuple[Any, int]:
    try:
        return _SCANNER.raw_decode(text, at)
    except JSONDecodeError as error:
        raise _not_json(error.pos) from None
    except RecursionError:
        raise Unreadable("objects and arrays are nested too deep") from None


def _expect(text: str, at: int, mark: str) -> int:
    if text[at : at + 1] != mark:
        raise _not_json(at)
    return _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


def _nothing_after(text: str, at: int) -> None:
    if _skip(text, at) != len(text):
        raise _not_json(at)


def _not_json(at: int) -> Unreadable:
    return Unreadable(f"not JSON at character {at}")


def derived_id(value: Any, timed: bool, received: int, at: int) -> str:
    """An id for an item without one, stable across retries.

    For an item without a time, the id also covers when it was received and its position.
    """
    given = canonical(value) + (b"" if timed else orjson.dumps([received, at]))
    return "derived-" + sha256(given).hexdigest()[:32]


def refusal(refused: Refused) -> tuple[str, str]:
    """(field, message) of a refusal of `checked`, for the sender."""
    return refused.field or "body", refused.detail
