"""Codecs for what is neither a table nor lists of facts: touches, messages, erasures, links, rates, values."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from kpis.facts.emails import new_message
from kpis.facts.erasures import Erased
from kpis.facts.money import Rate
from kpis.facts.page_paths import page_by
from kpis.facts.touches import PAGE, Touches
from kpis.identity.pseudonyms import pseudonym
from kpis.tenant.codecs import NUL
from kpis.tenant.facts import TenantFacts

SALT: Final = ""  # name of the entry with the salt of erasures


class _Numbered:
    """Names that are a key and the number of a chunk."""

    def text(self, name: tuple[str, int]) -> Iterable[str]:
        """The key and the number."""
        return name[0], str(name[1])


class _Kept:
    """Entries that are never removed."""

    def drop(self, tenant: TenantFacts, name: str) -> None:
        """ValueError: never allowed."""
        raise ValueError(f"the entry {name} is of a kind that is never removed")


class TouchCodec(_Numbered):
    """Touches by id, one entry per chunk. ``waiting`` holds the chunks during a restore."""

    def __init__(
        self,
        table: Callable[[TenantFacts], dict[str, Touches]],
        waiting: Callable[[TenantFacts], dict[str, dict[int, list[Any]]]],
        fit: Callable[[TenantFacts, list[Any]], list[Any]] = lambda tenant, stored: stored,
    ) -> None:
        self._table, self._waiting, self._fit = table, waiting, fit

    def names(self, tenant: TenantFacts) -> Iterable[tuple[str, int]]:
        """All chunks."""
        return [(raw, number) for raw, held in self._table(tenant).items() for number in range(held.chunks)]

    def encode(self, tenant: TenantFacts, name: tuple[str, int]) -> Any:
        """A chunk."""
        held = self._table(tenant).get(name[0])
        return held.chunk(name[1]) if held is not None and name[1] < held.chunks else None

    def load(self, tenant: TenantFacts, name: str, stored: Any) -> None:
        """Load a chunk."""
        raw, _, number = name.rpartition(NUL)
        self._waiting(tenant).setdefault(raw, {})[int(number)] = self._fit(tenant, stored)

    def drop(self, tenant: TenantFacts, name: str) -> None:
        """Remove a loaded chunk."""
        raw, _, number = name.rpartition(NUL)
        chunks = self._waiting(tenant).get(raw, {})
        chunks.pop(int(number), None)
        if not chunks:
            self._waiting(tenant).pop(raw, None)


def fitted(tenant: TenantFacts, stored: list[Any]) -> list[Any]:
    """A chunk of touches with notes in the current dimensions, and sessions and clicks as digests."""

    def fit(packed: int, note: Any) -> Any:
        if isinstance(note, list):
            return tenant.fitted(tuple(note))
        is_session = isinstance(note, str) and packed >> 4 & 0xFF == PAGE
        return pseudonym(tenant.name, note) if is_session else note

    pages = [page if page is None or NUL not in page else page_by(tenant.name, page) for page in stored[2]]
    return [stored[0], list(map(fit, stored[0], stored[1])), pages]


class MessageCodec:
    """Messages: each filled slot with its time (ms), its segments, and the latest time if that differs."""

    def text(self, name: str) -> Iterable[str]:
        """The key: a message and its recipient."""
        return (name,)

    def names(self, tenant: TenantFacts) -> Iterable[str]:
        """All messages."""
        return tenant.messages

    def encode(self, tenant: TenantFacts, name: str) -> Any:
        """A message."""
        if (message := tenant.messages.get(name)) is None:
            return None
        sets = tenant.sets.sets
        last = message.last or {}
        return [
            [slot, message.times[slot], sets[message.segments[slot]][1:], *([last[slot]] if slot in last else ())]
            for slot in message.filled
        ]

    def load(self, tenant: TenantFacts, name: str, stored: Any) -> None:
        """Load a message, with its segments in the current dimensions."""
        message = tenant.messages[name] = new_message()
        for slot, time, segments, *latest in stored:
            message.times[slot], message.segments[slot] = time, tenant.sets.code(tenant.fitted(tuple(segments)))
            if latest:
                message.last = {**(message.last or {}), slot: latest[0]}

    def drop(self, tenant: TenantFacts, name: str) -> None:
        """Remove a loaded message."""
        tenant.messages.pop(name, None)


class ErasedCodec:
    """Erasures by the salted hash of an id, and the salt."""

    def text(self, name: str) -> Iterable[str]:
        """The hash."""
        return (name,)

    def names(self, tenant: TenantFacts) -> Iterable[str]:
        """All hashes, and the name of the salt."""
        return [SALT, *tenant.erased] if tenant.salt else []

    def encode(self, tenant: TenantFacts, name: str) -> Any:
        """The erasures of an id."""
        if name == SALT:
            return [tenant.salt] if tenant.salt else None
        return [[*one] for one in tenant.erased[name]] if name in tenant.erased else None

    def load(self, tenant: TenantFacts, name: str, stored: Any) -> None:
        """Load erasures, or the salt."""
        if name == SALT:
            (tenant.salt,) = stored
        else:
            tenant.erased[name] = [Erased(*one) for one in stored]

    def drop(self, tenant: TenantFacts, name: str) -> None:
        """Remove loaded erasures."""
        tenant.erased.pop(name, None)


class LinkCodec:
    """Links: the assertions about a pair of ids."""

    def text(self, name: tuple[str, str]) -> Iterable[str]:
        """Both ids."""
        return name

    def names(self, tenant: TenantFacts) -> Iterable[tuple[str, str]]:
        """All pairs."""
        return tenant.people.identity.links

    def encode(self, tenant: TenantFacts, name: tuple[str, str]) -> Any:
        """A link."""
        link = tenant.people.identity.links.get(name)
        return None if link is None else link.encode()

    def load(self, tenant: TenantFacts, name: str, stored: Any) -> None:
        """Load a link."""
        one, other = name.split(NUL)
        tenant.people.identity.load((one, other), stored)

    def drop(self, tenant: TenantFacts, name: str) -> None:
        """Remove a loaded link."""
        one, other = name.split(NUL)
        tenant.people.identity.drop((one, other))


class RateCodec(_Kept):
    """Exchange rates by local day or, for those without a date (``undated``), by the quarter hour of the event."""

    def __init__(self, *, undated: bool = False) -> None:
        self._undated = undated

    def text(self, name: tuple[str, str, int]) -> Iterable[str]:
        """Base, quote, day or quarter hour."""
        return name[0], name[1], str(name[2])

    def names(self, tenant: TenantFacts) -> Iterable[tuple[str, str, int]]:
        """All rates."""
        return tenant.rates.undated if self._undated else tenant.rates.dated

    def encode(self, tenant: TenantFacts, name: tuple[str, str, int]) -> Any:
        """A rate."""
        found = (tenant.rates.undated if self._undated else tenant.rates.dated).get(name)
        return None if found is None else [*found]

    def load(self, tenant: TenantFacts, name: str, stored: Any) -> None:
        """Load a rate."""
        base, quote, number = name.split(NUL)
        rate = Rate._make(stored)
        if self._undated:
            tenant.rates.set_undated(base, quote, int(number), tenant.zone.day(int(number) * 15), rate)
        else:
            tenant.rates.set(base, quote, int(number), rate)


class ValuesCodec(_Numbered):
    """The values kept for a full dimension, in chunks."""

    def names(self, tenant: TenantFacts) -> Iterable[tuple[str, int]]:
        """All chunks."""
        return [(one, number) for one in tenant.sets.full for number in range(tenant.sets.pieces(one))]

    def encode(self, tenant: TenantFacts, name: tuple[str, int]) -> Any:
        """A chunk of values."""
        return tenant.sets.piece(*name) if name[0] in tenant.sets.full else None

    def load(self, tenant: TenantFacts, name: str, stored: Any) -> None:
        """Load a chunk of values."""
        dimension, _, number = name.rpartition(NUL)
        tenant.sets.stored[dimension, int(number)] = stored

    def drop(self, tenant: TenantFacts, name: str) -> None:
        """Remove a loaded chunk of values."""
        dimension, _, number = name.rpartition(NUL)
        tenant.sets.stored.pop((dimension, int(number)), None)
