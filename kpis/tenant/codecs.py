"""How the facts of a tenant are stored: one codec per kind, between facts and plain JSON.

A *name* identifies an entry of a kind in ``TenantFacts.dirty``: the key in the kind's table, or the key and the number
of a chunk. Stored entries have it as text. JSON is written from plain lists, as orjson does not take named tuples.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Generic, Protocol, TypeVar

from kpis.facts.local_days import plain, read
from kpis.tenant.facts import TenantFacts

Fact = TypeVar("Fact")
Held = TypeVar("Held")
NUL: Final = "\0"


class Codec(Protocol):
    """How one kind of fact is stored."""

    def text(self, name: Any) -> Iterable[str]:
        """The parts of a name as text, as in the key of its entry."""

    def names(self, tenant: TenantFacts) -> Iterable[Any]:
        """The names of all entries of a tenant."""

    def encode(self, tenant: TenantFacts, name: Any) -> Any:
        """What to store under a name, as JSON; None: no entry, or no longer one."""

    def load(self, tenant: TenantFacts, name: str, stored: Any) -> None:
        """Load a stored entry."""

    def drop(self, tenant: TenantFacts, name: str) -> None:
        """Remove a loaded entry again during a restore. ValueError: entries of this kind are never removed."""


def as_it_is(stored: Any) -> Any:
    """The stored value unchanged."""
    return stored


def as_a_list(fact: Any) -> list[Any]:
    """A named tuple as a list."""
    return [*fact]


class KeyedCodec(Generic[Held]):
    """A codec for a kind with one table, by key."""

    def __init__(self, table: Callable[[TenantFacts], dict[str, Held]]) -> None:
        self.table = table

    def text(self, name: str) -> Iterable[str]:
        """The key."""
        return (name,)

    def names(self, tenant: TenantFacts) -> Iterable[str]:
        """All keys."""
        return self.table(tenant)

    def drop(self, tenant: TenantFacts, name: str) -> None:
        """Remove a key's facts."""
        self.table(tenant).pop(name, None)


class TableCodec(KeyedCodec[Fact]):
    """One fact a key, one entry each. ``encode``: fact -> plain JSON; ``decode``: the reverse."""

    def __init__(
        self,
        table: Callable[[TenantFacts], dict[str, Fact]],
        encode: Callable[[Fact], Any] = as_it_is,
        decode: Callable[[Any], Fact] = as_it_is,
    ) -> None:
        super().__init__(table)
        self._encode, self._decode = encode, decode

    def encode(self, tenant: TenantFacts, name: str) -> Any:
        """The fact as JSON."""
        held = self.table(tenant)
        return self._encode(held[name]) if name in held else None

    def load(self, tenant: TenantFacts, name: str, stored: Any) -> None:
        """Load a fact."""
        self.table(tenant)[name] = self._decode(stored)

    def renew(self, tenant: TenantFacts, kind: str, name: str) -> None:
        """Mark a fact that changed or is gone: its entry is rewritten."""
        tenant.dirty.add((kind, name))


class ListCodec(KeyedCodec[list[Fact]]):
    """A growing list of facts a key, stored in chunks (kpis.tenant.chunks).

    ``make``: stored fields -> fact; ``encode``: fact -> stored fields.
    """

    def __init__(
        self,
        table: Callable[[TenantFacts], dict[str, list[Fact]]],
        make: Callable[..., Fact],
        encode: Callable[[Fact], Any] = as_a_list,
    ) -> None:
        super().__init__(table)
        self._make, self._encode = make, encode

    def encode(self, tenant: TenantFacts, name: str) -> Any:
        """The whole list."""
        held = self.table(tenant)
        return [self._encode(fact) for fact in held[name]] if name in held else None

    def pieces(self, tenant: TenantFacts, kind: str, name: str) -> Iterator[tuple[int, bytes | None]]:
        """The entries (number, JSON) of a list to write."""
        return tenant.chunks.dirty(kind, name, self.table(tenant).get(name, ()), self._encode)

    def load(self, tenant: TenantFacts, name: str, stored: Any) -> None:
        """Load a first entry, or a list that was stored whole."""
        self.table(tenant)[name] = self._read(tenant, stored)

    def load_further(self, tenant: TenantFacts, kind: str, name: str, stored: Any) -> None:
        """Load an entry after the first; it is held until all are loaded."""
        key, _, number = name.rpartition(NUL)
        tenant.chunks.hold(kind, key, int(number), self._read(tenant, stored))

    def _read(self, tenant: TenantFacts, stored: Any) -> list[Fact]:
        return [self._make(*fields) for fields in stored]

    def renew(self, tenant: TenantFacts, kind: str, name: str) -> None:
        """Mark a list whose facts changed or are gone: it is rewritten from the beginning."""
        tenant.renew(kind, name)


class DatedCodec(ListCodec[Fact]):
    """A list of events that may give a date without a time, stored as given. ``entity``: that of the event types."""

    def __init__(
        self,
        entity: str,
        table: Callable[[TenantFacts], dict[str, list[Fact]]],
        make: Callable[..., Fact],
        encode: Callable[[Fact], Any] = as_a_list,
    ) -> None:
        super().__init__(table, make, lambda fact: [plain(value) for value in encode(fact)])
        self._entity = entity

    def _read(self, tenant: TenantFacts, stored: Any) -> list[Fact]:
        return [self._make(*read(self._entity, fields, tenant.zone)) for fields in stored]
