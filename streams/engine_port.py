"""What the runtime asks of the counting engine: one instance is all state of one lane, and it does no IO."""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence, Set
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

    @property
    def redefined(self) -> Iterable[str]:
        """Tenants whose cells were swapped for others."""
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
    """Documents of one tenant and moment, to be published in one step."""

    @property
    def tenant(self) -> str: ...
    @property
    def as_of(self) -> int: ...
    @property
    def documents(self) -> list[dict[str, Any]]: ...
    @property
    def kpis(self) -> Sequence[str]:
        """Ids of which followers are told."""
        ...

    @property
    def waiting(self) -> int:
        """How many KPIs have documents of segments that stayed."""
        ...

    @property
    def sweep(self) -> bool:
        """One of several that hold all documents together, ``first`` and ``last`` of them marked."""
        ...

    @property
    def first(self) -> bool: ...
    @property
    def last(self) -> bool: ...
    @property
    def points(self) -> Sequence[tuple[str, str, str, str, dict[str, list[Any]]]]:
        """Of histories: KPI, step, the first and last bucket that are kept, and by bucket what is new."""
        ...


class Failure(NamedTuple):
    """A tenant whose documents could not be made, and why."""

    tenant: str
    cause: str


class Composed(Protocol):
    """What one call made, and how far all is."""

    @property
    def slices(self) -> Sequence[Slice]: ...
    @property
    def urgent(self) -> bool: ...
    @property
    def more(self) -> bool: ...
    @property
    def settled(self) -> bool:
        """Nothing but histories waits."""
        ...

    @property
    def checked(self) -> int:
        """ms: as of then what was sent is current."""
        ...

    @property
    def failures(self) -> Sequence[tuple[str, str]]:
        """(tenant, cause) of this call."""
        ...

    @property
    def failing(self) -> tuple[str, ...]: ...


class Engine(Protocol):
    """All state of one lane. Calls come in this order: load*, restored, (step* | apply*, finish, compose*)*."""

    def load(self, key: bytes, value: bytes | None) -> None:
        """Take one changelog entry back. A later one of the same key replaces it."""
        ...

    def restored(self) -> Iterable[None]:
        """All entries are there: make what is derived, a slice a step."""
        ...

    @property
    def pending(self) -> bool:
        """Whether background work waits: redefinition, erasure, entries that are to go."""
        ...

    def step(self) -> bool:
        """Do a slice of it; says whether another may follow before `finish`, with which what it changes comes."""
        ...

    def configure(self, book: TenantBook) -> None:
        """Other settings of tenants, from now on; what they change is counted again in the background."""
        ...

    def apply(self, block: Block, tenant: str, journal_ts: int, skip: Set[int] = frozenset()) -> None:
        """Take one journal record (``journal_ts``: its timestamp, ms), in offset order.

        ``skip``: offsets of its events that are in quarantine; they count as refused.
        """
        ...

    @property
    def unapplied(self) -> bool:
        """Whether rows of applied blocks wait: `apply_more` takes some of them, `finish` all that are left."""
        ...

    def apply_more(self) -> None:
        """Take some of the rows that wait."""
        ...

    def finish(self) -> Outcome:
        """End the batch."""
        ...

    def tenants(self) -> Iterable[str]:
        """Every tenant of the lane."""
        ...

    def compose(self, now: int, *, live: bool, enough: Callable[[], bool], only_urgent: bool = False) -> Composed:
        """Documents that may be others at ``now`` (ms) than what was sent, until ``enough``: those of tenants with
        events first, or ``only_urgent``. Raises ValueError for an as-of that cannot be answered.
        """
        ...

    def everything(self, tenants: Iterable[str] | None = None) -> None:
        """All documents of tenants (None: of all) are to be sent anew."""
        ...

    def ask(self, tenant: str, now: int, asked: Mapping[str, Any]) -> Generator[int, None, dict[str, Any]]:
        """Answer a question about a tenant as of ``now`` (ms), a slice a step, between batches: it changes nothing.

        Raises errors named ``Refused`` for a bad question and ``NotFound`` for what nothing is known of.
        """
        ...


EngineFactory = Callable[[], Engine]
