"""Request bodies of the API: one call, or a batch."""

from collections.abc import Sequence
from typing import Any, Final

import orjson

from collectors.arrived import Arrived, Unreadable
from collectors.documents import checked, elements, members, refusal, text_of
from collectors.event import Bad, Event, Reading
from collectors.segment.calls import events_of
from collectors.segment.meanings import SPOKEN
from collectors.segment.values import table, text
from models.refused import Refused

CALLS: Final = (*SPOKEN, "batch", "import")
"""The routes below ``/v1/``."""

EVENT_BYTES: Final = 32 << 10


def read(arrived: Arrived, call: str) -> Reading:
    """The events of a request to ``/v1/<call>``, of any content type: beacons are text/plain. Raises Unreadable."""
    body = text_of(arrived.body)
    if call in SPOKEN:
        return _read([body.strip().encode()], {"type": call}, arrived.received, alone=True)
    if call not in CALLS:
        raise Unreadable(f"there is no call {call[:40]!r}", "path")
    around = members(body)
    if "batch" not in around:
        raise Unreadable("a batch has its calls in `batch`", "batch")
    calls = elements(around.pop("batch"))
    shared: dict[str, Any] = {name: _known(name, around[name]) for name in ("sentAt", "context") if name in around}
    return _read(calls, shared, arrived.received)


def write_key(body: bytes) -> str | None:
    """The write key in the body, as sent by pages, which cannot set headers on beacons. Raises Unreadable."""
    found = members(text_of(body)).get("writeKey")
    return text(_known("writeKey", found)) if found else None


def _known(name: str, raw: str) -> Any:
    try:
        return checked(raw.encode())
    except Refused as refused:
        raise Unreadable(refusal(refused)[1], name) from None


def _read(calls: Sequence[bytes], shared: dict[str, Any], received: int, alone: bool = False) -> Reading:
    reading = Reading([], [])
    for at, raw in enumerate(calls):
        try:
            reading.events.extend((at, event) for event in _events(raw, shared, received, at))
        except Refused as refused:
            if alone and refused.field is None:
                raise Unreadable(refusal(refused)[1]) from None
            reading.bad.append(Bad(at, *refusal(refused), raw))
    return reading


def _events(raw: bytes, shared: dict[str, Any], received: int, at: int) -> list[Event]:
    if len(raw) > EVENT_BYTES:
        raise Refused("size", "event", f"a call has at most {EVENT_BYTES} bytes")
    call = checked(raw)
    if type(call) is not dict:
        raise Refused("not_object")
    spoken = {"type": shared["type"]} if "type" in shared else {}  # the route decides the type, not the body
    context = {**table(shared.get("context")), **table(call.get("context"))}
    return events_of({"sentAt": shared.get("sentAt"), **call, **spoken, "context": context}, received, at)


def of_query(call: dict[str, Any], received: int) -> Reading:
    """The events of one call sent as the query of a pixel."""
    try:
        return Reading([(0, event) for event in events_of(call, received, 0)], [])
    except Refused as refused:
        return Reading([], [Bad(0, *refusal(refused), orjson.dumps(call))])
