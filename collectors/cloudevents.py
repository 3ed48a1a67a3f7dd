"""CloudEvents 1.0 over HTTP: binary, structured and batched; also as plain JSON and NDJSON.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote

from collectors.arrived import Arrived, Unreadable
from collectors.documents import MAX_ITEMS, checked, derived_id, elements, refusal, text_of
from collectors.event import Bad, Event, Reading
from models.canonical import MAX_BYTES
from models.literals import Literals
from models.refused import Refused

_BATCH: Final = "application/cloudevents-batch+json"
_STRUCTURED: Final = "application/cloudevents+json"
_LINES: Final = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines")
_PLAIN: Final = ("", "application/json", "text/json", "text/plain", "application/x-www-form-urlencoded")
"""Beacons are sent as text/plain; curl sends a form content type by default."""
_OWN: Final = ("id", "type", "time", "sentat", "data", "tenantid")  # the write key decides the tenant, not the body
_AMOUNTS: Final = ("amount", "tax", "mrr", "rate", "value")
_SHORT: Final = 15  # significant digits that a double always preserves
_QUOTED: Final = re.compile(r"\\(.)")


def read(arrived: Arrived) -> Reading:
    """The events of a request to ``/events``. Raises Unreadable: content type, or not JSON."""
    media = arrived.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media == _BATCH:
        return _many(elements(text_of(arrived.body)), arrived.received)
    if media in _LINES:
        return _many(_lines(text_of(arrived.body)), arrived.received)
    if media != _STRUCTURED and ("ce-type" in arrived.headers or "ce-specversion" in arrived.headers):
        return _binary(arrived, media)
    if media not in (_STRUCTURED, *_PLAIN):
        raise Unreadable(
            f"send JSON: {_STRUCTURED}, {_BATCH}, application/json or application/x-ndjson", "content-type"
        )
    text = text_of(arrived.body)
    if media != _STRUCTURED and text.lstrip().startswith("["):
        return _many(elements(text), arrived.received)
    return _one(text.encode(), arrived.received)


def _lines(text: str) -> list[bytes]:
    found = [line.strip().encode() for line in text.split("\n") if line.strip()]
    if len(found) > MAX_ITEMS:
        raise Unreadable(f"there are more than {MAX_ITEMS} lines")
    return found


def _one(raw: bytes, received: int) -> Reading:
    """A body that is a single event; if it is not JSON, the request is unreadable."""
    reading = _many([raw], received)
    for bad in reading.bad:
        if bad.field == "body":
            raise Unreadable(bad.text)
    return reading


def _many(documents: Sequence[bytes], received: int) -> Reading:
    reading = Reading([], [])
    for at, raw in enumerate(documents):
        try:
            if len(raw) > MAX_BYTES:
                raise Refused("size")
            reading.events.append((at, _structured(raw, received, at)))
        except Refused as refused:
            reading.bad.append(Bad(at, *refusal(refused), raw))
    return reading


def _structured(raw: bytes, received: int, at: int) -> Event:
    document = checked(raw)
    if type(document) is not dict:
        raise Refused("not_object")
    if "data_base64" in document:
        raise Refused("wrong_type", "data", "data_base64 is not supported; send data as JSON")
    return _event(document, Literals(raw, inside=True), received, at)


def _binary(arrived: Arrived, media: str) -> Reading:
    """Binary mode: attributes in ``ce-`` headers, the data in the body."""
    if media and media != "application/json" and not media.endswith("+json"):
        raise Unreadable("the data must be JSON", "content-type")
    attributes = {name[3:]: _header(name, value) for name, value in arrived.headers.items() if name.startswith("ce-")}
    raw = text_of(arrived.body).encode() if arrived.body else b"{}"
    try:
        document = {**attributes, "data": checked(raw)}
        return Reading([(0, _event(document, Literals(raw, inside=False), arrived.received, 0))], [])
    except Refused as refused:
        if refused.field is None:
            raise Unreadable(refused.detail) from None
        return Reading([], [Bad(0, *refusal(refused), raw)])


def _header(name: str, value: str) -> str:
    """A header value: unquoted, then percent-decoded once (section 3.1.3.2)."""
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = _QUOTED.sub(r"\1", value[1:-1])
    try:
        # Servers read headers as Latin-1; clients that do not percent-encode send UTF-8.
        plain = value if value.isascii() else value.encode("latin-1").decode()
        return unquote(plain, errors="strict")
    except UnicodeError:
        raise Unreadable("not UTF-8 once it is percent-decoded", name) from None


def _event(document: Mapping[str, Any], exact: Literals, received: int, at: int) -> Event:
    type_, data = document.get("type"), document.get("data")
    if type_ is None:
        raise Refused("missing_field", "type")
    if type(type_) is not str:
        raise Refused("wrong_type", "type")
    if data is not None and type(data) is not dict:
        raise Refused("wrong_type", "data", "data is a JSON object")
    time = _text(document, "time")
    return Event(
        type_,
        _id(document) or derived_id(document, time is not None, received, at),
        time,
        _exact(data or {}, exact),
        _text(document, "sentat"),
        {name: value for name, value in document.items() if name not in _OWN and value is not None},
    )


def _id(document: Mapping[str, Any]) -> str | None:
    name = document.get("id")
    return str(name) if type(name) is int else _text(document, "id")


def _text(document: Mapping[str, Any], field: str) -> str | None:
    value = document.get(field)
    if value is None or value == "":
        return None
    if type(value) is not str:
        raise Refused("wrong_type", field)
    return value


def _exact(data: dict[str, Any], literals: Literals) -> dict[str, Any]:
    """The data, with amounts beyond a double's precision kept as their original text."""
    long = [name for name in _AMOUNTS if type(data.get(name)) is float and _digits(data[name]) > _SHORT]
    return {**data, **{name: literals()[name] for name in long}} if long else data


def _digits(number: float) -> int:
    return len(repr(number).partition("e")[0].replace(".", "").strip("-0"))
