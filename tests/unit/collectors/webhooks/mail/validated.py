"""Events as validation sees them."""

import orjson

from collectors.event import Event, Reading
from models.bounds import END_MS
from models.record import RawRecord, Row
from models.validate import validate

RECEIVED = END_MS - 1  # validation refuses what is later than this, which is not ours to know


def rows(reading: Reading) -> list[Row]:
    """The rows of all events; every one must pass."""
    found, rejections = validate(
        [RawRecord("crm.web", 0, 0, RECEIVED, None, _written(one)) for _, one in reading.events]
    )
    assert rejections == []
    return found


def _written(event: Event) -> bytes:
    given = {
        "specversion": "1.0",
        "id": event.id,
        "source": "/webhooks/any/shop",
        "type": event.type,
        "tenantid": "acme",
    }
    return orjson.dumps({**given, **({"time": event.time} if event.time else {}), "data": event.data})
