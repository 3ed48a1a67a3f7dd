"""What was published last, and what may have changed since: so that a publication holds only changes."""

from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from struct import pack, unpack
from typing import Any, Final, NamedTuple, Protocol, Self

import orjson

from kpis.calendar.buckets import STEPS, Step
from kpis.catalog.kept import Kept, kept
from kpis.cells.cells import EVER
from kpis.publish.comparison import Remembered
from kpis.publish.history import Buckets, Due, Points
from kpis.publish.reads import AGEING, ALL_ROWS, PARTS, PLACES, ROWS, TOTALS, Mask, bits
from kpis.state.tenant_state import TenantState

MOVING: Final = frozenset(
    {"as_of", "watermark", "start", "end", "previous_start", "previous_end", "definition", "rev", "catching_up"}
)
LAST_WINDOW: Final = PLACES["all"]
HISTORY: Final = len(PLACES)  # in a row's bits the steps of its history follow the windows
SEGMENTS: Final[Mask] = (1 << HISTORY) - 1
PER_DOCUMENT: Final = 10  # points that weigh as much as a document
Document = dict[str, Any]
Held = tuple[tuple[str, ...], bytes]  # segments of a row and window, and the prints of their documents


class Maker(Protocol):
    """Computes the documents of a tenant at one instant."""

    @property
    def as_of(self) -> int:
        """The instant, ms."""

    def total(self, row: int, place: int) -> Iterable[Document]:
        """The document without a segment of a row (by number) in a window; none if the row has none there."""

    def parts(self, row: int, place: int) -> Iterable[Document]:
        """The documents of a row's segments in a window."""

    def points(self, row: int, step: Step, wanted: Buckets, enough: Callable[[], bool]) -> tuple[Points, Buckets]:
        """A row's points of a step in some buckets until ``enough``, and the buckets still to be computed."""


class Slice(NamedTuple):
    """One publication of a tenant: documents with one as-of. Plain data."""

    tenant: str
    as_of: int  # ms
    documents: list[Document]  # a deleted one is ``{kpi, window, segment, gone}``
    kpis: tuple[str, ...]  # whose documents have changed
    waiting: int  # KPIs whose segments changed and are still to be computed
    sweep: bool = False  # all documents are being sent, this is a slice of them:
    first: bool = False  # the first
    last: bool = False  # the last: documents that were in none of them are deleted
    points: tuple[Points, ...] = ()


