"""The envelope's attributes: tenant, source, id, type and times."""

import re
from functools import lru_cache
from typing import Any, Final, NamedTuple

from models.bounds import END_MS, FIRST_MS, NAME_LENGTH, within
from models.events import SHAPES
from models.instant import instant
from models.record import CLAMPED, SKEW, TIME_MISSING, UNKNOWN_TYPE, RawRecord
from models.refused import Refused

DEFAULT_TENANT: Final = "default"
FUTURE_MS: Final = 300_000  # a clock may be this far ahead of the record's own timestamp
_TENANT: Final = re.compile(r"[a-z0-9_-]{1,64}")
_CRM_TYPE: Final = re.compile(r"crm(\.[a-z0-9_-]+)+")
_ANY_TYPE: Final = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


def is_tenant(name: str) -> bool:
    """Whether the text is a valid tenant name."""
    return len(name) <= 64 and _TENANT.fullmatch(name) is not None


def known_type(name: str) -> tuple[str, int]:
    """(type without a trailing .v1, flags). Refused bad_type, foreign_type."""
    short = name.removesuffix(".v1")
    if short in SHAPES:
        return short, 0
    if len(short) <= 128 and _CRM_TYPE.fullmatch(short):
        return short, UNKNOWN_TYPE
    foreign = _ANY_TYPE.fullmatch(short) is not None and not short.startswith("crm.")
    raise Refused("foreign_type" if foreign else "bad_type", "type")


class Names(NamedTuple):
    """What a producer's events typically share."""

    tenant: str
    type: str
    flags: int  # UNKNOWN_TYPE or 0
    source: str | None  # None: the producer gave none


def names_of(attributes: dict[str, Any]) -> Names:
    """Tenant, type and source, checked. Refused bad_tenant, missing_field, wrong_type, bad_type, bad_source …"""
    given = attributes.get("tenantid"), attributes.get("type"), attributes.get("source")
    try:
        return _remembered(*given)
    except TypeError:  # lists and objects can't be cache keys; the plain function says what is wrong with them
        return _names(*given)


def _names(tenantid: Any, type_: Any, source: Any) -> Names:
    if tenantid is not None and not (type(tenantid) is str and is_tenant(tenantid)):
        raise Refused("bad_tenant", "tenantid")
    if type_ is None:
        raise Refused("missing_field", "type")
    if type(type_) is not str:
        raise Refused("wrong_type", "type")
    name, flags = known_type(type_)
    tenant = DEFAULT_TENANT if tenantid is None else tenantid
    return Names(tenant, name, flags, None if source is None or source == "" else _source(source))


_remembered: Final = lru_cache(16_384)(_names)


def _source(name: Any) -> str:
    if type(name) is not str:
        raise Refused("wrong_type", "source")
    if len(name) > NAME_LENGTH:
        raise Refused("too_long", "source")
    if _CONTROL.search(name) or ".." in re.split(r"[/\\]", name):
        raise Refused("bad_source", "source")
    return name


def id_of(attributes: dict[str, Any]) -> str | None:
    """The event's id, None if it has none. Refused wrong_type, too_long, bad_id."""
    name = attributes.get("id")
    if name is None or name == "":
        return None
    if type(name) is int:
        name = str(name)
    if type(name) is not str:
        raise Refused("wrong_type", "id")
    if len(name) > NAME_LENGTH:
        raise Refused("too_long", "id")
    if not name.isprintable() and _CONTROL.search(name):
        raise Refused("bad_id", "id")
    return name


def derived_id(record: RawRecord) -> str:
    """An id for an event without one. It includes the timestamp because offsets repeat when a topic is recreated."""
    if record.timestamp < 0:
        return f"{record.topic}/{record.offset}"
    return f"{record.topic}/{record.partition}/{record.offset}/{record.timestamp}"


def times_of(attributes: dict[str, Any], timestamp: int) -> tuple[int, int, int]:
    """(t, r, flags) of kpi-precise.md A, ms UTC; ``timestamp`` is the record's own, -1 for files.

    Refused missing_field, wrong_type, bad_time, time_out_of_range, time_in_future.
    """
    sent = attributes.get("time")
    recorded = attributes.get("recordedtime")
    if sent is None:
        time, flags = timestamp, TIME_MISSING
        if timestamp < 0:
            raise Refused("missing_field", "time", "every line of a file needs a time")
    else:
        time, flags = instant(sent, "time"), 0
    if recorded is None:
        received = timestamp if timestamp >= 0 else None
        if timestamp >= 0 and not FIRST_MS <= timestamp < END_MS:
            raise Refused("time_out_of_range", "timestamp")
    else:
        # Of history that is imported both are the same text.
        told = time if recorded == sent and not flags else instant(recorded, "recordedtime")
        received = within(told, "recordedtime")
        if attributes.get("sentat") is not None and not flags:
            time, flags = time + received - within(instant(attributes["sentat"], "sentat"), "sentat"), SKEW
    if not FIRST_MS <= time < END_MS:
        raise Refused("time_out_of_range", "time")
    if 0 <= timestamp < time:
        if time - timestamp > FUTURE_MS:
            raise Refused("time_in_future", "time")
        time, flags = timestamp, flags | CLAMPED
    return time, time if received is None else received, flags
