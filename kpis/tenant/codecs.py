"""How the facts of a tenant are stored: a codec a kind, from facts to plain JSON and back.

A *name* is what ``TenantFacts.dirty`` calls an entry of a kind by: the key in the kind's table, or that and the number
of a part. Stored entries have it as text. JSON is written from plain lists: orjson does not take named tuples.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Generic, Protocol, TypeVar

from kpis.facts.local_days import plain, read
from kpis.tenant.facts import TenantFacts

Fact = TypeVar("Fact")
Held = TypeVar("Held")
NUL: Final = "\0"


class Codec(Protocol):
    """How one kind of facts is stored."""

    def text(self, name: Any) -> Iterable[str]:
        """The parts of a name, as in the key of its entry."""

    def names(self, tenant: TenantFacts) -> Iterable[Any]:
        """The names of all that a tenant has."""

    def encode(self, tenant: TenantFacts, name: Any) -> Any:
        """What is stored under a name, as JSON; None: nothing, or nothing any more."""

    def load(self, tenant: TenantFacts, name: str, stored: Any) -> None:
        """Put a stored entry back."""

    def drop(self, tenant: TenantFacts, name: str) -> None:
        """Take an entry back, while entries are loaded. ValueError: entries of this kind never go."""


def as_it_is(stored: Any) -> Any:
    """What is stored as it is kept."""
    return stored


def as_a_list(fact: Any) -> list[Any]:
    """A named tuple as it is stored."""
    return [*fact]


class KeyedCodec(Generic[Held]):
    """What has one table, by key."""

    def __init__(self, table: Callable[[TenantFacts], dict[str, Held]]) -> None:
        self.table = table

    def text(self, name: str) -> Iterable[str]:
        """The key."""
        return (name,)

    def names(self, tenant: TenantFacts) -> Iterable[str]:
        """All keys."""
        return self.table(tenant)

    def drop(self, tenant: TenantFacts, name: str) -> None:
        """Take back what a key has."""
        self.table(tenant).pop(name, None)


class TableCodec(KeyedCodec[Fact]):
    """One fact a key, an entry each. ``encode`` makes plain JSON of a fact, ``decode`` a fact of that."""

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
        """Put a fact back."""
        self.table(tenant)[name] = self._decode(stored)

    def renew(self, tenant: TenantFacts, kind: str, name: str) -> None:
        """A fact changed or is gone: its entry is written again."""
        tenant.dirty.add((kind, name))


class ListCodec(KeyedCodec[list[Fact]]):
    """A list of facts a key, which only grows: it is stored in pieces (kpis.tenant.chunks).

    ``make`` makes a fact of its stored fields, ``encode`` these of a fact.
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
        """The list as a whole."""
        held = self.table(tenant)
        return [self._encode(fact) for fact in held[name]] if name in held else None

    def pieces(self, tenant: TenantFacts, kind: str, name: str) -> Iterator[tuple[int, bytes | None]]:
        """The entries (number, JSON) of a list that are to be written."""
        return tenant.chunks.dirty(kind, name, self.table(tenant).get(name, ()), self._encode)

    def load(self, tenant: TenantFacts, name: str, stored: Any) -> None:
        """Put a first entry back, or a list that was stored whole."""
        self.table(tenant)[name] = self._read(tenant, stored)

    def load_further(self, tenant: TenantFacts, kind: str, name: str, stored: Any) -> None:
        """Put an entry after the first back: it waits until all are loaded."""
        key, _, number = name.rpartition(NUL)
        tenant.chunks.hold(kind, key, int(number), self._read(tenant, stored))

    def _read(self, tenant: TenantFacts, stored: Any) -> list[Fact]:
        return [self._make(*fields) for fields in stored]

    def renew(self, tenant: TenantFacts, kind: str, name: str) -> None:
        """Facts changed or are gone: the list is written again from its beginning."""
        tenant.renew(kind, name)


class DatedCodec(ListCodec[Fact]):
    """A list whose events may give their date without a time: stored as it is given. ``entity``: as in their types."""

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