class Published:
    """Memory of one tenant's publications: prints (64-bit hashes) of documents, and which rows and windows are due.

    ``chosen``: what is published.
    """

    __slots__ = (
        "_held", "_last_waiting", "_names", "_parts_due", "_place", "_print", "_sweep", "_swept_first", "_totals_due",
        "ageing_at", "attributes", "board", "cells", "clean", "composed_at", "history", "minute", "places", "reaches",
        "remembered", "resting", "rows", "today", "touched_at", "warm",
    )  # fmt: skip

    def __init__(self, chosen: Kept) -> None:
        self.rows = sum(1 << ROWS[kpi.id] for kpi in chosen.kpis)
        self.places = sum(1 << PLACES[name] for name in chosen.windows)
        self._print = array("q", bytes(8 * len(ROWS) * len(PLACES)))  # of totals, by row and window
        self._held: dict[int, Held] = {}  # of segments, by row and window
        self._names: dict[tuple[str, ...], tuple[str, ...]] = {}  # equal lists of segments share one tuple
        self._totals_due: list[Mask] = [0] * len(PLACES)  # by window: rows
        self._parts_due: dict[int, Mask] = {}  # by row, longest waiting first: windows, steps of its history
        self._place = 0  # progress within the first row
        self.history = Due(chosen)
        self._sweep: set[int] | None = None  # rows whose segments are still to be sent in a full publication
        self._swept_first = False
        self._last_waiting = 0  # `Slice.waiting` of the last slice
        self.minute: int | None = None  # the first minute that everything published excludes
        self.today: tuple[int, int] | None = None
        self.attributes: tuple[Any, ...] = ()  # what every document depends on beside the time
        self.ageing_at = 0  # when rows that depend on the current time were computed last
        self.resting: Mask = AGEING & ~self.rows  # of these rows, those where nothing can age
        self.touched_at = EVER  # minute of the last event since the start
        self.composed_at = 0  # as-of of the last slice, ms
        self.clean = 0  # when nothing was due last, ms
        self.board: Maker | None = None
        self.warm = False  # cells hold caches for reading
        self.cells: object = None  # the cells the prints were computed from
        self.remembered = Remembered()
        self.reaches = False  # whether the windows before those of up to a day are available

    # --- what is due

    def everything(self) -> None:
        """Resend all documents, in slices; documents in none of them are deleted."""
        self.all_rows()
        self._sweep, self._swept_first = {row for row, due in self._parts_due.items() if due & SEGMENTS}, True
        self._place = 0

    def all_rows(self) -> None:
        """Mark every document as possibly changed."""
        for place in range(len(PLACES)):
            self.add(place, ALL_ROWS)

    def add(self, place: int, rows: Mask) -> None:
        """Mark rows as possibly changed in a window."""
        if not self.places >> place & 1:
            return
        rows &= self.rows
        self._totals_due[place] |= rows & TOTALS[place]
        for row in bits(rows):
            if PARTS[row] >> place & 1:
                self._parts_due[row] = self._parts_due.get(row, 0) | 1 << place

    def add_points(self, place: int, rows: Mask, since: int) -> None:
        """Mark rows' points of a step (by number) as possibly changed from a bucket on."""
        self._add_steps(place, self.history.add(place, rows, since=since))

    def add_single(self, place: int, rows: Mask, buckets: Iterable[int]) -> None:
        """Mark rows' points of a step as possibly changed in some buckets."""
        self._add_steps(place, self.history.add(place, rows, buckets))

    def all_points(self) -> None:
        """Resend every point; others are deleted."""
        for place in range(len(STEPS)):
            self._add_steps(place, self.history.all(place, ALL_ROWS))

    def _add_steps(self, place: int, rows: Mask) -> None:
        for row in bits(rows):
            self._parts_due[row] = self._parts_due.get(row, 0) | 1 << HISTORY + place

    @property
    def due(self) -> bool:
        """Whether anything is due."""
        return bool(self._parts_due) or self.totals_due

    @property
    def documents_due(self) -> bool:
        """Whether documents are due, that is, anything but histories."""
        return self.totals_due or self.waiting > 0

    @property
    def totals_due(self) -> bool:
        """Whether documents without a segment are due."""
        return any(self._totals_due) or self._swept_first

    @property
    def waiting(self) -> int:
        """How many KPIs have segments that may have changed and were not computed."""
        return sum(due & SEGMENTS != 0 for due in self._parts_due.values())

    @property
    def parts_due(self) -> bool:
        """Whether segments or histories are due."""
        return bool(self._parts_due)

    # --- computing it

    def totals(self, board: Maker, made: "Made") -> None:
        """Compute the documents without a segment that are due: all of them, so no window mixes two as-ofs."""
        for place, rows in enumerate(self._totals_due):
            for row in bits(rows):
                for document in board.total(row, place):
                    at = row * len(PLACES) + place
                    seen = fingerprint(document)
                    made.take(document, new=self._print[at] != seen, sweep=self._sweep is not None)
                    self._print[at] = seen
                    if place == LAST_WINDOW and AGEING >> row & 1:
                        self.resting = self.resting & ~(1 << row) | (not document["value"]) << row
            self._totals_due[place] = 0

    def some_parts(self, board: Maker, made: "Made", enough: Callable[[], bool]) -> None:
        """Compute the segments of one row and window, of the row that waits longest; or part of its history.

        A history gets as much as there is time for, at least one point. A row is gone through once, and what becomes
        due again meanwhile waits for its next turn: else a constant flow of events would starve the other rows.
        """
        row, due = next(iter(self._parts_due.items()))
        place = self._place = next(bits(due >> self._place << self._place or due))
        if place < HISTORY:
            self._compare(row, place, board.parts(row, place), made)
        elif not self._more_history(row, place - HISTORY, board, made, enough):
            return
        self._made(row, place, due ^ 1 << place)

    def _made(self, row: int, place: int, left: Mask) -> None:
        """A part of a row is done, ``left`` is still due."""
        self._place = place + 1
        ahead = left >> self._place << self._place
        if self._sweep is not None and not ahead & SEGMENTS:
            self._sweep.discard(row)
        if ahead:
            self._parts_due[row] = left
            return
        self._place = 0
        del self._parts_due[row]
        if left:
            self._parts_due[row] = left  # behind the others

    def _more_history(self, row: int, step: int, board: Maker, made: "Made", enough: Callable[[], bool]) -> bool:
        """Compute points of a row; returns whether that was all that is due."""
        points, left = board.points(row, STEPS[step], self.history.of(step, row), enough)
        made.points.append(points)
        self.history.made(step, row, left)
        return not left

    def _compare(self, row: int, place: int, documents: Iterable[Document], made: "Made") -> None:
        at = row * len(PLACES) + place
        names, prints = self._held.get(at, ((), b""))
        before = dict(zip(names, unpack(f"{len(names)}q", prints), strict=True))
        now: dict[str, int] = {}
        for document in documents:
            ((dimension, value),) = document["segment"].items()
            name, seen = f"{dimension}={value}", fingerprint(document)
            now[name] = seen
            made.take(document, new=before.get(name) != seen, sweep=self._sweep is not None)
        for name in before.keys() - now.keys():
            made.gone(row, place, name)
        if now:
            found = tuple(now)
            self._held[at] = self._names.setdefault(found, found), pack(f"{len(now)}q", *now.values())
        else:
            self._held.pop(at, None)

    def slice(self, tenant: str, as_of: int, made: "Made") -> Slice | None:
        """The slice that was computed; None if nothing has changed."""
        sweep, first = self._sweep is not None, self._swept_first
        last = self._sweep is not None and not self._sweep and not any(self._totals_due)
        # Segments that turned out to be unchanged are no longer waited for: that is a change, too.
        settled = self._last_waiting and not self.waiting
        if not (made.documents or made.points or first or last or settled):
            return None
        self._swept_first, self._last_waiting = False, self.waiting
        if last:
            self._sweep = None
            self._names = {names: names for names, _ in self._held.values()}
        kpis = tuple(sorted(made.kpis))
        return Slice(tenant, as_of, made.documents, kpis, self.waiting, sweep, first, last, tuple(made.points))


