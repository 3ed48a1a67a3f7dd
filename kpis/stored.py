"""What the changelog holds: entries by key, one a group of facts, a link, or the cells of one pane of a segment.

A key is ``<table><tenant>\\0<kind>\\0<name>``: table ``f`` facts, ``i`` identities, ``c`` cells. Values are JSON;
that of cells is the sums by measure. Each measure of a value (``cycle=3``) is an entry of its own, with the measure as
its kind. An entry that came to nothing is a tombstone.

Cells that were counted again, under other settings or formulas, are of a later *generation*: table ``g``, with its
number before the kind. The tenant's ``meta`` says which generation holds; entries of another one are of a redefinition
that did not end, or of before the last one: they are waste.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

import orjson
from pydantic import ValidationError

from kpis.catalog.kept import kept
from kpis.cells.cells import PackKey
from kpis.chunks import MORE
from kpis.facts.emails import NEVER, SLOTS, new_message
from kpis.facts.page_paths import page_by
from kpis.facts.touches import PAGE
from kpis.identity.pseudonyms import pseudonym
from kpis.intake.batch import new_tenant
from kpis.priced import Key
from kpis.published import Published
from kpis.slices import Work
from kpis.state.definition import counted_with
from kpis.tenant.facts import LISTS
from kpis.tenant.tenant import Tenant
from kpis.tenant_state import REDEFINED, TenantState
from models.settings import TenantSettings

Entry = tuple[bytes, bytes | None]
NUL: Final = b"\0"


def json_bytes(value: Any) -> bytes:
    """A value as JSON. It is copied: what ``orjson.dumps`` gives keeps the kilobytes of its buffer while it lives."""
    try:
        return b"%b" % orjson.dumps(value)
    except TypeError:  # a sum beyond 64 bits
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def sums(value: bytes) -> dict[str, int]:
    """Stored sums, exact at any size."""
    found: dict[str, int] = orjson.loads(value)
    return json.loads(value) if any(type(total) is float for total in found.values()) else found


def tenant_of(key: bytes) -> str:
    """The tenant of an entry."""
    return key[1 : key.index(NUL)].decode()


def _key(table: str, *parts: str) -> bytes:
    return (table + "\0".join(parts)).encode()


def cell_key(tenant: str, generation: int, pack: PackKey) -> bytes:
    """The key of cells that are stored together."""
    name, segment, level, pane = pack
    table = f"g{tenant}\0{generation}" if generation else f"c{tenant}"
    return f"{table}\0{name}\0{segment}\0{level}{pane}".encode()


def generation_of(key: bytes) -> int | None:
    """The generation of an entry of cells; None of any other entry."""
    return int(key.split(NUL, 2)[1]) if key[:1] == b"g" else 0 if key[:1] == b"c" else None


def first_generation(key: bytes) -> bytes:
    """The key that an entry of cells has in a state that was never counted again; any other key as it is."""
    if key[:1] != b"g":
        return key
    tenant, _, rest = key[1:].split(NUL, 2)
    return b"c" + tenant + NUL + rest


def held_generation(meta: bytes) -> int:
    """Which generation of cells holds, by a tenant's stored ``meta``."""
    generation: int = (orjson.loads(meta).get(REDEFINED) or (0,))[0]
    return generation


def cell_entries(tenant: Tenant) -> Iterator[Entry]:
    """The cells that changed. Those that nobody takes stay for the next time; nothing may be counted in between."""
    cells = tenant.cells
    for pack, sums in cells.drain():
        yield cell_key(tenant.name, cells.generation, pack), json_bytes(sums) if sums else None


def fact_entries(tenant: Tenant) -> Iterator[Entry]:
    """Every fact that changed, encoded; the changes are forgotten."""
    for kind, name in tenant.dirty:
        shelf = FACTS[kind]
        if kind in LISTS:
            yield from list_entries(tenant, kind, name)
            continue
        value = json_bytes(shelf.read(tenant, name)) if shelf.has(tenant, name) else None  # None: it was erased
        yield fact_key(tenant.name, kind, *shelf.parts(name)), value
    tenant.dirty.clear()


def list_entries(tenant: Tenant, kind: str, name: str) -> Iterator[Entry]:
    """The entries of a list of facts that changed; see kpis.chunks."""
    for number, value in tenant.chunks.dirty(kind, name, LISTS[kind](tenant).get(name, ())):
        yield chunk_key(tenant.name, kind, name, number), value


