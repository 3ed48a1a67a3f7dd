"""An event as CloudEvents 1.0 JSON, encoded once: however often it is sent, its id and time stay the same."""

import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from touchpoints.clock import now, stamp

MAX_BYTES: Final = 256 << 10
PREFIX: Final = "crm."
_ID_LENGTH: Final = 256


class Unsendable(ValueError):
    """An event that no server would accept; the message names the field."""


def encoded(
    type_: str, data: Mapping[str, Any], source: str, id_: str | None, time: datetime | str | None
) -> tuple[str, bytes]:
    """(id, structured JSON) of an event. ``type_`` with or without ``crm.``; times in the data need an offset.

    Raises Unsendable: no type, an id over 256 characters, a time without offset, data that is not JSON or too large.
    """
    name = id_ or str(uuid.uuid4())
    if not type_ or not isinstance(type_, str):
        raise Unsendable("type: a text such as deal.won")
    if not isinstance(name, str) or len(name) > _ID_LENGTH:
        raise Unsendable(f"id: a text of at most {_ID_LENGTH} characters")
    event = {
        "specversion": "1.0",
        "id": name,
        "source": source,
        "type": type_ if type_.startswith(PREFIX) else PREFIX + type_,
        "time": _moment(now() if time is None else time, "time"),
        "data": dict(data),
    }
    body = _json(event)
    if len(body) > MAX_BYTES:
        raise Unsendable(f"data: the event has {len(body)} bytes, at most {MAX_BYTES} are sent")
    return name, body


def _json(event: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(event, default=_plain, allow_nan=False, ensure_ascii=True, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise Unsendable(f"data: {error}") from None


def _plain(value: object) -> str:
    if isinstance(value, Decimal) and value.is_finite():
        return format(value, "f")  # an amount as text is exact
    if isinstance(value, datetime):
        return _moment(value, "data")
    raise TypeError(f"a {type(value).__name__} is no JSON")


def _moment(time: datetime | str, field: str) -> str:
    if isinstance(time, str):
        return time
    if time.tzinfo is None:
        raise Unsendable(f"{field}: {time} has no offset")
    return stamp(time)


def identified(user_id: str | None, anonymous_id: str | None, customer_id: str | None) -> dict[str, str]:
    """The ids that belong together. Raises Unsendable for fewer than two."""
    given = {"customer_id": customer_id, "user_id": user_id, "anonymous_id": anonymous_id}
    found = {field: value for field, value in given.items() if value}
    if len(found) < 2:
        raise Unsendable("user_id: at least two of user_id, anonymous_id, customer_id are required")
    return found


def endpoint(url: str) -> str:
    """The events endpoint of a collector at ``url``. Raises ValueError if that is no web address."""
    if not url.startswith(("http://", "https://")) or not url.partition("://")[2].strip("/"):
        raise ValueError(f"url: {url!r} is not like https://collector.example")
    return url.rstrip("/") + "/events"


def sending(events: list[bytes], moment: datetime) -> bytes:
    """A batch as sent at ``moment``, which lets the server correct a wrong clock."""
    sent = b',"sentat":"%b"}' % stamp(moment).encode()
    return b"[" + b",".join(event[:-1] + sent for event in events) + b"]"
