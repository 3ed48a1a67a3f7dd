"""The contract of a store for published KPIs: the newest revision wins, written whole or not at all."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

from models.settings import RedisSettings

Document = Mapping[str, Any]
"""A KPI document of the event contract, JSON values only: ``kpi``, ``window`` and ``segment`` name it.

A document with only ``gone: true`` beside these names deletes it.
"""

Revision = tuple[int, int, int]
"""(restatement epoch, committed position, as_of in ms UTC), compared in this order."""


NO_SWEEP: Final = 0
FIRST_OF_SWEEP: Final = 1
"""A sweep sends all documents of a tenant in slices: the first publication is marked so, later ones `IN_SWEEP`, and
the last is ``full``: documents that were in none of them are deleted."""
IN_SWEEP: Final = 2


class SinkUnavailable(Exception):
    """The store is away, read-only, full or refuses us; the write may or may not have happened. Try again."""

    def __init__(self, text: str, place: RedisSettings | str | None = None) -> None:
        """``place``: the server, for closer diagnosis."""
        super().__init__(text)
        self.place = place


class TenantRefused(SinkUnavailable):
    """The store is up but can't take this tenant's data: its keys hold something else."""


class Points(NamedTuple):
    """Buckets of one KPI's history, merged into the stored ones; stored buckets outside ``low``-``high`` are deleted.

    ``values``: bucket -> ``[value, n]``, or ``[value, n, status]`` where the status is not ok. A step's bucket names
    sort in time order.
    """

    kpi: str
    step: str  # hour, day, week, month
    low: str
    high: str
    values: Mapping[str, Sequence[Any]]


class Point(NamedTuple):
    """A KPI in one bucket of its history. ``value``: as in documents."""

    value: Any
    n: int
    status: str = "ok"


class Publication(NamedTuple):
    """What one lane publishes for one tenant in one atomic step."""

    tenant: str
    epoch: int
    position: int
    as_of: int  # ms UTC
    documents: Sequence[Document]
    full: bool = False  # the tenant's complete set: documents not among them are deleted
    waiting: int = 0  # KPIs with outdated segment documents, which follow in later publications
    kpis: tuple[str, ...] | None = None  # ids of KPIs with changed documents, for followers; None: all
    sweep: int = NO_SWEEP
    lane: int = 0
    catching_up: float | None = None  # share of the history that is counted, 0 to 1; None: all, numbers are live
    points: Sequence[Points] = ()

    @property
    def revision(self) -> Revision:
        """Decides whether this publication or the stored one is newer."""
        return self.epoch, self.position, self.as_of


class Packed(NamedTuple):
    """A publication whose documents are already bytes (`sinks.wire.pack`), so it can cross between processes."""

    tenant: str
    epoch: int
    position: int
    as_of: int  # ms UTC
    payload: bytes
    full: bool = False
    waiting: int = 0
    sweep: int = NO_SWEEP
    lane: int = 0
    catching_up: float | None = None

    @property
    def revision(self) -> Revision:
        """Decides whether this publication or the stored one is newer."""
        return self.epoch, self.position, self.as_of


class Note(NamedTuple):
    """A lane's statement about all its tenants: their numbers are current as of ``checked``."""

    lane: int
    epoch: int
    position: int  # up to which everything was sent
    checked: int  # ms UTC
    failing: tuple[str, ...] = ()  # tenants excluded from that statement
    query: str = ""  # where the lane's owner answers queries, as http://127.0.0.1:43211; empty: nowhere
    query_token: str = ""


class QueryPort(NamedTuple):
    """Where the last known owner of a lane answers queries (see `sinks.query`). It may be gone by now."""

    url: str
    token: str


class Held(NamedTuple):
    """What a store held before a lane's note was written."""

    note: Revision | None  # the lane's previous note: epoch, position, checked
    tenants: dict[str, Revision | None]  # without those whose keys hold something else