def fact_bytes(tenant: Tenant, kind: str, name: Any) -> bytes | None:
    """A fact as it is stored, a list as a whole; None when there is none of that name."""
    shelf = FACTS[kind]
    if not shelf.has(tenant, name):
        return None
    return json_bytes(LISTS[kind](tenant)[name] if kind in LISTS else shelf.read(tenant, name))


def fact_key(tenant: str, kind: str, *name: str) -> bytes:
    """The key of a fact."""
    return _key("i" if kind in ("link", "owner") else "f", tenant, kind, *name)


def chunk_key(tenant: str, kind: str, name: str, number: int) -> bytes:
    """The key of one entry of a list of facts."""
    return fact_key(tenant, kind + MORE, name, str(number)) if number else fact_key(tenant, kind, name)


def state_entries(state: TenantState) -> Iterator[Entry]:
    """Of what is kept beside the facts: every entry that changed, encoded; the changes are forgotten."""
    name = state.tenant.name
    for kind, origin in state.dirty:
        if kind == "meta":
            yield _key("f", name, "meta", ""), json_bytes(state.meta())
        elif kind == "type":
            yield _key("f", name, "type", origin), b"1"
        elif kind == "priced":
            yield _key("f", name, "priced", *map(str, origin)), json_bytes(state.priced.entry(origin))
        elif kind == "settings":
            yield _key("f", name, "settings", ""), state.tenant.settings.model_dump_json().encode()
        else:
            topic, partition = origin
            yield _key("f", name, "high", topic, str(partition)), b"%d" % state.highs[origin]
    state.dirty.clear()
    for (day, number), chunk in state.seen.dirty.items():
        yield _key("i", name, "seen", str(day), str(number)), chunk
    state.seen.dirty.clear()


def restore(state: TenantState, entries: dict[bytes, bytes], given: TenantSettings) -> Work:
    """Put a tenant's stored entries back, which are used up, and make everything that is derived from them.

    ``given``: the settings of now. Where the cells were counted under others, the tenant goes on with those.
    """
    name = state.tenant.name
    settings = entries.pop(_key("f", name, "settings", ""), None)
    if (meta := entries.pop(_key("f", name, "meta", ""), None)) is not None:
        state.load_meta(orjson.loads(meta))
    counted = _settings_of(state, settings, given)
    state.tenant = new_tenant(name, counted, kept(counted), state.generation)
    state.published = Published(kept(counted))
    while entries:
        key, value = entries.popitem()
        generation = generation_of(key)
        if generation is None or generation == state.generation:
            load_entry(state, key, value)
        else:
            state.waste.append(key)
            state.generations = max(state.generations, generation)
        yield 5 + len(value) // 50
    yield from state.restore()
    if settings is None:
        state.dirty.add(("settings", None))


def _settings_of(state: TenantState, stored: bytes | None, given: TenantSettings) -> TenantSettings:
    """What the cells were counted under, as far as it is known."""
    if state.counted in (None, counted_with(given)):
        return given
    if stored is not None:
        try:
            found = TenantSettings.model_validate_json(stored)
        except ValidationError:  # of a build with settings that this one does not know
            pass
        else:
            if found.tz == state.counted_zone.name:  # else an earlier build has counted again since
                return found
    # An earlier build did not store them. The days of the cells are in any case those of its zone.
    return given.model_copy(update={"tz": state.counted_zone.name})


def load_entry(state: TenantState, key: bytes, value: bytes) -> None:
    """Put a stored entry back."""
    tenant = state.tenant
    parts = key[1:].decode().split("\0", 3 if key[:1] == b"g" else 2)
    kind, rest = parts[-2:]
    if generation_of(key) is not None:
        segment, _, place = rest.rpartition("\0")
        tenant.cells.load((kind, segment, place[0], int(place[1:])), sums(value))
    elif kind == "seen":
        day, number = rest.split("\0")
        state.seen.hold((int(day), int(number)), value)
    elif kind == "type":
        state.types.add(rest)
    elif kind == "priced":
        currency, quarter, day = rest.split("\0")
        state.priced.load(Key(currency, int(quarter), int(day)), orjson.loads(value))
    elif kind == "high":
        topic, partition = rest.split("\0")
        state.highs[topic, int(partition)] = int(value)
    elif kind in FACTS:  # one that only another build knows is left where it is: that build will need it again
        FACTS[kind].load(tenant, rest, orjson.loads(value))


