"""What the runtime asks of the counting engine: one instance is all state of one lane, and it does no IO."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol

from models.record import Block
from models.tenants import TenantBook

Entry = tuple[bytes, bytes | None]
"""A changelog entry: a key whose first byte names the table, and a value (None deletes the key)."""


class Conflict(Protocol):
    """An event whose identity was seen with other content: it becomes a dead letter."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def tenant(self) -> str: ...
    @property
    def row(self) -> bytes:
        """The journal's bytes of the event."""
        ...


class Failure(Protocol):
    """A redefinition that raised."""

    @property
    def tenant(self) -> str: ...
    @property
    def error(self) -> str:
        """The exception's class."""
        ...


class Outcome(Protocol):
    """What a finished batch changed."""

    @property
    def entries(self) -> Sequence[Entry]: ...
    @property
    def conflicts(self) -> Sequence[Conflict]: ...
    @property
    def touched(self) -> Iterable[str]:
        """Tenants that may have other values now."""
        ...

    @property
    def redefined(self) -> Iterable[str]:
        """Tenants of which every document is another one now: their settings or formulas changed."""
        ...

    @property
    def failures(self) -> Sequence[Failure]:
        """Redefinitions that were given up; the numbers of before go on."""
        ...


class Engine(Protocol):
    """All state of one lane. Calls come in this order: load*, restored, (apply* | step*, finish, documents*)*."""

    def load(self, key: bytes, value: bytes | None) -> None:
        """Take one changelog entry back. A later one of the same key replaces it."""
        ...

    def restored(self) -> Iterator[None]:
        """All entries are there. To be iterated to its end: each item is a slice of the work."""
        ...

    def configure(self, book: TenantBook) -> None:
        """Other settings of tenants, from now on: what they change is counted again in steps."""
        ...

    @property
    def pending(self) -> bool:
        """Work waits that is done in steps beside the events, and stored by ``finish``, part by part."""
        ...

    def step(self) -> bool:
        """Do one slice of it; says whether another one may follow before ``finish``."""
        ...

    def apply(self, block: Block, tenant: str, journal_ts: int) -> None:
        """Take one journal record (``journal_ts``: its timestamp, ms), in offset order."""
        ...

    def finish(self) -> Outcome:
        """End the batch."""
        ...

    def tenants(self) -> Iterable[str]:
        """Every tenant of the lane."""
        ...

    def documents(self, tenant: str, as_of: int, *, live: bool, full: bool, parts: int) -> list[dict[str, Any]]:
        """KPI documents at ``as_of`` (ms): all (``full``) or those that changed since the last call.

        ``parts``: about how many of segments at most; the others stay for the next call.
        """
        ...

    def waiting(self, tenant: str) -> int:
        """How many KPIs have documents of segments that stayed."""
        ...


EngineFactory = Callable[[], Engine]
