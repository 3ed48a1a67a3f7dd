"""What the API reads from: protocols, so that tests can put something else in their place."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from models.record import Block
from sinks.base import Point, Status, Update

Document = dict[str, Any]


class Numbers(Protocol):
    """Published numbers: what of `sinks.read.RedisReader` the API uses. Every method raises `SinkUnavailable`."""

    async def tenants(self) -> list[str]:
        """Every tenant that was ever published, sorted."""
        ...

    async def document(
        self, tenant: str, kpi: str, window: str, segment: Mapping[str, str] | None = None
    ) -> Document | None:
        """One document, or None when it was never published."""
        ...

    async def segments(self, tenant: str, kpi: str, window: str) -> list[Document]:
        """The documents of a KPI's segments in a window, of one moment, sorted by their names."""
        ...

    async def status(self, tenant: str) -> Status | None:
        """How current the tenant's numbers are, or None when it was never published."""
        ...

    async def snapshot(self, tenant: str, window: str) -> list[Document]:
        """The documents of a window that have no segment, of one revision, sorted by KPI."""
        ...

    def updates(self, tenant: str, after: str = "$") -> AsyncIterator[Update]:
        """Publications later than the id ``after``, for ever."""
        ...

    async def newest(self, tenant: str) -> str:
        """The id of the last publication; ``0`` when there is none."""
        ...


class History(Protocol):
    """Closed buckets of KPIs without a segment. Raises `SinkUnavailable`."""

    async def history(self, tenant: str, kpi: str, step: str) -> Mapping[str, Point]:
        """Bucket start (``2026-11-14``, ``2026-11``, ``2026-11-14T13Z``) -> what it holds."""
        ...

    async def histories(self, tenant: str, kpis: Sequence[str], step: str) -> Mapping[str, Mapping[str, Point]]:
        """The same of several KPIs."""
        ...


class Queries(Protocol):
    """Questions that the worker which owns the tenant answers."""

    async def ask(self, tenant: str, ask: str, **fields: Any) -> dict[str, Any]:
        """The answer. Raises `QueryRefused` for a question that has none, `QueryUnavailable` when nobody answers."""
        ...


class Lags(Protocol):
    """How far the workers are behind."""

    async def read(self) -> dict[str, Any]:
        """What ``crmkpi lag --json`` prints. Raises `KafkaUnavailable`."""
        ...


class KafkaUnavailable(Exception):
    """Kafka does not answer; the text says what was tried."""


class Journal(Protocol):
    """What was accepted and refused, as workers write it down."""

    def blocks(self, tenant: str) -> "AsyncGenerator[Fetched, None]":
        """A tenant's newest blocks, then those that come, for ever. Raises `KafkaUnavailable`."""
        ...


class Fetched(NamedTuple):
    """Blocks of one tenant, in order. ``current``: whether nothing that was there at the start is still to come."""

    blocks: Sequence[Block]
    current: bool


class Workers(Protocol):
    """The workers themselves."""

    async def read(self) -> dict[str, Any]:
        """``workers``, and figures of all together (`dashboard.workers`). Raises `SinkUnavailable`."""
        ...


class Letters(Protocol):
    """Dead letters that nobody has dealt with. Every method raises `KafkaUnavailable`."""

    async def open(self) -> "OpenLetters":
        """All of them, without what was sent."""
        ...

    async def one(self, name: str) -> dict[str, Any] | None:
        """One of them whole, with the event as it was sent; None: there is no such letter."""
        ...

    async def retry(self, names: Sequence[str]) -> "Dealt":
        """Sends events again and marks them so, each once."""
        ...

    async def discard(self, names: Sequence[str]) -> "Dealt":
        """Marks letters as needing no action."""
        ...


class OpenLetter(NamedTuple):
    """A dead letter as lists have it. ``name``: TOPIC/PARTITION/OFFSET of the event. ``at``: ms UTC."""

    name: str
    at: int
    tenant: str
    stage: str
    reason: str
    field: str
    detail: str

    @property
    def topic(self) -> str:
        """Of the event."""
        return self.name.partition("/")[0]


class OpenLetters(NamedTuple):
    """``complete``: False: they are still being read, or are too many to hold."""

    letters: Sequence[OpenLetter]  # newest first
    complete: bool


class Dealt(NamedTuple):
    """What became of letters: names of those that are dealt with, and why others are not."""

    done: Sequence[str]
    left: Mapping[str, str]


class Verifier(Protocol):
    """A full recount beside the workers, one at a time."""

    def state(self) -> "Checked":
        """The one that runs, and the last one that ended."""
        ...

    async def start(self, tenant: str | None) -> bool:
        """Begin, of one tenant or of all. False: one runs already."""
        ...

    async def cancel(self) -> bool:
        """End the one that runs. False: there is none."""
        ...


class Run(NamedTuple):
    """One verification. Times are ms UTC. ``records``: of the journal, done and in all."""

    tenant: str | None
    began: int
    records: int = 0
    total: int = 0
    ended: int | None = None
    verdict: Mapping[str, Any] | None = None  # what `crmkpi verify --json` prints
    problem: str = ""  # why there is no verdict


class Checked(NamedTuple):
    """What there is to tell of verifications."""

    running: Run | None
    last: Run | None


class Teller(Protocol):
    """Takes events, as a producer's."""

    async def tell(self, event: Mapping[str, Any]) -> None:
        """Returns once the brokers have it. Raises `KafkaUnavailable`."""
        ...


class Boards(Protocol):
    """Own boards of tenants, or their annotations, as JSON text. Every method raises `SinkUnavailable`."""

    @property
    def most(self) -> int:
        """How many a tenant may have."""
        ...

    async def all(self, tenant: str) -> dict[str, str]:
        """Name -> board."""
        ...

    async def one(self, tenant: str, name: str) -> str | None:
        """One of them, or None."""
        ...

    async def keep(self, tenant: str, name: str, board: str) -> bool:
        """Store it, in place of one of that name. False: there are as many as may be."""
        ...

    async def drop(self, tenant: str, name: str) -> bool:
        """Delete it. False: there is none of that name."""
        ...
