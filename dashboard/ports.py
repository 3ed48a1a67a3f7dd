"""Protocols of everything the API reads from, so that tests can replace them."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from models.alerting import Rule
from models.record import Block
from reports.unsubscribe import Subscription
from sinks.base import Point, Status, Update

Document = dict[str, Any]


class Numbers(Protocol):
    """Published numbers: the part of `sinks.read.RedisReader` that the API uses. Methods raise `SinkUnavailable`."""

    async def tenants(self) -> list[str]:
        """Every tenant ever published, sorted."""
        ...

    async def document(
        self, tenant: str, kpi: str, window: str, segment: Mapping[str, str] | None = None
    ) -> Document | None:
        """One document, or None if it was never published."""
        ...

    async def segments(self, tenant: str, kpi: str, window: str) -> list[Document]:
        """The documents of a KPI's segments in a window, consistent, sorted by name."""
        ...

    async def status(self, tenant: str) -> Status | None:
        """The tenant's status, or None if it was never published."""
        ...

    async def snapshot(self, tenant: str, window: str) -> list[Document]:
        """A window's documents without segment, in one revision, sorted by KPI."""
        ...

    def updates(self, tenant: str, after: str = "$") -> AsyncIterator[Update]:
        """Publications later than the id ``after``, for ever."""
        ...

    async def newest(self, tenant: str) -> str:
        """The id of the latest publication; ``0`` if there is none."""
        ...


class History(Protocol):
    """Closed buckets of KPI totals. Raises `SinkUnavailable`."""

    async def history(self, tenant: str, kpi: str, step: str) -> Mapping[str, Point]:
        """Bucket start (``2026-11-14``, ``2026-11``, ``2026-11-14T13Z``) -> its point."""
        ...

    async def histories(self, tenant: str, kpis: Sequence[str], step: str) -> Mapping[str, Mapping[str, Point]]:
        """The same for several KPIs."""
        ...


class Queries(Protocol):
    """Queries answered by the worker that owns the tenant."""

    async def ask(self, tenant: str, ask: str, **fields: Any) -> dict[str, Any]:
        """The answer. Raises `QueryRefused` for an invalid query, `QueryUnavailable` if no worker responds."""
        ...


class Lags(Protocol):
    """The workers' lag."""

    async def read(self) -> dict[str, Any]:
        """As printed by ``crmkpi lag --json``. Raises `KafkaUnavailable`."""
        ...


class KafkaUnavailable(Exception):
    """Kafka does not respond; the message says what was tried."""


class Journal(Protocol):
    """Accepted and rejected events, as written by workers."""

    def blocks(self, tenant: str) -> "AsyncGenerator[Fetched, None]":
        """A tenant's latest blocks, then new ones for ever. Raises `KafkaUnavailable`."""
        ...


class Fetched(NamedTuple):
    """Blocks of one tenant, in order. ``current``: whether everything present at the start has been read."""

    blocks: Sequence[Block]
    current: bool


class Workers(Protocol):
    """The workers themselves."""

    async def read(self) -> dict[str, Any]:
        """``workers``, and their totals (`dashboard.workers`). Raises `SinkUnavailable`."""
        ...


class Letters(Protocol):
    """Open dead letters. Every method raises `KafkaUnavailable`."""

    async def open(self) -> "OpenLetters":
        """All open letters, without their events."""
        ...

    async def one(self, name: str) -> dict[str, Any] | None:
        """One letter with the event as it was sent; None if there is no such letter."""
        ...

    async def retry(self, names: Sequence[str]) -> "Dealt":
        """Retries letters and marks them, each once."""
        ...

    async def discard(self, names: Sequence[str]) -> "Dealt":
        """Marks letters as needing no action."""
        ...


class OpenLetter(NamedTuple):
    """A dead letter in a list. ``name``: TOPIC/PARTITION/OFFSET of the event. ``at``: ms UTC."""

    name: str
    at: int
    tenant: str
    stage: str
    reason: str
    field: str
    detail: str

    @property
    def topic(self) -> str:
        """The event's topic."""
        return self.name.partition("/")[0]


class OpenLetters(NamedTuple):
    """``complete``: False while they are still being read, or if there are too many to keep."""

    letters: Sequence[OpenLetter]  # newest first
    complete: bool


class Dealt(NamedTuple):
    """The outcome: names of letters dealt with, and why others were not."""

    done: Sequence[str]
    left: Mapping[str, str]


class Verifier(Protocol):
    """A full recount alongside the workers, one at a time."""

    def state(self) -> "Checked":
        """The one that runs, and the last one that ended."""
        ...

    async def start(self, tenant: str | None) -> bool:
        """Start verifying one tenant or all. False if one is running already."""
        ...

    async def cancel(self) -> bool:
        """End the one that runs. False: there is none."""
        ...


class Run(NamedTuple):
    """One verification. Times are ms UTC. ``records``, ``total``: journal records read, and in total."""

    tenant: str | None
    began: int
    records: int = 0
    total: int = 0
    ended: int | None = None
    verdict: Mapping[str, Any] | None = None  # as printed by `crmkpi verify --json`
    problem: str = ""  # why there is no verdict


class Checked(NamedTuple):
    """The state of verifications."""

    running: Run | None
    last: Run | None


class Unsubscribed(Protocol):
    """Recipients who unsubscribed from a report. Raises `SinkUnavailable`."""

    async def add(self, one: Subscription) -> None:
        """End a subscription."""
        ...


class EventSender(Protocol):
    """Takes events, as a producer's."""

    async def send(self, event: Mapping[str, Any]) -> None:
        """Returns once the brokers have it. Raises `KafkaUnavailable`."""
        ...


class Boards(Protocol):
    """Tenants' own boards, or their annotations, as JSON text. Every method raises `SinkUnavailable`."""

    @property
    def most(self) -> int:
        """The maximum per tenant."""
        ...

    async def all(self, tenant: str) -> dict[str, str]:
        """Name -> board."""
        ...

    async def one(self, tenant: str, name: str) -> str | None:
        """One of them, or None."""
        ...

    async def keep(self, tenant: str, name: str, board: str) -> bool:
        """Store a board, replacing one of the same name. False if there are too many."""
        ...

    async def drop(self, tenant: str, name: str) -> bool:
        """Delete a board. False if there is none of that name."""
        ...


class Alerts(Protocol):
    """Alerts of tenants, and what people do about them. Reading raises `SinkUnavailable`, the rest KafkaError."""

    async def view(self, tenant: str) -> dict[str, Any]:
        """``watched``, ``rules``, ``log``, ``channels``. Instants are ms UTC."""
        ...

    def complaint(self, rule: Rule) -> tuple[str, str] | None:
        """Why a rule cannot be made: (field, what is wrong with it); ``id``: it is the settings file's."""
        ...

    async def keep(self, rule: Rule) -> None:
        """Make a rule, in place of one of that id."""
        ...

    async def drop(self, tenant: str, rule: str) -> None:
        """The end of a rule."""
        ...

    async def mute(self, tenant: str, rule: str, until: int | None, by: str, at: int) -> None:
        """Tell nobody until then; None: it ends now."""
        ...

    async def ack(self, tenant: str, rule: str, number: int, by: str, at: int) -> None:
        """Somebody has seen a change."""
        ...