class Status(NamedTuple):
    """How current a tenant's numbers are."""

    as_of: int  # of the last publication, ms UTC
    checked: int  # ms UTC: no number changed up to then, except through later publications
    waiting: int
    catching_up: float | None
    rev: tuple[int, int]  # (epoch, position) of the lane up to which they are complete


class Board(NamedTuple):
    """Everything published for a tenant at one moment."""

    revision: Revision | None  # of the newest publication; None: none yet
    documents: list[dict[str, Any]]  # sorted by their names
    waiting: int  # KPIs with segments of an earlier revision


class Update(NamedTuple):
    """One publication as followers see it."""

    id: str  # grows with every publication; pass it as ``after`` to continue from here
    rev: str  # "epoch.position"
    as_of: int  # ms UTC
    kpis: tuple[str, ...]  # ids of KPIs with at least one changed document, sorted
    documents: int
    full: bool


class Sink(Protocol):
    """Where numbers are published. Every method but ``close`` raises `SinkUnavailable`; ``publish`` and ``revision``
    raise `TenantRefused` for problems with one tenant only.
    """

    async def publish(self, publication: Publication | Packed) -> int:
        """Write all of it atomically; returns how many publications of the tenant the store has taken since it was
        empty.

        0: the store holds a newer revision and nothing was written. A number that doesn't grow means that earlier
        writes were lost.

        An equal revision is written again, so repeating a call does no harm.
        """
        ...

    async def revision(self, tenant: str) -> Revision | None:
        """The stored revision, or None. Missing or lower than last written: publish everything again."""
        ...

    async def check(self, note: Note, tenants: Sequence[str]) -> Held:
        """Write a lane's note, unless a newer owner's is there; returns what was held before. One round trip."""
        ...

    async def close(self) -> None:
        """Close the connections. Never raises if the store is away."""
        ...


class Reader(Protocol):
    """Reads published numbers. Documents keep their JSON types: null, numbers and text."""

    async def tenants(self) -> list[str]:
        """Every tenant ever published, sorted."""
        ...

    async def kpis(self, tenant: str) -> list[str]:
        """Ids of the KPIs for which the tenant has documents, sorted."""
        ...

    async def document(
        self, tenant: str, kpi: str, window: str, segment: Mapping[str, str] | None = None
    ) -> dict[str, Any] | None:
        """One document, or None if it was never published."""
        ...

    async def documents(self, tenant: str) -> list[dict[str, Any]]:
        """All documents of the tenant, from one revision, sorted by name."""
        ...

    async def segments(self, tenant: str, kpi: str, window: str) -> list[dict[str, Any]]:
        """The documents of a KPI's segments in a window, read at one moment, sorted by name."""
        ...

    async def board(self, tenant: str) -> Board:
        """All documents of the tenant with their revision, read at one moment."""
        ...

    async def status(self, tenant: str) -> Status | None:
        """How current the tenant's numbers are, or None if it was never published."""
        ...

    async def snapshot(self, tenant: str, window: str) -> list[dict[str, Any]]:
        """A window's documents without a segment, from one revision, sorted by KPI."""
        ...

    async def history(self, tenant: str, kpi: str, step: str) -> dict[str, Point]:
        """A KPI without segment in completed hours, days, weeks or months: bucket -> point, oldest first.

        ``step``: hour, day, week, month. Buckets: ``2026-11-14T13Z``, ``2026-11-14`` (a week: its Monday), ``2026-11``.
        """
        ...

    async def histories(self, tenant: str, kpis: Sequence[str], step: str) -> dict[str, dict[str, Point]]:
        """The histories of several KPIs in one round trip; empty for a KPI without one."""
        ...

    async def newest(self, tenant: str) -> str:
        """The id of the tenant's last publication, for `updates`; ``0`` if there is none."""
        ...

    def updates(self, tenant: str, after: str = "$") -> AsyncIterator[Update]:
        """Publications after the id ``after``, for ever; ``$``: from now on, ``0``: all that are kept."""
        ...
