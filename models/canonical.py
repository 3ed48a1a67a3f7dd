"""Canonical JSON, one text per meaning; and limits for hostile JSON documents."""

import re
from typing import Any, Final

import orjson

from models.refused import Refused
from models.structure import structure

MAX_BYTES: Final = 1_000_000  # leaves room for the journal's own fields below Kafka's default of 1 MiB
MAX_DEPTH: Final = 64
MAX_KEYS: Final = 1000
_BOM: Final = b"\xef\xbb\xbf"
# An escaped backslash, a surrogate pair, or half of one (the group).
_ESCAPES: Final = re.compile(
    rb"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
_CHANGED: Final = (float, list, dict)  # types that can be, or contain, a whole number


def parse(raw: bytes) -> Any:
    """The JSON document in ``raw``, without a byte order mark. Refused: empty, not_utf8, not_json, depth.

    Half of a surrogate pair, which JavaScript writes when it cuts a text inside an emoji, is read as U+FFFD.
    """
    text = raw.removeprefix(_BOM)
    try:
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            if (whole := _ESCAPES.sub(_whole_pair, text)) == text:
                raise
            return orjson.loads(whole)
    except orjson.JSONDecodeError as error:
        raise _unreadable(raw, "depth limit" in error.msg) from None


def _whole_pair(escape: re.Match[bytes]) -> bytes:
    return b"\\ufffd" if escape[1] else escape[0]


def _unreadable(raw: bytes, too_deep: bool) -> Refused:
    if too_deep:
        return Refused("depth")
    if not raw.removeprefix(_BOM).strip():
        return Refused("empty")
    try:
        raw.decode()
    except UnicodeDecodeError:
        return Refused("not_utf8")
    return Refused("not_json")


def canonical(data: object) -> bytes:
    """Sorted keys, no blanks, whole numbers without a fraction: equal meaning gives equal bytes."""
    text = orjson.dumps(data, option=orjson.OPT_SORT_KEYS)
    # Whole numbers written as fractions contain one of these; most events contain neither.
    if b".0" in text or b"+" in text:
        return orjson.dumps(_whole(data), option=orjson.OPT_SORT_KEYS)
    return text


def _whole(value: Any) -> Any:
    if type(value) is float:
        return int(value) if value.is_integer() and -(2**63) <= value < 2**64 else value
    if type(value) is dict:
        return {key: _whole(item) if type(item) in _CHANGED else item for key, item in value.items()}
    return [_whole(item) if type(item) in _CHANGED and item != [] else item for item in value]


def check_nesting(raw: bytes) -> int:
    """Number of colons in ``raw``, a valid document. Refused depth or too_many_keys.

    Every key has a colon and every array a bracket, so two cheap counts are upper bounds for depth and keys.
    """
    colons = raw.count(b":")
    if colons + raw.count(b"[") >= MAX_DEPTH:
        depth, keys = structure(raw)
        if depth > MAX_DEPTH:
            raise Refused("depth")
        if keys > MAX_KEYS:
            raise Refused("too_many_keys")
    return colons


def check_keys(raw: bytes, colons: int, *written: bytes) -> None:
    """Refused duplicate_key, nul. ``colons``: those in ``raw``; ``written``: its parts as orjson writes them.

    A duplicate key is lost in parsing, together with its colon. A colon may be escaped in ``raw``, but never in
    ``written``.
    """
    escaped = b"\\u00" in raw
    if escaped:
        plain = raw.replace(b"\\\\", b"")  # now every backslash starts an escape
        colons += plain.count(b"\\u003a") + plain.count(b"\\u003A")
    if colons != sum(text.count(b":") for text in written):
        raise Refused("duplicate_key")
    if escaped and any(b"\\u0000" in text.replace(b"\\\\", b"") for text in written):
        raise Refused("nul")
