"""KPI documents as text fields and back, and all writes of one publication, in the form both stores apply."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

import orjson

from sinks.base import Document, Packed, Point, Points, Publication
from sinks.keys import escape, name

TEXT_MARK: Final = "_text"
"""The field that lists fields whose text would otherwise be read as a number, a list or null."""

_FIRST: Final = frozenset("{[tf-0123456789")  # first characters of JSON that is kept as text
_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")


class Entry(NamedTuple):
    """A document, ready to be written."""

    name: str
    kpi: str
    window: str  # escaped, as in keys
    json: str | bool | None  # the whole document, for the snapshot; None: it has a segment, False: it is deleted
    fields: list[str]  # field, text, field, text …; empty if the document is deleted


class Series(NamedTuple):
    """Buckets of a history, ready to be written."""

    key: str  # "<kpi>:<step>"
    low: str  # stored buckets before this one are deleted,
    high: str  # and those after this one
    fields: list[str]  # bucket, JSON, bucket, JSON …


class Payload(NamedTuple):
    """All writes of one publication."""

    entries: list[Entry]
    series: list[Series]
    kpis: list[str]  # to announce to followers, sorted


def pack(publication: Publication | Packed) -> Packed:
    """Serialise. Raises ValueError for a document that cannot be stored, TypeError for values that are not JSON."""
    if isinstance(publication, Packed):
        return publication
    p = publication
    entries = [_entry(document) for document in p.documents]
    series = [tuple(_series(points)) for points in p.points]
    kpis = sorted({entry.kpi for entry in entries} if p.kpis is None else p.kpis)
    payload = orjson.dumps(([tuple(entry) for entry in entries], series, kpis))
    return Packed(
        p.tenant, p.epoch, p.position, p.as_of, payload, p.full, p.waiting, p.sweep, p.lane, p.catching_up
    )  # fmt: skip


def unpack(payload: bytes) -> Payload:
    """The inverse of `pack` for a payload."""
    entries, series, kpis = orjson.loads(payload)
    return Payload([Entry(*entry) for entry in entries], [Series(*one) for one in series], kpis)


def progress_text(catching_up: float | None) -> str:
    """As stored in ``meta``: empty when live."""
    return "" if catching_up is None else f"{catching_up:.4f}"


def flatten(document: Document) -> list[str]:
    """Field, text, field, text …: numbers and booleans as JSON text, objects and lists as JSON, null as empty text."""
    if TEXT_MARK in document:
        raise ValueError(f"a document must not have a field {TEXT_MARK}")
    flat: list[str] = []
    marked: list[str] = []
    for field, value in document.items():
        if type(value) is str:
            text = value
            if _ambiguous(text):
                marked.append(field)
        elif value is None:
            text = ""
        elif type(value) is int:
            text = str(value)
        else:
            text = _json(value)
        flat += (field, text)
    if marked:
        flat += (TEXT_MARK, ",".join(marked))
    return flat


def restore(fields: Mapping[str, str]) -> dict[str, Any]:
    """The inverse of `flatten`."""
    marked = frozenset(fields.get(TEXT_MARK, "").split(","))
    return {field: text if field in marked else _value(text) for field, text in fields.items() if field != TEXT_MARK}


def _entry(document: Document) -> Entry:
    segment = document.get("segment")
    kpi, window = document["kpi"], document["window"]
    if document.get("gone"):
        return Entry(name(kpi, window, segment), kpi, escape(window), None if segment else False, [])
    # Each line of a snapshot begins with its KPI, by which the store finds it.
    whole = None if segment else orjson.dumps({"kpi": kpi, **document}).decode()
    return Entry(name(kpi, window, segment), kpi, escape(window), whole, flatten(document))


def _series(points: Points) -> Series:
    fields = [text for bucket, value in points.values.items() for text in (bucket, orjson.dumps(value).decode())]
    return Series(f"{escape(points.kpi)}:{points.step}", points.low, points.high, fields)


def history_of(stored: Mapping[str, str]) -> dict[str, Point]:
    """The points of a stored history, oldest first."""
    return {bucket: Point(*orjson.loads(stored[bucket])) for bucket in sorted(stored)}


def _json(value: object) -> str:
    text = orjson.dumps(value).decode()
    return "" if text == "null" else text  # JSON has no NaN: it becomes null


@lru_cache(maxsize=10_000)  # times, zones and words repeat in all documents
def _ambiguous(text: str) -> bool:
    """Whether a field's text could be read as something other than text."""
    if not text:
        return True
    if text[0] not in _FIRST:
        return False
    return text[0] in "{[" or text in ("true", "false") or _NUMBER.fullmatch(text) is not None


def _value(text: str) -> Any:
    if not text:
        return None
    return orjson.loads(text) if _ambiguous(text) else text
