"""Event times of records, as a quick peek for monitoring; not the contract's validation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol

import orjson

from models.instant import instant
from models.record import Row
from models.refused import Refused

TIME_HEADERS: Final = ("ce_time", "time")
TIME_OF_ROW: Final = Row._fields.index("time")


class Record(Protocol):
    """The fields that are read."""

    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...


def event_time(record: Record) -> int | None:
    """ms UTC of an input record, or of the first event of a journal record; None: unreadable."""
    try:
        value = orjson.loads(record.value or b"null")
    except orjson.JSONDecodeError:
        value = None
    rows = value.get("rows") if isinstance(value, dict) else None
    if isinstance(rows, list) and rows and isinstance(rows[0], list) and len(rows[0]) > TIME_OF_ROW:
        return rows[0][TIME_OF_ROW] if isinstance(rows[0][TIME_OF_ROW], int) else None
    return _instant(_named(record, value))


def _named(record: Record, value: Any) -> object:
    for name, content in record.headers:
        if name in TIME_HEADERS:
            return content.decode(errors="replace")
    return value.get("time") if isinstance(value, dict) else None


def _instant(text: object) -> int | None:
    try:
        return instant(text, "time")
    except Refused:
        return None
