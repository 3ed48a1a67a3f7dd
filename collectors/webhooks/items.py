"""Reads the items of a delivery one by one, so that a bad one does not affect the others. Pure.

Paths such as ``data.object.id`` name an item's fields; a number in a path is a list index.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import orjson

from collectors.arrived import Arrived, Unreadable
from collectors.event import Bad, Event, Reading
from models.canonical import MAX_DEPTH, parse
from models.record import RawRecord
from models.refused import Refused
from models.structure import structure
from models.validate import validate


class Fault(Exception):
    """An item cannot be turned into an event: names the field and the problem."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(field, text)
        self.field = field
        self.text = text


Maker = Callable[[Any], Iterable[Event]]
"""Builds the events of one item; none if it does not map to any. Raises Fault."""


def document(arrived: Arrived) -> Any:
    """The body as JSON. Raises Unreadable if it is not JSON, or nested too deeply."""
    try:
        found = parse(arrived.body)
    except Refused as refused:
        raise Unreadable(refused.detail) from None
    if structure(arrived.body)[0] > MAX_DEPTH:
        raise Unreadable(f"nested deeper than {MAX_DEPTH}")
    return found


def reading(arrived: Arrived, items: Sequence[Any], make: Maker) -> Reading:
    """The events of all valid items, each checked against the contract by `models.validate`."""
    found = Reading([], [])
    ignored = 0
    for place, item in enumerate(items):
        try:
            events = list(make(item))
            for event in events:
                _check(event, arrived.received)
        except Fault as fault:
            found.bad.append(Bad(place, fault.field, fault.text, orjson.dumps(item)))
            continue
        ignored += not events
        found.events.extend((place, event) for event in events)
    return found._replace(ignored=ignored)


def _check(event: Event, received: int) -> None:
    envelope = {"id": event.id, "source": "/webhooks", "type": event.type, "time": event.time, "data": event.data}
    record = RawRecord("webhooks", 0, 0, received, None, orjson.dumps(envelope))
    for rejection in validate([record])[1]:
        raise Fault(rejection.field or "data", rejection.detail)


def at(item: Any, path: str) -> Any:
    """The value at a path, or None."""
    for name in path.split("."):
        if isinstance(item, dict):
            item = item.get(name)
        elif isinstance(item, list) and name.isdecimal() and len(name) < 5:
            item = item[int(name)] if int(name) < len(item) else None
        else:
            return None
    return item


def maybe(item: Any, path: str) -> str | None:
    """A text or integer, as text; None if missing, null or empty. Raises Fault for other types."""
    value = at(item, path)
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    if type(value) is int:
        return str(value)
    raise Fault(path, "must be a text or a whole number")


def text(item: Any, path: str) -> str:
    """The same, required."""
    value = maybe(item, path)
    if value is None:
        raise Fault(path, "is missing")
    return value


_LARGEST: Final = 10**18


def maybe_whole(item: Any, path: str) -> int | None:
    """An integer, as number or text; None if missing, null or empty. Raises Fault for anything else."""
    value = at(item, path)
    if value is None or value == "":
        return None
    if isinstance(value, str) and value.lstrip("-").isdecimal() and value.isascii() and len(value) < 20:
        value = int(value) if value.count("-") == value.startswith("-") else value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is not int or abs(value) >= _LARGEST:
        raise Fault(path, "must be a whole number")
    return value


def whole(item: Any, path: str) -> int:
    """The same, required."""
    value = maybe_whole(item, path)
    if value is None:
        raise Fault(path, "is missing")
    return value


def table(item: Any, path: str = "") -> dict[str, Any]:
    """An object, required."""
    value = at(item, path) if path else item
    if not isinstance(value, dict):
        raise Fault(path or "item", "must be an object")
    return value


def rows(item: Any, path: str) -> list[Any]:
    """An array; empty if missing or null. Raises Fault for anything else."""
    value = at(item, path)
    if value is not None and not isinstance(value, list):
        raise Fault(path, "must be an array")
    return value or []


def named(system: str, name: str | None) -> str | None:
    """An id prefixed with its system, to keep it distinct from other systems' numbers: ``aircall:31``."""
    return f"{system}:{name}" if name else None


def given(**fields: Any) -> dict[str, Any]:
    """The fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None and value != "" and value != {}}
