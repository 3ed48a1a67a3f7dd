"""Expands API objects into the changes they went through, so that one broken field affects no other."""

from collections.abc import Callable, Iterable
from typing import TypeVar

import orjson

from collectors.arrived import Arrived
from collectors.event import Bad, Event, Reading
from collectors.webhooks.items import Fault, reading

T = TypeVar("T")
C = TypeVar("C")


def changes_reading(
    objects: Iterable[T],
    received: int,
    changes: Callable[[T], Iterable[C]],
    make: Callable[[C], Iterable[Event]],
    payload: Callable[[C], object],
) -> Reading:
    """The events of all objects; an item of the reading is a change.

    ``received``: ms UTC; ``payload``: the JSON of a change for its dead letter.
    """
    arrived = Arrived("PULL", "", {}, b"", received)
    found = Reading([], [])
    for place, one in enumerate(objects):
        try:
            for change in changes(one):
                read = reading(arrived, [payload(change)], lambda _, change=change: make(change))  # type: ignore[misc]
                found.events.extend((place, event) for _, event in read.events)
                found.bad.extend(bad._replace(at=place) for bad in read.bad)
                found = found._replace(ignored=found.ignored + read.ignored)
        except Fault as fault:
            found.bad.append(Bad(place, fault.field, fault.text, orjson.dumps(one, default=list)))
    return found