def _one(name: str) -> tuple[str, ...]:
    return (name,)


def _message(tenant: Tenant, key: str) -> list[Any]:
    message, sets = tenant.messages[key], tenant.sets.sets
    filled = [slot for slot in range(SLOTS) if message[2 * slot] != NEVER]
    return [[slot, message[2 * slot], sets[message[2 * slot + 1]][1:]] for slot in filled]


def _load_message(tenant: Tenant, key: str, stored: list[Any]) -> None:
    message = tenant.messages[key] = new_message()
    for slot, time, segments in stored:
        message[2 * slot], message[2 * slot + 1] = time, tenant.sets.code(tenant.fitted(tuple(segments)))


def _load_link(tenant: Tenant, name: str, stored: list[Any]) -> None:
    one, other = name.split("\0")
    tenant.people.identity.load((one, other), stored)


def _load_rate(tenant: Tenant, name: str, stored: list[Any]) -> None:
    base, quote, day = name.split("\0")
    tenant.rates.set(base, quote, int(day), (stored[0], stored[1], stored[2], stored[3]))


def _load_undated(tenant: Tenant, name: str, stored: list[Any]) -> None:
    base, quote, quarter = name.split("\0")
    word = (stored[0], stored[1], stored[2], stored[3])
    tenant.rates.set_undated(base, quote, int(quarter), tenant.zone.day(int(quarter) * 15), word)


def _piece(name: str) -> tuple[str, int]:
    dimension, _, number = name.rpartition("\0")
    return dimension, int(number)


def _never(tenant: Tenant, name: str) -> None:
    raise ValueError(f"the entry {name} is of a kind that is never taken back")


class Shelf(NamedTuple):
    """How one kind of facts is stored."""

    parts: Callable[[Any], Iterable[str]]  # the name of an entry, as text
    read: Callable[[Tenant, Any], Any]  # an entry as JSON
    load: Callable[[Tenant, str, Any], None]  # put it back
    names: Callable[[Tenant], Iterable[Any]]  # of all entries a tenant has
    has: Callable[[Tenant, Any], bool]  # whether there is such an entry (still)
    drop: Callable[[Tenant, str], Any] = _never  # take an entry back, while entries are loaded


def _table(of: Callable[[Tenant], dict[str, Any]]) -> Shelf:
    """How a plain table of facts is kept: an entry a key."""
    return Shelf(
        _one,
        lambda tenant, key: of(tenant)[key],
        lambda tenant, key, stored: of(tenant).__setitem__(key, stored),
        of,
        lambda tenant, key: key in of(tenant),
        lambda tenant, key: of(tenant).pop(key, None),
    )


def _shelf(name: str) -> Shelf:
    """How a shelf of the tenant is kept."""
    return _table(lambda tenant: getattr(tenant, name))


def _facts_of(name: str) -> Shelf:
    """How the facts of a part of the tenant are kept."""
    return _table(lambda tenant: getattr(tenant, name).facts)


def _first(kind: str) -> Shelf:
    """The first entries of lists; those that were stored whole are in it, too."""
    of = LISTS[kind]
    return _table(of)._replace(read=lambda tenant, name: tenant.chunks.chunk(kind, name, 0, of(tenant)[name]))


def _further(kind: str) -> Shelf:
    """The entries of lists after the first."""
    of = LISTS[kind]

    def load(tenant: Tenant, name: str, stored: list[Any]) -> None:
        whose, _, number = name.rpartition("\0")
        tenant.chunks.hold(kind, whose, int(number), stored)

    return Shelf(
        lambda name: (name[0], str(name[1])),
        lambda tenant, name: tenant.chunks.chunk(kind, name[0], name[1], of(tenant)[name[0]]),
        load,
        lambda tenant: [(name, number) for name in of(tenant) for number in tenant.chunks.numbers(kind, name)[1:]],
        lambda tenant, name: name[0] in of(tenant) and name[1] in tenant.chunks.numbers(kind, name[0]),
    )


