"""The three ways an event may be wrapped, read into one: attributes, data, canonical data."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import orjson

from models.canonical import MAX_BYTES, canonical, check_escapes, check_nesting, parse, with_decimals
from models.record import RawRecord
from models.refused import Refused
from models.rules import Exact

_HEADER: Final = "ce_"
_STRUCTURED: Final = b"application/cloudevents+json"


class Sent(NamedTuple):
    """An event as its producer sent it, before any rule of the contract."""

    attributes: dict[str, Any]  # CloudEvents attributes and whatever else stood beside data
    data: Any  # {} when there was none
    canonical: bytes  # of data
    exact: Exact  # data once more, with decimals


def open_envelope(record: RawRecord) -> Sent:
    """Read one record. Refused: tombstone, empty, size, not_utf8, not_json, not_object, depth, duplicate_key, nul …"""
    raw = record.value
    if not raw:
        raise Refused("tombstone" if raw is None else "empty")
    if len(raw) > MAX_BYTES:
        raise Refused("size")
    attributes = binary_attributes(record.headers) if record.headers else None
    body = parse(raw)
    check_nesting(raw, body)
    return _structured(raw, body) if attributes is None else _binary(raw, body, attributes)


def _structured(raw: bytes, body: Any) -> Sent:
    if type(body) is not dict:
        raise Refused("not_object")
    whole = "data" in body
    data = body.pop("data", None)
    text = canonical(data)
    # Each key costs one colon; a key written twice is lost in parsing, and its colon with it.
    colons = text.count(b":") + orjson.dumps(body).count(b":") + whole
    if b"\\u00" in raw or raw.count(b":") != colons:
        check_escapes(raw)
    if data is None:
        _no_data(body)
        return Sent(body, {}, b"{}", dict)
    return Sent(body, data, text, partial(_exact_data, raw))


def _binary(raw: bytes, data: Any, attributes: dict[str, str]) -> Sent:
    text = canonical(data)
    if b"\\u00" in raw or raw.count(b":") != text.count(b":"):
        check_escapes(raw)
    return Sent(attributes, data, text, partial(with_decimals, raw))


def _exact_data(raw: bytes) -> Any:
    return with_decimals(raw)["data"]


def _no_data(body: dict[str, Any]) -> None:
    if "data_base64" in body:
        raise Refused("wrong_type", "data", "data_base64 is not read; send data as JSON")


def binary_attributes(headers: Sequence[tuple[str, bytes]]) -> dict[str, str] | None:
    """CloudEvents attributes from ``ce_*`` headers, or None when the record is not in binary mode.

    Of a repeated header the last one holds. Refused not_utf8, content_type.
    """
    found = {key.lower(): value for key, value in headers}
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
