"""What a store of published KPIs promises: the newest revision wins, whole or not at all."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple, Protocol

Document = Mapping[str, Any]
"""A KPI document of the event contract, JSON values only: ``kpi``, ``window`` and ``segment`` name it.

One with ``gone: true`` and nothing else beside these names says that the document is no more.
"""

Revision = tuple[int, int, int]
"""(restatement epoch, committed position, as_of in ms UTC), compared in this order."""


class SinkUnavailable(Exception):
    """The store is away, read-only, full or refuses us; whether the write took place is not known. Try again."""


class Publication(NamedTuple):
    """What one lane publishes for one tenant in one atomic step."""

    tenant: str
    epoch: int
    position: int
    as_of: int  # ms UTC
    documents: Sequence[Document]
    full: bool = False  # these are all the tenant has: documents that are not among them go
    waiting: int = 0  # KPIs some of whose segments are still of before: they come with the next publications

    @property
    def revision(self) -> Revision:
        """What decides whether this publication or the stored one is newer."""
        return self.epoch, self.position, self.as_of


class Update(NamedTuple):
    """One publication as followers see it."""

    id: str  # grows with every publication; hand it back as ``after`` to go on from here
    rev: str  # "epoch.position"
    as_of: int  # ms UTC
    kpis: tuple[str, ...]  # ids that have at least one document in the publication, sorted
    documents: int
    full: bool


class Sink(Protocol):
    """Where numbers go. Every method but ``close`` raises `SinkUnavailable`."""

    async def publish(self, publication: Publication) -> bool:
        """Write all of it at once. False: the store holds a newer revision and nothing was written.

        An equal revision is written again, so a repeated call does no harm.
        """
        ...

    async def revision(self, tenant: str) -> Revision | None:
        """What the store holds now, or None. Missing or lower than last written: publish everything again."""
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

    async def waiting(self, tenant: str) -> int:
        """How many KPIs have segments that are still of before the tenant's revision."""
        ...

    async def snapshot(self, tenant: str, window: str) -> list[dict[str, Any]]:
        """The documents of a window that have no segment, of one revision, sorted by KPI."""
        ...

    async def series(self, tenant: str, kpi: str, first: date, last: date) -> dict[str, dict[str, Any]]:
        """Daily values from ``first`` to ``last`` (local days, both inclusive): bucket start -> value and its parts."""
        ...

    def updates(self, tenant: str, after: str = "$") -> AsyncIterator[Update]:
        """Publications later than the id ``after``, for ever; ``$`` means from now on, ``0`` all that is kept."""
        ...
