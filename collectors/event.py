"""Events as built by collectors, before tenant and privacy policy are applied."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple


class Event(NamedTuple):
    """One event of the contract (docs/events.md) without its tenant.

    ``data`` holds personal data in the clear, under ``email``, ``phone``, ``name``, ``ip`` and ``recipient`` (of a
    message): `collectors.privacy` hashes or drops them before anything is written.
    """

    type: str  # "crm.email.opened"
    id: str  # stable across retries; unique within the source
    time: str | None  # RFC 3339 with offset; None: not given
    data: dict[str, Any]
    sent: str | None = None  # RFC 3339: send time by the sender's clock, to correct clock skew
    attributes: Mapping[str, Any] = MappingProxyType(
        {}
    )  # other envelope attributes as sent: source, dataschema, subject


class Bad(NamedTuple):
    """An item that cannot be turned into an event. The other items of its request are unaffected."""

    at: int  # index in the request, from 0
    field: str
    text: str  # the problem, for the sender
    raw: bytes  # the item as JSON, for the dead letter


class Reading(NamedTuple):
    """The contents of a request, in order."""

    events: list[tuple[int, Event]]  # each with the index of its item: one item may yield several
    bad: list[Bad]
    ignored: int = 0  # items that do not map to an event, such as "queued"
