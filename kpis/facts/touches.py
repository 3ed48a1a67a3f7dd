"""Touches: what persons do, often many times a day. Packed in 16 bytes each."""

from array import array
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kpis.cells.measures import code
from kpis.facts.page_paths import PAGES
from kpis.slices import Work

BOT: Final = 1
LATE: Final = 2
NOTHING: Final = -1
CHUNK: Final = 64
MENTIONS: Final = ("commented", "mentioned", "messaged")
MOODS: Final = ("positive", "neutral", "negative")
OPINION: Final = 0.05  # sentiments further from 0 than this are not neutral
SIGNED_IN: Final = "crm.user.signed_in"
SENTIMENT: Final = ":sentiment"  # appended to the type of a mention with a sentiment


class Kind(NamedTuple):
    """A kind of touch: its event type, its channel of engagement (None: no interaction), and its measures."""

    type: str
    channel: str | None
    measures: tuple[str, ...] = ()  # counted in the event's own segments
    counts: bool = True  # counts as an interaction; an opened e-mail counts by message instead
    modelled: tuple[str, ...] = ()  # counted also in the segment of the sentiment model


def _call(direction: str, connected: bool) -> Kind:
    measures = (f"calls.{direction}", f"calls.{direction}.connected") if connected else (f"calls.{direction}",)
    return Kind("crm.call.ended", "call" if connected else None, measures)


def _judged(kind: str, mood: str) -> Kind:
    """A mention with a sentiment."""
    type_ = f"crm.social.{kind}{SENTIMENT}"
    return Kind(type_, "social", ("social",), modelled=("mentions", f"mentions.{mood}"))


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
        f"social.{kind}": Kind(f"crm.social.{kind}", "social", ("social",), modelled=("mentions",) * (kind in MENTIONS))
        for kind in ("liked", "commented", "shared", "followed", "mentioned", "messaged")
    },
    # Stored only when late, so that late_revised of the e-mail rows is a function of the facts.
    **{
        f"email.{kind}": Kind(f"crm.email.{kind}", None)
        for kind in ("sent", "delivered", "bounced", "complained", "unsubscribed", "rejected", "deferred")
    },
    # A sign-in is stored under its user and, if the event's person has a different id, under that as well.
    "login.own": Kind(SIGNED_IN, None),
    "login.user": Kind(SIGNED_IN, None),
    "login.told": Kind(SIGNED_IN, None),
    "social.impression": Kind("crm.social.impression", None, ("impressions",)),
    **{f"social.{kind}.{mood}": _judged(kind, mood) for kind in MENTIONS for mood in MOODS},
}
CODES: Final = {name: number for number, name in enumerate(KINDS)}
PAGE: Final = CODES["page.viewed"]
LOGINS: Final = frozenset({CODES["login.own"], CODES["login.user"]})
BY_CODE: Final = tuple(KINDS.values())
CHANNELS: Final = ("email", "page", "form", "call", "meeting", "chat", "social")
# Late events of these types count in the documents of touch rows, by their own segments.
TOUCH_ROWS: Final = frozenset(kind.type for kind in BY_CODE) - {"crm.page.viewed"}


class TouchCodes(NamedTuple):
    """Codes of the measures that a kind of touch counts for."""

    late: int
    late_segmented: int
    late_of_subject: int
    people: tuple[int, ...]
    robots: tuple[int, ...]
    counts: tuple[int, ...]  # in the touch's own segments
    segmented: bool
    modelled: tuple[int, ...]


def _codes(kind: Kind) -> TouchCodes:
    channel = kind.channel if kind.counts else None
    # A message's first open of any kind is one interaction, so e-mail including bots has a separate measure.
    people = () if channel is None else (f"eng.{channel}", "raw.email") if channel == "email" else (f"eng.{channel}",)
    if kind.type == "crm.page.viewed":
        people = (*people, "attempts.visitor")
    return TouchCodes(
        code(f"late:{kind.type}"),
        code(f"late.t:{kind.type}"),
        code(f"late.s:{kind.type}"),
        tuple(map(code, people)),
        () if channel is None else (code(f"bots.{channel}"),),
        tuple(map(code, kind.measures)),
        kind.type in TOUCH_ROWS,
        tuple(map(code, kind.modelled)),
    )


TOUCH_CODES: Final = tuple(map(_codes, BY_CODE))
MENTION_TYPES: Final = frozenset(f"crm.social.{kind}" for kind in MENTIONS)
TYPE_CODES: Final = {f"crm.{name}": number for name, number in CODES.items()}


def kind_code(type_: str, data: dict[str, Any]) -> int | None:
    """The code of an event's kind of touch; None if it is not a touch."""
    found = TYPE_CODES.get(type_)
    if found is not None:
        return CODES[f"{type_.removeprefix('crm.')}.{mood(data['sentiment'])}"] if is_judged(type_, data) else found
    if type_ == "crm.call.ended":
        connected = ".connected" if data.get("outcome") == "connected" else ""
        return CODES[f"call.{data['direction']}{connected}"]
    if type_ == "crm.chat.messaged":
        return CODES["chat.inbound" if data.get("direction") == "inbound" else "chat.outbound"]
    return None