@dataclass(slots=True)
class PublishedTenant:
    """A tenant's state, and the memory of what was published."""

    state: TenantState
    memory: Published

    @classmethod
    def new(cls, state: TenantState) -> Self:
        """A tenant without any publication yet."""
        return cls(state, Published(kept(state.tenant.settings)))


class Made:
    """The documents of one slice, as it is built."""

    def __init__(self) -> None:
        self.documents: list[Document] = []
        self.kpis: set[str] = set()
        self.points: list[Points] = []

    @property
    def size(self) -> int:
        """Roughly how many documents it holds."""
        return len(self.documents) + sum(1 + len(one.values) // PER_DOCUMENT for one in self.points)

    def take(self, document: Document, *, new: bool, sweep: bool) -> None:
        """Add a computed document, if it is new or all are sent."""
        if new:
            self.kpis.add(document["kpi"])
        if new or sweep:
            self.documents.append(document)

    def gone(self, row: int, place: int, name: str) -> None:
        """Add the deletion of a segment's document."""
        dimension, _, value = name.partition("=")
        kpi, window = NAMES[row], WINDOW_NAMES[place]
        self.kpis.add(kpi)
        self.documents.append({"kpi": kpi, "window": window, "segment": {dimension: value}, "gone": True})


NAMES: Final = list(ROWS)
WINDOW_NAMES: Final = list(PLACES)


def fingerprint(document: Document) -> int:
    """64 bits of a document's content without what moves with time: two different ones collide once in 10^19."""
    return hash(orjson.dumps({name: value for name, value in document.items() if name not in MOVING})) or 1
