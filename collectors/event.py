"""Events as collectors make them, before tenant and policy are put on them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple


class Event(NamedTuple):
    """One event of the contract (docs/events.md) without its tenant.

    Personal data stands in ``data`` in clear under ``email``, ``phone``, ``name``, ``ip``, and ``recipient`` for
    who got a message: `collectors.privacy` hashes or drops them before anything is written.
    """

    type: str  # "crm.email.opened"
    id: str  # the same whenever the sender repeats itself; unique within the source
    time: str | None  # RFC 3339 with offset; None: the sender did not say
    data: dict[str, Any]
    sent: str | None = None  # RFC 3339: when the sender's clock says it was sent, to correct a clock that is wrong
    attributes: Mapping[str, Any] = MappingProxyType({})  # the envelope's others, as sent: source, dataschema, subject


class Bad(NamedTuple):
    """One item that cannot be made into an event. The others of its request go on."""

    at: int  # which, from 0, in the order in which they came
    field: str
    text: str  # what is wrong, for the sender
    raw: bytes  # the item as JSON, for the dead letter


class Reading(NamedTuple):
    """What a request held, in the order in which it came."""

    events: list[tuple[int, Event]]  # with the number of the item each was made of: one item may give several
    bad: list[Bad]
    ignored: int = 0  # items that are no events of ours, such as "queued"