def _chunked(
    touches: Callable[[Tenant], dict[str, Any]],
    waiting: Callable[[Tenant], dict[str, dict[int, list[Any]]]],
    fit: Callable[[Tenant, list[Any]], list[Any]] = lambda tenant, stored: stored,
) -> Shelf:
    """How touches are kept: a chunk an entry, which ``waiting`` holds while entries are put back."""

    def load(tenant: Tenant, name: str, stored: list[Any]) -> None:
        raw, _, number = name.rpartition("\0")
        waiting(tenant).setdefault(raw, {})[int(number)] = fit(tenant, stored)

    def drop(tenant: Tenant, name: str) -> None:
        raw, _, number = name.rpartition("\0")
        chunks = waiting(tenant).get(raw, {})
        chunks.pop(int(number), None)
        if not chunks:
            waiting(tenant).pop(raw, None)

    return Shelf(
        lambda name: (name[0], str(name[1])),
        lambda tenant, name: touches(tenant)[name[0]].chunk(name[1]),
        load,
        lambda tenant: [(raw, n) for raw, held in touches(tenant).items() for n in range(held.chunks)],
        lambda tenant, name: name[0] in touches(tenant) and name[1] < touches(tenant)[name[0]].chunks,
        drop,
    )


def _fitted(tenant: Tenant, stored: list[Any]) -> list[Any]:
    """A chunk of touches with its notes in the dimensions of now; sessions and clicks as digests."""

    def fit(packed: int, note: Any) -> Any:
        if isinstance(note, list):
            return tenant.fitted(tuple(note))
        is_session = isinstance(note, str) and packed >> 4 & 0xFF == PAGE
        return pseudonym(tenant.name, note) if is_session else note

    pages = [page if page is None or "\0" not in page else page_by(tenant.name, page) for page in stored[2]]
    return [stored[0], list(map(fit, stored[0], stored[1])), pages]


FACTS: Final[dict[str, Shelf]] = {
    "values": Shelf(
        lambda name: (name[0], str(name[1])),
        lambda tenant, name: tenant.sets.piece(*name),
        lambda tenant, name, stored: tenant.sets.stored.__setitem__(_piece(name), stored),
        lambda tenant: [(one, n) for one in tenant.sets.full for n in range(tenant.sets.pieces(one))],
        lambda tenant, name: name[0] in tenant.sets.full,
        lambda tenant, name: tenant.sets.stored.pop(_piece(name), None),
    ),
    **{kind: _first(kind) for kind in LISTS},
    **{kind + MORE: _further(kind) for kind in LISTS},
    "signup": _shelf("signups"),
    "signin": _shelf("signins"),
    "erased": _shelf("erased"),
    "click": _facts_of("clicks"),
    "form": _facts_of("forms"),
    "message": Shelf(
        _one,
        _message,
        _load_message,
        lambda tenant: tenant.messages,
        lambda tenant, key: key in tenant.messages,
        lambda tenant, key: tenant.messages.pop(key, None),
    ),
    "owner": _table(lambda tenant: tenant.people.owners),
    "attributes": _table(lambda tenant: tenant.people.attributes),
    "touch": _chunked(lambda tenant: tenant.people.touches, lambda tenant: tenant.people.stored_touches, _fitted),
    "marketing": _chunked(lambda tenant: tenant.marketing, lambda tenant: tenant.stored_marketing),
    "contact": _chunked(lambda tenant: tenant.contacts.of, lambda tenant: tenant.contacts.stored),
    "link": Shelf(
        lambda pair: pair,
        lambda tenant, pair: tenant.people.identity.links[pair].encode(),
        _load_link,
        lambda tenant: tenant.people.identity.links,
        lambda tenant, pair: pair in tenant.people.identity.links,
        lambda tenant, name: tenant.people.identity.drop((name.split("\0")[0], name.split("\0")[1])),
    ),
    "rate": Shelf(
        lambda name: (name[0], name[1], str(name[2])),
        lambda tenant, name: tenant.rates.said[name],
        _load_rate,
        lambda tenant: tenant.rates.said,
        lambda tenant, name: name in tenant.rates.said,
    ),
    "rate_undated": Shelf(
        lambda name: (name[0], name[1], str(name[2])),
        lambda tenant, name: tenant.rates.undated[name],
        _load_undated,
        lambda tenant: tenant.rates.undated,
        lambda tenant, name: name in tenant.rates.undated,
    ),
}
