"""Touches: what persons do, many a day. A day of one id's touches is one group of facts, packed 12 bytes a touch."""

from array import array
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

BOT: Final = 1
LATE: Final = 2
NOTHING: Final = -1


class Kind(NamedTuple):
    """A kind of touch: its event type, the channel it engages in (None: no interaction), and what it counts for."""

    type: str
    channel: str | None
    measures: tuple[str, ...] = ()  # counted in the event's own segments
    counts: bool = True  # an interaction of its own; an opened e-mail counts by message instead


def _call(direction: str, connected: bool) -> Kind:
    measures = (f"calls.{direction}", f"calls.{direction}.connected") if connected else (f"calls.{direction}",)
    return Kind("crm.call.ended", "call" if connected else None, measures)


KINDS: Final[dict[str, Kind]] = {
    "page.viewed": Kind("crm.page.viewed", "page"),
    "link.clicked": Kind("crm.link.clicked", "page"),
    "form.submitted": Kind("crm.form.submitted", "form"),
    "email.opened": Kind("crm.email.opened", "email", counts=False),
    "email.clicked": Kind("crm.email.clicked", "email"),
    "email.opted_out": Kind("crm.email.clicked", None),
    "call.outbound": _call("outbound", False),
    "call.outbound.connected": _call("outbound", True),
    "call.inbound": _call("inbound", False),
    "call.inbound.connected": _call("inbound", True),
    "meeting.held": Kind("crm.meeting.held", "meeting"),
    "chat.inbound": Kind("crm.chat.messaged", "chat"),
    "chat.outbound": Kind("crm.chat.messaged", None),
    **{
        f"social.{kind}": Kind(f"crm.social.{kind}", "social")
        for kind in ("liked", "commented", "shared", "followed", "mentioned", "messaged")
    },
    # Kept only when late, so that late_revised of the e-mail rows is a function of the facts.
    **{
        f"email.{kind}": Kind(f"crm.email.{kind}", None)
        for kind in ("sent", "delivered", "bounced", "complained", "unsubscribed", "rejected", "deferred")
    },
}
CODES: Final = {name: number for number, name in enumerate(KINDS)}
BY_CODE: Final = tuple(KINDS.values())
CHANNELS: Final = ("email", "page", "form", "call", "meeting", "chat", "social")
TYPE_CODES: Final = {f"crm.{name}": number for name, number in CODES.items()}


def kind_code(type_: str, data: dict[str, Any]) -> int | None:
    """The code of an event's kind of touch; None when it is no touch."""
    if type_ == "crm.call.ended":
        connected = ".connected" if data.get("outcome") == "connected" else ""
        return CODES[f"call.{data['direction']}{connected}"]
    if type_ == "crm.chat.messaged":
        return CODES["chat.inbound" if data.get("direction") == "inbound" else "chat.outbound"]
    return TYPE_CODES.get(type_)


class TouchDay:
    """The touches of one id on one UTC day. ``note`` is the session of a page view or the own segments of the others."""

    __slots__ = ("_places", "notes", "packed", "table")

    def __init__(self) -> None:
        self.packed: array[int] = array("q")  # ms << 12 | kind << 4 | flags
        self.notes: array[int] = array("i")  # index into table, or NOTHING
        self.table: list[Any] = []
        self._places: dict[Any, int] = {}

    def add(self, time: int, kind: int, flags: int, note: Any) -> None:
        """Add a touch at ``time`` ms."""
        self.packed.append(time << 12 | kind << 4 | flags)
        self.notes.append(NOTHING if note is None else self._place(note))

    def _place(self, note: Any) -> int:
        place = self._places.get(note)
        if place is None:
            place = self._places[note] = len(self.table)
            self.table.append(note)
        return place

    def touches(self) -> Iterator[tuple[int, int, int, Any]]:
        """(time ms, kind, flags, note) of each."""
        table = self.table
        for packed, note in zip(self.packed, self.notes, strict=True):
            yield packed >> 12, packed >> 4 & 0xFF, packed & 0xF, None if note < 0 else table[note]

    def encode(self) -> list[Any]:
        """As JSON, the same for the same touches in any order."""
        return sorted(([*touch[:3], _plain(touch[3])] for touch in self.touches()), key=_sortable)

    @staticmethod
    def decode(stored: Iterable[list[Any]]) -> "TouchDay":
        """From JSON."""
        day = TouchDay()
        for time, kind, flags, note in stored:
            day.add(time, kind, flags, tuple(note) if isinstance(note, list) else note)
        return day


def _plain(note: Any) -> Any:
    return list(note) if isinstance(note, tuple) else note


def _sortable(touch: list[Any]) -> tuple[Any, ...]:
    return (*touch[:3], str(touch[3]))