def is_judged(type_: str, data: dict[str, Any]) -> bool:
    """Whether an event is a mention with a sentiment."""
    return type_ in MENTION_TYPES and data.get("sentiment") is not None


def mood(sentiment: str | float) -> str:
    """Positive, neutral or negative, from the producer's label or number (−1 … 1)."""
    if isinstance(sentiment, str):
        return sentiment
    return "positive" if sentiment > OPINION else "negative" if sentiment < -OPINION else "neutral"


class Touches:
    """The touches of one id in order of arrival. ``note``: the session of a page view, or another touch's own segments.

    They are stored in chunks of CHUNK, so a further touch rewrites little, however many there are.
    """

    __slots__ = ("notes", "packed", "pages", "table")

    def __init__(self) -> None:
        self.packed: array[int] = array("q")  # ms << 12 | kind << 4 | flags
        self.notes: array[int] = array("i")  # index into table, or NOTHING
        self.pages: array[int] = array("i")  # code of a page view's page, or NOTHING
        self.table: list[Any] = []

    def add(self, time: int, kind: int, flags: int, note: Any, page: int = NOTHING) -> int:
        """Add a touch at ``time`` ms; returns the number of the chunk it went into."""
        place = NOTHING
        if note is not None:
            # A repeated note is nearly always the last; a duplicate of an earlier one wastes little.
            table = self.table
            if not table or table[-1] != note:
                table.append(note)
            place = len(table) - 1
        self.packed.append(time << 12 | kind << 4 | flags)
        self.notes.append(place)
        self.pages.append(page)
        return (len(self.packed) - 1) // CHUNK

    def __iter__(self) -> Iterator[tuple[int, int, int, Any]]:
        """(time ms, kind, flags, note) of each."""
        table = self.table
        for packed, note in zip(self.packed, self.notes, strict=True):
            yield packed >> 12, packed >> 4 & 0xFF, packed & 0xF, None if note < 0 else table[note]

    @property
    def numbers(self) -> NDArray[np.int64]:
        """A copy of the packed touches."""
        return np.array(self.packed, dtype=np.int64)

    @property
    def views(self) -> NDArray[np.bool_]:
        """A mask of the page views that are not a bot's."""
        packed = self.numbers
        found: NDArray[np.bool_] = (packed >> 4 & 0xFF == PAGE) & (packed & BOT == 0)
        return found

    def viewed(self, first: int, last: int) -> bool:
        """Whether there is a page view, not a bot's, in [first, last], ms."""
        times = self.numbers >> 12
        return bool((self.views & (times >= first) & (times <= last)).any())

    def at(self, places: Iterable[int]) -> Iterator[tuple[int, int, int, Any]]:
        """(time ms, kind, flags, note) of the touches at some indexes."""
        for place in places:
            packed, note = self.packed[place], self.notes[place]
            yield packed >> 12, packed >> 4 & 0xFF, packed & 0xF, None if note < 0 else self.table[note]

    def since(self, time: int) -> Iterator[tuple[int, int, int]]:
        """(time ms, kind, flags) of the touches at or after an instant (ms)."""
        packed = self.numbers
        chosen: list[int] = packed[packed >= time << 12].tolist()
        return ((one >> 12, one >> 4 & 0xFF, one & 0xF) for one in chosen)

    @property
    def chunks(self) -> int:
        """The number of chunks."""
        return -(-len(self.packed) // CHUNK)

    def chunk(self, number: int) -> list[list[Any]]:
        """A chunk as JSON: the packed touches, their notes, their pages."""
        low, high = number * CHUNK, (number + 1) * CHUNK
        notes = [None if note < 0 else self.table[note] for note in self.notes[low:high]]
        pages = [None if page < 0 else PAGES.names[page] for page in self.pages[low:high]]
        return [self.packed[low:high].tolist(), notes, pages]

    @staticmethod
    def restored(chunks: dict[int, list[list[Any]]]) -> "Touches":
        """From stored chunks by number."""
        touches = Touches()
        for _, (packed, notes, pages) in sorted(chunks.items()):
            for one, note, text in zip(packed, notes, pages, strict=True):
                page = NOTHING if text is None else PAGES.code(text)
                kept_note = tuple(note) if isinstance(note, list) else note
                touches.add(one >> 12, one >> 4 & 0xFF, one & 0xF, kept_note, page)
        return touches


def restored_touches(table: dict[str, Touches], stored: dict[str, dict[int, list[list[Any]]]]) -> Work:
    """Fill a table from stored chunks, which are consumed."""
    while stored:
        raw, chunks = stored.popitem()
        table[raw] = Touches.restored(chunks)
        yield 4 + 2 * len(table[raw].packed)
