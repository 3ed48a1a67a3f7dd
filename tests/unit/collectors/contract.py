"""What readers make, through the product's own validation."""

from collections.abc import Mapping
from typing import Any

import orjson

from collectors.arrived import Arrived
from collectors.event import Event, Reading
from models.record import RawRecord, Row
from models.refused import Rejection
from models.validate import validate

RECEIVED = 1_795_860_000_000  # 2026-11-28T10:00:00Z
JSON = "application/json"


def arrived(body: object, media: str = JSON, **more: Any) -> Arrived:
    """A request with ``body`` as JSON, or as it is when it is bytes."""
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    headers: Mapping[str, str] = {"content-type": media, **more.pop("headers", {})}
    return Arrived("POST", "https://collector.example/v1/batch", headers, raw, RECEIVED)._replace(**more)


def validated(event: Event) -> Row | Rejection:
    """The row of an event, or why there is none."""
    envelope = {**event.attributes, "id": event.id, "type": event.type, "tenantid": "acme", "data": event.data}
    if event.time is not None:
        envelope["time"] = event.time
    if event.sent is not None:
        envelope |= {"sentat": event.sent, "recordedtime": "2026-11-28T10:00:00Z"}
    rows, refused = validate([RawRecord("web", 0, 0, RECEIVED, None, orjson.dumps(envelope))])
    return rows[0] if rows else refused[0]


def rows(reading: Reading) -> list[Row]:
    """The rows of a reading of which nothing is bad."""
    assert reading.bad == []
    found = [validated(event) for _, event in reading.events]
    assert [one for one in found if isinstance(one, Rejection)] == []
    return [one for one in found if isinstance(one, Row)]
