"""What the runtime needs of the counting engine: one instance holds the state of one lane and does no IO."""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence, Set
from typing import Any, NamedTuple, Protocol

from models.record import Block
from models.tenants import TenantBook

Entry = tuple[bytes, bytes | None]
"""A changelog entry: a key whose first byte names the table, and a value (None deletes the key)."""


class Conflict(Protocol):
    """An event that reuses an id with different content: it becomes a dead letter."""

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
        """The event as the journal stores it."""
        ...


class Letter(NamedTuple):
    """An event that becomes a dead letter instead of being counted."""

    topic: str
    partition: int
    offset: int
    tenant: str
    row: bytes  # the event as the journal stores it, if it does
    reason: str  # id_conflict, engine_error
    kind: str  # for engine_error: the exception's class
    record: int  # for engine_error: index of its journal record in the batch


class Outcome(Protocol):
    """What a finished batch changed."""

    @property
    def entries(self) -> Sequence[Entry]: ...
    @property
    def conflicts(self) -> Sequence[Conflict]: ...
    @property
    def touched(self) -> Iterable[str]:
        """Tenants whose values may have changed."""
        ...

    @property
    def redefined(self) -> Iterable[str]:
        """Tenants that switched to new cells."""
        ...

    @property
    def failures(self) -> Iterable[tuple[str, str]]:
        """(tenant, cause) of background work that raised."""
        ...

    @property
    def tally(self) -> Mapping[str, int]:
        """How many events were ``late`` or ``duplicates``."""
        ...


class Slice(Protocol):
    """Documents of one tenant at one moment, published in one step."""

    @property
    def tenant(self) -> str: ...
    @property
    def as_of(self) -> int: ...
    @property
    def documents(self) -> list[dict[str, Any]]: ...
    @property
    def kpis(self) -> Sequence[str]:
        """Ids of the KPIs to announce to followers."""
        ...

    @property
    def waiting(self) -> int:
        """How many KPIs have outdated segment documents, which follow later."""
        ...

    @property
    def sweep(self) -> bool:
        """Part of a full set of documents sent in several slices; ``first`` and ``last`` mark its ends."""
        ...

    @property
    def first(self) -> bool: ...
    @property
    def last(self) -> bool: ...
    @property
    def points(self) -> Sequence[tuple[str, str, str, str, dict[str, list[Any]]]]:
        """History points: KPI, step, first and last bucket kept, and the new values by bucket."""
        ...


class Failure(NamedTuple):
    """A tenant whose documents could not be computed, and why."""

    tenant: str
    cause: str


class Composed(Protocol):
    """The documents of one call, and how much is left."""

    @property
    def slices(self) -> Sequence[Slice]: ...
    @property
    def urgent(self) -> bool: ...
    @property
    def more(self) -> bool: ...
    @property
    def settled(self) -> bool:
        """Only histories are left."""
        ...

    @property
    def checked(self) -> int:
        """ms: everything sent is current as of then."""
        ...

    @property
    def failures(self) -> Sequence[tuple[str, str]]:
        """(tenant, cause) in this call."""
        ...

    @property
    def failing(self) -> tuple[str, ...]: ...


class Engine(Protocol):
    """State of one lane. Calls come in this order: load*, restored, (step* | apply*, finish, compose*)*."""

    def load(self, key: bytes, value: bytes | None) -> None:
        """Restore one changelog entry. A later entry with the same key replaces it."""
        ...

    def restored(self) -> Iterable[None]:
        """All entries are loaded: rebuild derived state, one slice a step."""
        ...

    @property
    def pending(self) -> bool:
        """Whether background work waits: redefinition, erasure, entries to delete."""
        ...

    def step(self) -> bool:
        """Run a slice of background work; returns whether more may follow. `finish` reports its changes."""
        ...

    def configure(self, book: TenantBook) -> None:
        """Apply new tenant settings. What they affect is recounted in the background."""
        ...

    def apply(self, block: Block, tenant: str, journal_ts: int, skip: Set[int] = frozenset()) -> None:
        """Apply one journal record (``journal_ts``: its timestamp, ms), in offset order.

        ``skip``: offsets of its quarantined events; they count as refused.
        """
        ...

    @property
    def unapplied(self) -> bool:
        """Whether rows of applied blocks wait: `apply_more` takes some, `finish` the rest."""
        ...

    def apply_more(self) -> None:
        """Take some of the waiting rows."""
        ...

    def finish(self) -> Outcome:
        """End the batch."""
        ...

    def tenants(self) -> Iterable[str]:
        """Every tenant of the lane."""
        ...

    def compose(self, now: int, *, live: bool, enough: Callable[[], bool], only_urgent: bool = False) -> Composed:
        """Documents that may have changed by ``now`` (ms), until ``enough``: tenants with new events first, or, with
        ``only_urgent``, no others. Raises ValueError for an as-of that cannot be answered.
        """
        ...

    def everything(self, tenants: Iterable[str] | None = None) -> None:
        """Resend all documents of tenants (None: of all)."""
        ...

    def ask(self, tenant: str, now: int, asked: Mapping[str, Any]) -> Generator[int, None, dict[str, Any]]:
        """Answer a question about a tenant as of ``now`` (ms), one slice a step, between batches. Changes nothing.

        Raises errors named ``Refused`` for a bad question and ``NotFound`` for an unknown subject.
        """
        ...


EngineFactory = Callable[[], Engine]
