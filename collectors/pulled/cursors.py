"""Values of a cursor column: stored as JSON between passes, and moved back by an overlap. Pure."""

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID


def packed(value: Any) -> Any:
    """As JSON, tagged with the type if JSON has no equivalent."""
    match value:
        case datetime():
            return {"datetime": value.isoformat()}
        case date():
            return {"date": value.isoformat()}
        case Decimal():
            return {"decimal": str(value)}
        case UUID():
            return {"uuid": value.hex}
        case bytes():
            return {"bytes": value.hex()}
        case list():
            return [packed(one) for one in value]
        case None | str() | int() | float():
            return value
        case _:
            return str(value)


def unpacked(value: Any) -> Any:
    """The value that `packed` was given."""
    match value:
        case {"datetime": str(text)}:
            return datetime.fromisoformat(text)
        case {"date": str(text)}:
            return date.fromisoformat(text)
        case {"decimal": str(text)}:
            return Decimal(text)
        case {"uuid": str(text)}:
            return UUID(text)
        case {"bytes": str(text)}:
            return bytes.fromhex(text)
        case list():
            return [unpacked(one) for one in value]
        case _:
            return value


def before(value: Any, overlap: float) -> Any:
    """The value less ``overlap``: seconds for a time, units for a number. Raises ValueError."""
    match value:
        case datetime():
            return value - timedelta(seconds=overlap)
        case date():
            return value - timedelta(days=math.ceil(overlap / 86_400))
        case bool():
            raise ValueError("is neither a number nor a time")
        case int():
            return value - math.ceil(overlap)
        case float():
            return value - overlap
        case Decimal():
            return value - Decimal(str(overlap))
        case str():
            return _before_text(value, overlap)
    raise ValueError("is neither a number nor a time")


def _before_text(value: str, overlap: float) -> str:
    """A time as text, in the same format: text cursors are compared as strings."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("is a text, but no ISO 8601 time") from None
    if len(value) == len("2026-11-28"):
        return str(before(moment.date(), overlap))
    earlier = moment - timedelta(seconds=overlap)
    digits = len(value.partition(".")[2].rstrip("Z").partition("+")[0].partition("-")[0])
    form = "microseconds" if digits > 3 else "milliseconds" if digits else "seconds"
    text = earlier.isoformat(sep=value[10], timespec=form)
    if value.endswith("Z"):
        text = earlier.astimezone(UTC).replace(tzinfo=None).isoformat(sep=value[10], timespec=form) + "Z"
    return text
