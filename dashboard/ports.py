"""What the API reads from: protocols, so that tests can put something else in their place."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Protocol

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
        """What ``crmkpi lag --json`` prints. Raises `LagUnavailable`."""
        ...


class LagUnavailable(Exception):
    """Kafka does not answer; the text says what was tried."""


class Boards(Protocol):
    """Own boards of tenants, as JSON text. Every method raises `SinkUnavailable`."""

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
