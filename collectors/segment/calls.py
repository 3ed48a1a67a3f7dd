"""Turns one call into events: who, when, and the function that interprets it."""

import re
from typing import Any, Final

from collectors.documents import derived_id
from collectors.event import Event
from collectors.segment.meanings import SPOKEN
from collectors.segment.people import personal_and_traits
from collectors.segment.surroundings import carried
from collectors.segment.values import filled, named, table, text
from models.bounds import within
from models.instant import instant
from models.refused import Refused

_BASIC_OFFSET: Final = re.compile(r"([+-]\d\d)(\d\d)")
_LONGEST_ID: Final = 200  # the contract's 256, less the suffix of a call's second event


def events_of(call: dict[str, Any], received: int, at: int) -> list[Event]:
    """The events of one call, whose ``context`` is already known to be an object. Raises Refused with the field."""
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
    """Ids, traits and context fields that go with every event of a call. Raises Refused if there is no id."""
    ids = filled({"user_id": named(call, "userId"), "anonymous_id": named(call, "anonymousId")})
    context = call["context"]
    if not ids and context.get("consent") != "none":  # consent is pending, so visitors are not distinguished
        raise Refused("missing_field", "userId", "userId or anonymousId is required")
    return {**carried(context), **personal_and_traits(table(context.get("traits"))), **ids}


def _moment(call: dict[str, Any], field: str) -> str | None:
    """A time as RFC 3339; a missing colon in the offset is added. Raises Refused bad_time, also without an offset."""
    value = call.get(field)
    if value is None or value == "":
        return None
    if type(value) is str and len(value) > 5 and (basic := _BASIC_OFFSET.fullmatch(value[-5:])):
        value = f"{value[:-5]}{basic[1]}:{basic[2]}"
    instant(value, field)
    return str(value)


def _times(call: dict[str, Any]) -> tuple[str | None, str | None]:
    """The event time, and the send time by the client's clock.

    RudderStack's clients send both times if the program set one itself: that ``timestamp`` does not come from the
    clock, so it is not corrected. An unreadable ``sentAt`` is ignored.
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
