"""What the runtime asks of the counting engine: one instance is all state of one lane, and it does no IO."""

from collections.abc import Callable, Iterable, Sequence, Set
from typing import Any, NamedTuple, Protocol

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


class Letter(NamedTuple):
    """An event that was not counted and becomes a dead letter."""

    topic: str
    partition: int
    offset: int
    tenant: str
    row: bytes  # the journal's bytes of the event, where it has some
    reason: str  # id_conflict, engine_error
    kind: str  # of an engine_error: the exception's class
    record: int  # of an engine_error: which journal record of the batch it came in


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


class Engine(Protocol):
    """All state of one lane. Calls come in this order: load*, restored, (step* | apply*, finish, documents*)*."""

    def load(self, key: bytes, value: bytes | None) -> None:
        """Take one changelog entry back. A later one of the same key replaces it."""
        ...

    def restored(self) -> Iterable[None] | None:
        """All entries are there: make what is derived, a slice a step."""
        ...

    @property
    def pending(self) -> bool:
        """Whether background work waits: redefinition, erasure, entries that are to go."""
        ...

    def step(self) -> None:
        """Do a slice of it. What it changes comes with the next `finish`."""
        ...

    def configure(self, book: TenantBook) -> None:
        """Other settings of tenants, from now on; what they change is counted again in the background."""
        ...

    def apply(self, block: Block, tenant: str, journal_ts: int, skip: Set[int] = frozenset()) -> None:
        """Take one journal record (``journal_ts``: its timestamp, ms), in offset order.

        ``skip``: offsets of its events that are in quarantine; they count as refused.
        """
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
