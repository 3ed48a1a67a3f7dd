"""Opens the three forms of event envelope: attributes, data, canonical data."""

from collections.abc import Sequence
from typing import Any, Final

import orjson

from models.canonical import MAX_BYTES, canonical, check_keys, check_nesting, parse
from models.literals import Literals
from models.record import RawRecord
from models.refused import Refused
from models.rules import Exact

_HEADER: Final = "ce_"
_STRUCTURED: Final = b"application/cloudevents+json"


Sent = tuple[dict[str, Any], Any, bytes, Exact]
"""An event as sent: attributes, data ({} if none), canonical data, and a reader of the data with numbers as text."""


def open_envelope(record: RawRecord) -> Sent:
    """Open one record. Refused: tombstone, empty, size, not_utf8, not_json, not_object, depth, duplicate_key, nul …"""
    raw = record.value
    if not raw:
        raise Refused("tombstone" if raw is None else "empty")
    if len(raw) > MAX_BYTES:
        raise Refused("size")
    attributes = binary_attributes(record.headers) if record.headers else None
    body = parse(raw)
    colons = check_nesting(raw)
    return _structured(raw, body, colons) if attributes is None else _binary(raw, body, colons, attributes)


def _structured(raw: bytes, body: Any, colons: int) -> Sent:
    if type(body) is not dict:
        raise Refused("not_object")
    colons -= "data" in body
    data = body.pop("data", None)
    text = canonical(data)
    check_keys(raw, colons, text, orjson.dumps(body))
    if data is None:
        _no_data(body)
        return body, {}, b"{}", dict
    return body, data, text, Literals(raw, inside=True)


def _binary(raw: bytes, data: Any, colons: int, attributes: dict[str, str]) -> Sent:
    text = canonical(data)
    check_keys(raw, colons, text)
    return dict(attributes), data, text, Literals(raw, inside=False)


def _no_data(body: dict[str, Any]) -> None:
    if "data_base64" in body:
        raise Refused("wrong_type", "data", "data_base64 is not supported; send data as JSON")


def binary_attributes(headers: Sequence[tuple[str, bytes | None]]) -> dict[str, str] | None:
    """CloudEvents attributes from ``ce_*`` headers, or None if the record is not in binary mode.

    The last of repeated headers wins. Refused not_utf8, content_type.
    """
    found = {key.lower(): value or b"" for key, value in headers}  # a header may have no value
    content = found.get("content-type", b"").lower()
    if content.startswith(_STRUCTURED) or not ("ce_type" in found or "ce_specversion" in found):
        return None
    if content and b"json" not in content:
        raise Refused("content_type", "content-type")
    return {key[len(_HEADER) :]: _text(value, key) for key, value in found.items() if key.startswith(_HEADER)}


def _text(value: bytes, key: str) -> str:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        raise Refused("not_utf8", key) from None
    if "\0" in text:
        raise Refused("nul", key)
    return text
