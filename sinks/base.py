"""What a store of published KPIs promises: the newest revision wins, whole or not at all."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

from models.settings import RedisSettings

Document = Mapping[str, Any]
"""A KPI document of the event contract, JSON values only: ``kpi``, ``window`` and ``segment`` name it.

One with ``gone: true`` and nothing else beside these names says that the document is no more.
"""

Revision = tuple[int, int, int]
"""(restatement epoch, committed position, as_of in ms UTC), compared in this order."""


NO_SWEEP: Final = 0
FIRST_OF_SWEEP: Final = 1
"""All documents of a tenant in slices: of its publications the first is marked so, the later ones `IN_SWEEP`, and the
last is ``full``: documents that were in none of them go."""
IN_SWEEP: Final = 2


class SinkUnavailable(Exception):
    """The store is away, read-only, full or refuses us; whether the write took place is not known. Try again."""

    def __init__(self, text: str, place: RedisSettings | str | None = None) -> None:
        """``place``: the server, for whoever wants to look closer."""
        super().__init__(text)
        self.place = place


class TenantRefused(SinkUnavailable):
    """The store is there, and cannot take what belongs to this tenant: somebody wrote something else in its place."""


class Points(NamedTuple):
    """Buckets of the history of one KPI, put over those that are stored: of these all outside ``low``-``high`` go.

    ``values``: by bucket ``[value, n]``, or ``[value, n, status]`` where the status is not ok. Buckets of a step are
    names that sort as they follow each other.
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
    full: bool = False  # these are all the tenant has: documents that are not among them go
    waiting: int = 0  # KPIs some of whose segments are still of before: they come with the next publications
    kpis: tuple[str, ...] | None = None  # ids whose documents say something new, for followers; None: all
    sweep: int = NO_SWEEP
    lane: int = 0
    catching_up: float | None = None  # how much of the history is counted, 0 to 1; None: all, numbers are live
    points: Sequence[Points] = ()

    @property
    def revision(self) -> Revision:
        """What decides whether this publication or the stored one is newer."""
        return self.epoch, self.position, self.as_of


class Packed(NamedTuple):
    """A publication whose documents are bytes already (`sinks.wire.pack`): they can cross to another process."""

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
        """What decides whether this publication or the stored one is newer."""
        return self.epoch, self.position, self.as_of


class Note(NamedTuple):
    """What a lane says of all its tenants at once: their numbers are current as of ``checked``."""

    lane: int
    epoch: int
    position: int  # of which everything was sent
    checked: int  # ms UTC
    failing: tuple[str, ...] = ()  # tenants of which it is not true
    query: str = ""  # where the lane's owner answers queries, as http://127.0.0.1:43211; empty: nowhere
    query_token: str = ""


class QueryPort(NamedTuple):
    """Where the worker that owned a lane last answers queries (see `sinks.query`). It may be gone since."""

    url: str
    token: str


class Held(NamedTuple):
    """What a store holds when a lane asks."""

    note: Revision | None  # the lane's last one: epoch, position, checked
    tenants: dict[str, Revision | None]  # without those whose keys hold something else


class Status(NamedTuple):
    """How current a tenant's numbers are."""

    as_of: int  # of the last publication, ms UTC
    checked: int  # ms UTC: no number has changed up to then, but for those of publications since
    waiting: int
    catching_up: float | None
    rev: tuple[int, int]  # (epoch, position) of the lane up to which they are complete


class Board(NamedTuple):
    """Everything that is published for a tenant, of one moment."""

    revision: Revision | None  # of the newest publication; None: there was none
    documents: list[dict[str, Any]]  # sorted by their names
    waiting: int  # KPIs some of whose segments are of an earlier revision


class Update(NamedTuple):
    """One publication as followers see it."""

    id: str  # grows with every publication; hand it back as ``after`` to go on from here
    rev: str  # "epoch.position"
    as_of: int  # ms UTC
    kpis: tuple[str, ...]  # ids of which at least one document says something new, sorted
    documents: int
    full: bool


class Sink(Protocol):
    """Where numbers go. Every method but ``close`` raises `SinkUnavailable`; ``publish`` and ``revision`` raise
    `TenantRefused` for what is wrong with one tenant only.
    """

    async def publish(self, publication: Publication | Packed) -> int:
        """Write all of it at once; how many publications of the tenant the store has taken since it was empty.

        0: the store holds a newer revision and nothing was written. A number that does not grow: what was written
        before is lost.

        An equal revision is written again, so a repeated call does no harm.
        """
        ...

    async def revision(self, tenant: str) -> Revision | None:
        """What the store holds now, or None. Missing or lower than last written: publish everything again."""
        ...

    async def check(self, note: Note, tenants: Sequence[str]) -> Held:
        """Leave a lane's note, unless a newer owner's is there; what was held before, also of tenants. One trip."""
        ...

    async def close(self) -> None:
        """Give connections back. Never raises for a store that is away."""
        ...


class Reader(Protocol):
    """How published numbers are read. Documents come back as given: null, numbers and text keep their type."""

    async def tenants(self) -> list[str]:
        """Every tenant that was ever published, sorted."""
        ...

    async def kpis(self, tenant: str) -> list[str]:
        """Ids of the KPIs the tenant has a document of, sorted."""
        ...

    async def document(
        self, tenant: str, kpi: str, window: str, segment: Mapping[str, str] | None = None
    ) -> dict[str, Any] | None:
        """One document, or None when it was never published."""
        ...

    async def documents(self, tenant: str) -> list[dict[str, Any]]:
        """All documents of the tenant, of one revision, sorted by their names."""
        ...

    async def segments(self, tenant: str, kpi: str, window: str) -> list[dict[str, Any]]:
        """The documents of a KPI's segments in a window, of one moment, sorted by their names."""
        ...

    async def board(self, tenant: str) -> Board:
        """All documents of the tenant with their revision, read at one moment."""
        ...

    async def status(self, tenant: str) -> Status | None:
        """How current the tenant's numbers are, or None when it was never published."""
        ...

    async def snapshot(self, tenant: str, window: str) -> list[dict[str, Any]]:
        """The documents of a window that have no segment, of one revision, sorted by KPI."""
        ...

    async def history(self, tenant: str, kpi: str, step: str) -> dict[str, Point]:
        """A KPI without segment in the hours, days, weeks or months that are over: bucket -> point, oldest first.

        ``step``: hour, day, week, month. Buckets: ``2026-11-14T13Z``, ``2026-11-14`` (a week: its Monday), ``2026-11``.
        """
        ...

    async def histories(self, tenant: str, kpis: Sequence[str], step: str) -> dict[str, dict[str, Point]]:
        """The histories of several KPIs, read in one round trip; of a KPI that has none it is empty."""
        ...

    async def newest(self, tenant: str) -> str:
        """The id of the tenant's last publication, for `updates`; ``0`` when there is none."""
        ...

    def updates(self, tenant: str, after: str = "$") -> AsyncIterator[Update]:
        """Publications later than the id ``after``, for ever; ``$`` means from now on, ``0`` all that is kept."""
        ...
