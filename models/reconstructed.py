"""Reconstructs an event from its journal row when the record itself is gone: same meaning, different bytes."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import orjson

from models.money import digits, iso
from models.record import DERIVED_ID, UNKNOWN_TYPE, UNPRICED, Row

MONEY: Final = ("amount", "tax", "mrr")
INSTANTS: Final = ("closed_at", "effective_at", "due_at")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def reconstructed(row: Row) -> bytes:
    """Structured CloudEvents JSON. A derived id is left out, as it was not in the original."""
    event = {
        "specversion": "1.0", "id": row.id, "source": row.source, "type": row.type, "time": _text(row.time),
        "tenantid": row.tenant, "data": row.data if row.flags & UNKNOWN_TYPE else _data(row),
    }  # fmt: skip
    if row.flags & DERIVED_ID:
        del event["id"]
    return orjson.dumps(event)


def _data(row: Row) -> dict[str, Any]:
    data = dict(row.data)
    currency = data.get("currency")
    for field in MONEY:
        if type(data.get(field)) is int and isinstance(currency, str) and not row.flags & UNPRICED:
            data[field] = format(Decimal(data[field]).scaleb(-digits(currency)), "f")
    if isinstance(currency, str) and data.keys() & set(MONEY) and not row.flags & UNPRICED:
        data["currency"] = iso(currency)
    for field in INSTANTS:
        if type(data.get(field)) is int:
            data[field] = _text(data[field])
    return data


def _text(ms: int) -> str:
    moment = _EPOCH + timedelta(milliseconds=ms)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
