"""How the facts of a tenant are stored: a codec a kind, from facts to plain JSON and back.

A *name* is what ``TenantFacts.dirty`` calls an entry of a kind by: the key in the kind's table, or that and the number
of a part. Stored entries have it as text. JSON is written from plain lists: orjson does not take named tuples.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Generic, Protocol, TypeVar

from kpis.facts.conversions import Conversion, decode_click
from kpis.facts.costs import CostEvent
from kpis.facts.crm_records import RecordEvent
from kpis.facts.deals import DealEvent
from kpis.facts.emails import new_message
from kpis.facts.erasures import Erased
from kpis.facts.forms import Form
from kpis.facts.late import LateEvent, decode_late
from kpis.facts.leads import LeadEvent
from kpis.facts.money import Rate
from kpis.facts.nps import Answer
from kpis.facts.orders import OrderEvent
from kpis.facts.page_paths import page_by
from kpis.facts.prices import SubscriptionEvent
from kpis.facts.renewals import RenewalEvent
from kpis.facts.reported import CustomerEvent
from kpis.facts.survey_scores import ScoreFact
from kpis.facts.tickets import TicketEvent
from kpis.facts.touches import PAGE, Touches
from kpis.identity.pseudonyms import pseudonym
from kpis.tenant.facts import TenantFacts

Fact = TypeVar("Fact")
NUL: Final = "\0"
SALT: Final = ""  # names the entry that holds the salt of erasures


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


class _Numbered:
    """Names that are a key and the number of a part."""

    def text(self, name: tuple[str, int]) -> Iterable[str]:
        """The key, the number."""
        return name[0], str(name[1])


class _Kept:
    """Entries that never go."""

    def drop(self, tenant: TenantFacts, name: str) -> None:
        """Refused."""
        raise ValueError(f"the entry {name} is of a kind that is never taken back")


def as_it_is(stored: Any) -> Any:
    """What is stored as it is kept."""
    return stored


def as_a_list(fact: Any) -> list[Any]:
    """A named tuple as it is stored."""
    return [*fact]


class TableCodec(Generic[Fact]):
    """One fact a key, an entry each. ``encode`` makes plain JSON of a fact, ``decode`` a fact of that."""

    def __init__(
        self,
        table: Callable[[TenantFacts], dict[str, Fact]],
        encode: Callable[[Fact], Any] = as_it_is,
        decode: Callable[[Any], Fact] = as_it_is,
    ) -> None:
        self.table = table
        self._encode, self._decode = encode, decode

    def text(self, name: str) -> Iterable[str]:
        """The key."""
        return (name,)

    def names(self, tenant: TenantFacts) -> Iterable[str]:
        """All keys."""
        return self.table(tenant)

    def encode(self, tenant: TenantFacts, name: str) -> Any:
        """The fact as JSON."""
        held = self.table(tenant)
        return self._encode(held[name]) if name in held else None

    def load(self, tenant: TenantFacts, name: str, stored: Any) -> None:
        """Put a fact back."""
        self.table(tenant)[name] = self._decode(stored)

    def drop(self, tenant: TenantFacts, name: str) -> None:
        """Take a fact back."""
        self.table(tenant).pop(name, None)

    def renew(self, tenant: TenantFacts, kind: str, name: str) -> None:
        """A fact changed or is gone: its entry is written again."""
        tenant.dirty.add((kind, name))


class ListCodec(Generic[Fact]):
    """A list of facts a key, which only grows: it is stored in pieces (kpis.chunks)."""

    def __init__(
        self,
        table: Callable[[TenantFacts], dict[str, list[Fact]]],
        encode: Callable[[Fact], Any] = as_a_list,
        decode: Callable[[Any], Fact] = as_it_is,
    ) -> None:
        self.table = table
        self._encode, self._decode = encode, decode

    def text(self, name: str) -> Iterable[str]:
        """The key."""
        return (name,)

    def names(self, tenant: TenantFacts) -> Iterable[str]:
        """All keys."""
        return self.table(tenant)

    def encode(self, tenant: TenantFacts, name: str) -> Any:
        """The list as a whole."""
        held = self.table(tenant)
        return [self._encode(fact) for fact in held[name]] if name in held else None

    def pieces(self, tenant: TenantFacts, kind: str, name: str) -> Iterator[tuple[int, bytes | None]]:
        """The entries (number, JSON) of a list that are to be written."""
        return tenant.chunks.dirty(kind, name, self.table(tenant).get(name, ()), self._encode)

    def load(self, tenant: TenantFacts, name: str, stored: Any) -> None:
        """Put a first entry back, or a list that was stored whole."""
        self.table(tenant)[name] = [self._decode(fact) for fact in stored]

    def load_further(self, tenant: TenantFacts, kind: str, name: str, stored: Any) -> None:
        """Put an entry after the first back: it waits until all are loaded."""
        key, _, number = name.rpartition(NUL)
        tenant.chunks.hold(kind, key, int(number), [self._decode(fact) for fact in stored])

    def drop(self, tenant: TenantFacts, name: str) -> None:
        """Take a list back."""
        self.table(tenant).pop(name, None)

    def renew(self, tenant: TenantFacts, kind: str, name: str) -> None:
        """Facts changed or are gone: the list is written again from its beginning."""
        tenant.renew(kind, name)


class TouchCodec(_Numbered):
    """Touches by id: a chunk an entry. ``waiting`` holds these while entries are put back."""

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
        """Put a chunk back."""
        raw, _, number = name.rpartition(NUL)
        self._waiting(tenant).setdefault(raw, {})[int(number)] = self._fit(tenant, stored)

    def drop(self, tenant: TenantFacts, name: str) -> None:
        """Take a chunk back."""
        raw, _, number = name.rpartition(NUL)
        chunks = self._waiting(tenant).get(raw, {})
        chunks.pop(int(number), None)
        if not chunks:
            self._waiting(tenant).pop(raw, None)


def fitted(tenant: TenantFacts, stored: list[Any]) -> list[Any]:
    """A chunk of touches with its notes in the dimensions of now; sessions and clicks as digests."""

    def fit(packed: int, note: Any) -> Any:
        if isinstance(note, list):
            return tenant.fitted(tuple(note))
        is_session = isinstance(note, str) and packed >> 4 & 0xFF == PAGE
        return pseudonym(tenant.name, note) if is_session else note

    pages = [page if page is None or NUL not in page else page_by(tenant.name, page) for page in stored[2]]
    return [stored[0], list(map(fit, stored[0], stored[1])), pages]


class MessageCodec:
    """Messages: the slots that are filled, each with its time (ms) and segments."""

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
        return [[slot, message.times[slot], sets[message.segments[slot]][1:]] for slot in message.filled]

    def load(self, tenant: TenantFacts, name: str, stored: Any) -> None:
        """Put a message back, with its segments in the dimensions of now."""
        message = tenant.messages[name] = new_message()
        for slot, time, segments in stored:
            message.times[slot], message.segments[slot] = time, tenant.sets.code(tenant.fitted(tuple(segments)))

    def drop(self, tenant: TenantFacts, name: str) -> None:
        """Take a message back."""
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
        """Put erasures back, or the salt."""
        if name == SALT:
            (tenant.salt,) = stored
        else:
            tenant.erased[name] = [Erased(*one) for one in stored]

    def drop(self, tenant: TenantFacts, name: str) -> None:
        """Take erasures back."""
        tenant.erased.pop(name, None)


class LinkCodec:
    """What was said of two ids being one subject."""

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
        """Put a link back."""
        one, other = name.split(NUL)
        tenant.people.identity.load((one, other), stored)

    def drop(self, tenant: TenantFacts, name: str) -> None:
        """Take a link back."""
        one, other = name.split(NUL)
        tenant.people.identity.drop((one, other))


class RateCodec(_Kept):
    """Exchange rates: by local day, or (``undated``) those that name none by the quarter hour they were told in."""

    def __init__(self, *, undated: bool = False) -> None:
        self._undated = undated

    def text(self, name: tuple[str, str, int]) -> Iterable[str]:
        """Base, quote, day or quarter hour."""
        return name[0], name[1], str(name[2])

    def names(self, tenant: TenantFacts) -> Iterable[tuple[str, str, int]]:
        """All rates."""
        return tenant.rates.undated if self._undated else tenant.rates.said

    def encode(self, tenant: TenantFacts, name: tuple[str, str, int]) -> Any:
        """A rate."""
        found = (tenant.rates.undated if self._undated else tenant.rates.said).get(name)
        return None if found is None else [*found]

    def load(self, tenant: TenantFacts, name: str, stored: Any) -> None:
        """Put a rate back."""
        base, quote, number = name.split(NUL)
        rate = Rate._make(stored)
        if self._undated:
            tenant.rates.set_undated(base, quote, int(number), tenant.zone.day(int(number) * 15), rate)
        else:
            tenant.rates.set(base, quote, int(number), rate)


class ValuesCodec(_Numbered):
    """The values that a dimension is full of, in pieces."""

    def names(self, tenant: TenantFacts) -> Iterable[tuple[str, int]]:
        """All pieces."""
        return [(one, number) for one in tenant.sets.full for number in range(tenant.sets.pieces(one))]

    def encode(self, tenant: TenantFacts, name: tuple[str, int]) -> Any:
        """A piece."""
        return tenant.sets.piece(*name) if name[0] in tenant.sets.full else None

    def load(self, tenant: TenantFacts, name: str, stored: Any) -> None:
        """Put a piece back."""
        dimension, _, number = name.rpartition(NUL)
        tenant.sets.stored[dimension, int(number)] = stored

    def drop(self, tenant: TenantFacts, name: str) -> None:
        """Take a piece back."""
        dimension, _, number = name.rpartition(NUL)
        tenant.sets.stored.pop((dimension, int(number)), None)


LISTS: Final[dict[str, ListCodec[Any]]] = {
    "deal": ListCodec(lambda tenant: tenant.deals, DealEvent.encode, lambda stored: DealEvent(*stored)),
    "order": ListCodec(lambda tenant: tenant.orders, decode=OrderEvent._make),
    "subscription": ListCodec(lambda tenant: tenant.subscriptions, decode=SubscriptionEvent._make),
    "contract": ListCodec(lambda tenant: tenant.contracts, decode=RenewalEvent._make),
    "lead": ListCodec(lambda tenant: tenant.leads, decode=LeadEvent._make),
    "customer": ListCodec(lambda tenant: tenant.customers, decode=CustomerEvent._make),
    "answers": ListCodec(lambda tenant: tenant.answers, Answer.encode, lambda stored: Answer(*stored)),
    "scores": ListCodec(lambda tenant: tenant.scores, decode=ScoreFact._make),
    "late": ListCodec(lambda tenant: tenant.late, LateEvent.encode, decode_late),
    "record": ListCodec(lambda tenant: tenant.records, decode=RecordEvent._make),
    "ticket": ListCodec(lambda tenant: tenant.tickets, decode=TicketEvent._make),
    "cost": ListCodec(lambda tenant: tenant.costs, decode=CostEvent._make),
    "conversion": ListCodec(lambda tenant: tenant.conversion_facts, decode=Conversion._make),
}
TABLES: Final[dict[str, TableCodec[Any]]] = {
    "signup": TableCodec(lambda tenant: tenant.signups),
    "signin": TableCodec(lambda tenant: tenant.signins),
    "click": TableCodec(lambda tenant: tenant.click_facts, as_a_list, decode_click),
    "form": TableCodec(lambda tenant: tenant.form_facts, as_a_list, Form._make),
    "owner": TableCodec(lambda tenant: tenant.people.owners),
    "attributes": TableCodec(lambda tenant: tenant.people.attributes),
}
CODECS: Final[dict[str, Codec]] = {
    "values": ValuesCodec(),
    **LISTS,
    **TABLES,
    "erased": ErasedCodec(),
    "message": MessageCodec(),
    "touch": TouchCodec(lambda tenant: tenant.people.touches, lambda tenant: tenant.people.stored_touches, fitted),
    "marketing": TouchCodec(lambda tenant: tenant.marketing, lambda tenant: tenant.stored_marketing),
    "contact": TouchCodec(lambda tenant: tenant.contacts.of, lambda tenant: tenant.contacts.stored),
    "link": LinkCodec(),
    "rate": RateCodec(),
    "rate_undated": RateCodec(undated=True),
}
