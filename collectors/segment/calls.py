"""One call and the events it is: who, when, and which function knows what it means."""

import re
from typing import Any, Final

from collectors.documents import derived_id
from collectors.event import Event
from collectors.segment.meanings import SPOKEN
from collectors.segment.people import told
from collectors.segment.surroundings import carried
from collectors.segment.values import filled, named, table, text
from models.bounds import within
from models.instant import instant
from models.refused import Refused

_BASIC_OFFSET: Final = re.compile(r"([+-]\d\d)(\d\d)")
_LONGEST_ID: Final = 200  # the contract's 256, less what a second event of a call adds


def events_of(call: dict[str, Any], received: int, at: int) -> list[Event]:
    """The events of one call, its ``context`` a table already. Refused names the field."""
    kind = text(call.get("type"))
    if kind is None:
        raise Refused("missing_field", "type")
    if kind not in SPOKEN:
        raise Refused("bad_value", "type", f"one of {', '.join(SPOKEN)}")
    meant = SPOKEN[kind](call, _who(call))
    time, sent = _times(call)
    id_ = _id(call, time, received, at)
    return [Event(type_, _nth(id_, n), time, data, sent) for n, (type_, data) in enumerate(meant)]


def _who(call: dict[str, Any]) -> dict[str, Any]:
    """Ids, traits and surroundings that go with every event of a call. Refused: nobody is named."""
    ids = filled({"user_id": named(call, "userId"), "anonymous_id": named(call, "anonymousId")})
    context = call["context"]
    if not ids and context.get("consent") != "none":  # nobody was asked yet, so nobody is told from anybody
        raise Refused("missing_field", "userId", "userId or anonymousId is required")
    return {**carried(context), **told(table(context.get("traits"))), **ids}


def _moment(call: dict[str, Any], field: str) -> str | None:
    """A time as RFC 3339: an offset without a colon is given one. Refused bad_time, also without an offset."""
    value = call.get(field)
    if value is None or value == "":
        return None
    if type(value) is str and len(value) > 5 and (basic := _BASIC_OFFSET.fullmatch(value[-5:])):
        value = f"{value[:-5]}{basic[1]}:{basic[2]}"
    instant(value, field)
    return str(value)


def _times(call: dict[str, Any]) -> tuple[str | None, str | None]:
    """When it happened, and when the client's clock says it was sent.

    RudderStack's clients give both times where the program names one itself: that one, ``timestamp``, is not the
    clock's, so there is nothing to correct. A ``sentAt`` that cannot be read corrects nothing, and loses nothing.
    """
    called, given = _moment(call, "originalTimestamp"), _moment(call, "timestamp")
    if called is not None and given is not None:
        return given, None
    try:
        sent = _moment(call, "sentAt")
        within(0 if sent is None else instant(sent, "sentAt"), "sentAt")
    except Refused:
        sent = None
    return called or given, sent


def _id(call: dict[str, Any], time: str | None, received: int, at: int) -> str:
    given = named(call, "messageId")
    if given is None or len(given) > _LONGEST_ID:
        return derived_id({**call, "sentAt": None}, time is not None or given is not None, received, at)
    return given


def _nth(id_: str, n: int) -> str:
    return id_ if n == 0 else f"{id_}/{n + 1}"
