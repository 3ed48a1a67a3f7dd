"""One text for one meaning: canonical JSON, and what a hostile JSON document may not do."""

import json
from decimal import Decimal
from typing import Any, Final

import orjson

from models.refused import Refused

MAX_BYTES: Final = 1_000_000  # room is left for the journal's own fields below Kafka's default of 1 MiB
MAX_DEPTH: Final = 64
MAX_KEYS: Final = 1000
_BOM: Final = b"\xef\xbb\xbf"


def parse(raw: bytes) -> Any:
    """The JSON document in ``raw``; a byte order mark is taken off. Refused: empty, not_utf8, not_json, depth."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        return _parse_again(raw, "depth limit" in error.msg)


def _parse_again(raw: bytes, too_deep: bool) -> Any:
    if too_deep:
        raise Refused("depth")
    if raw.startswith(_BOM):
        return parse(raw[len(_BOM) :])
    if not raw.strip():
        raise Refused("empty")
    try:
        raw.decode()
    except UnicodeDecodeError:
        raise Refused("not_utf8") from None
    raise Refused("not_json") from None


def canonical(data: object) -> bytes:
    """Sorted keys, no blanks, whole numbers without fraction: equal meaning gives equal bytes."""
    text = orjson.dumps(data, option=orjson.OPT_SORT_KEYS)
    # Without one of these marks no whole number is written as a fraction; most events have neither.
    if b".0" in text or b"+" in text:
        return orjson.dumps(_whole(data), option=orjson.OPT_SORT_KEYS)
    return text


def _whole(value: Any) -> Any:
    if type(value) is float:
        return int(value) if value.is_integer() and -(2**63) <= value < 2**64 else value
    if type(value) is dict:
        return {key: _whole(item) for key, item in value.items()}
    if type(value) is list:
        return [_whole(item) for item in value]
    return value


def check_nesting(raw: bytes, body: object) -> int:
    """Number of colons in ``raw``. Refused depth or too_many_keys.

    Every key has a colon and every array a bracket, so two cheap counts bound depth and keys from above.
    """
    colons = raw.count(b":")
    if colons + raw.count(b"[") >= MAX_DEPTH:
        if _too_deep(body):
            raise Refused("depth")
        if colons > MAX_KEYS and _keys(body) > MAX_KEYS:
            raise Refused("too_many_keys")
    return colons


def _too_deep(body: object) -> bool:
    level = [body]
    for _ in range(MAX_DEPTH + 1):
        level = [item for value in level for item in _items(value)]
        if not level:
            return False
    return True


def _keys(body: object) -> int:
    stack, count = [body], 0
    while stack:
        value = stack.pop()
        count += len(value) if isinstance(value, dict) else 0
        stack.extend(_items(value))
    return count


def _items(value: object) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def check_keys(raw: bytes, colons: int, colons_left: int) -> None:
    """Refused duplicate_key, nul. ``colons_left`` is the number of colons in the parsed document, written again.

    A key written twice is lost in parsing, and its colon with it. Only escaped colons and NULs hide from that.
    """
    if colons != colons_left or (b"\\" in raw and b"\\u00" in raw):
        json.loads(raw.decode("utf-8-sig"), object_pairs_hook=_object)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Refused("duplicate_key")
    if any("\0" in key or _has_nul(value) for key, value in pairs):
        raise Refused("nul")
    return found


def _has_nul(value: object) -> bool:
    if isinstance(value, list):
        return any(map(_has_nul, value))
    return isinstance(value, str) and "\0" in value


def with_decimals(raw: bytes) -> Any:
    """The document again, with fractions as Decimal and integers exact at any size."""
    return json.loads(raw.decode("utf-8-sig"), parse_float=Decimal)
