"""The contents of the changelog: entries by key, each a group of facts, a link, or the cells of one pane of a segment.

A key is ``<table><tenant>\\0<kind>\\0<name>``: table ``f`` facts, ``i`` identities, ``c`` cells. Values are JSON;
that of cells is the sums by measure. Each measure with a value (``cycle=3``) is an entry of its own, with the measure
as its kind. An entry that became empty is a tombstone.

Cells that were recounted, under other settings or formulas, are of a later *generation*: table ``g``, with its number
before the kind. The tenant's ``meta`` holds the valid generation; entries of any other one come from a redefinition
that did not finish, or from before the last one: they are waste.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

import orjson
from pydantic import ValidationError

from kpis.catalog.kept import kept
from kpis.cells.packs import PackKey
from kpis.facts.priced import Key
from kpis.intake.batch import new_tenant
from kpis.intake.kinds import CODECS, LISTS
from kpis.slices import Work
from kpis.state.definition import counted_with
from kpis.state.tenant_state import REDEFINED, TenantState
from kpis.tenant.chunks import MORE
from kpis.tenant.tenant import Tenant
from models.tenants import TenantSettings

Entry = tuple[bytes, bytes | None]
NUL: Final = b"\0"


def json_bytes(value: Any) -> bytes:
    """A value as JSON. Copied, as the result of ``orjson.dumps`` keeps the kilobytes of its buffer alive."""
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
    """The generation of an entry of cells; None for any other entry."""
    return int(key.split(NUL, 2)[1]) if key[:1] == b"g" else 0 if key[:1] == b"c" else None


def first_generation(key: bytes) -> bytes:
    """The key that an entry of cells has in a state that was never recounted; any other key unchanged."""
    if key[:1] != b"g":
        return key
    tenant, _, rest = key[1:].split(NUL, 2)
    return b"c" + tenant + NUL + rest


def held_generation(meta: bytes) -> int:
    """The valid generation of cells, from a tenant's stored ``meta``."""
    generation: int = (orjson.loads(meta).get(REDEFINED) or (0,))[0]
    return generation


def cell_entries(tenant: Tenant) -> Iterator[Entry]:
    """The cells that changed. What is not consumed stays for the next call; nothing may be counted in between."""
    cells = tenant.cells
    for pack, sums in cells.drain():
        yield cell_key(tenant.name, cells.generation, pack), json_bytes(sums) if sums else None


def fact_entries(tenant: Tenant) -> Iterator[Entry]:
    """Every fact that changed, encoded; clears the changes."""
    for kind, name in tenant.dirty:
        if kind in LISTS:
            yield from list_entries(tenant, kind, name)
        else:  # a tombstone where it was erased
            yield fact_key(tenant.name, kind, *CODECS[kind].text(name)), fact_bytes(tenant, kind, name)
    tenant.dirty.clear()


def list_entries(tenant: Tenant, kind: str, name: str) -> Iterator[Entry]:
    """The changed entries of a list of facts; see kpis.tenant.chunks."""
    for number, value in LISTS[kind].pieces(tenant, kind, name):
        yield chunk_key(tenant.name, kind, name, number), value


def fact_bytes(tenant: Tenant, kind: str, name: Any) -> bytes | None:
    """A fact as it is stored, a list as a whole; None if there is no fact with that name."""
    found = CODECS[kind].encode(tenant, name)
    return None if found is None else json_bytes(found)


def fact_key(tenant: str, kind: str, *name: str) -> bytes:
    """The key of a fact."""
    return _key("i" if kind in ("link", "owner") else "f", tenant, kind, *name)


def chunk_key(tenant: str, kind: str, name: str, number: int) -> bytes:
    """The key of one entry of a list of facts."""
    return fact_key(tenant, kind + MORE, name, str(number)) if number else fact_key(tenant, kind, name)


def state_entries(state: TenantState) -> Iterator[Entry]:
    """Every changed entry kept beside the facts, encoded; clears the changes."""
    name = state.tenant.name
    for kind, origin in state.dirty:
        if kind == "meta":
            yield _key("f", name, "meta", ""), json_bytes(state.meta())
        elif kind == "type":
            yield _key("f", name, "type", origin), b"1"
        elif kind == "priced":
            yield _key("f", name, "priced", *map(str, origin)), json_bytes(state.priced.entry(origin))
        elif kind == "settings":
            yield _key("f", name, "settings", ""), state.tenant.settings.model_dump_json(exclude={"targets"}).encode()
        else:
            topic, partition = origin
            yield _key("f", name, "high", topic, str(partition)), b"%d" % state.highs[origin]
    state.dirty.clear()
    for (day, number), chunk in state.seen.dirty.items():
        yield _key("i", name, "seen", str(day), str(number)), chunk
    state.seen.dirty.clear()


def restore(state: TenantState, entries: dict[bytes, bytes], given: TenantSettings) -> Work:
    """Restore a tenant's stored entries, which are consumed, and rebuild everything that is derived from them.

    ``given``: the current settings. If the cells were counted under others, the tenant goes on with those.
    """
    name = state.tenant.name
    settings = entries.pop(_key("f", name, "settings", ""), None)
    if (meta := entries.pop(_key("f", name, "meta", ""), None)) is not None:
        state.load_meta(orjson.loads(meta))
    counted = _settings_of(state, settings, given)
    state.tenant = new_tenant(name, counted, kept(counted), state.generation)
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
    """The settings the cells were counted under, as far as known."""
    if state.counted in (None, counted_with(given)):
        return given
    if stored is not None:
        try:
            found = TenantSettings.model_validate_json(stored)
        except ValidationError:  # of a build with settings that this one does not know
            pass
        else:
            if found.tz == state.counted_zone.name:  # else an earlier build has recounted since
                return found.model_copy(update={"targets": given.targets})
    # An earlier build did not store them. The days of the cells are in its zone in any case.
    return given.model_copy(update={"tz": state.counted_zone.name})


def load_entry(state: TenantState, key: bytes, value: bytes) -> None:
    """Restore one stored entry."""
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
    elif kind in CODECS:
        CODECS[kind].load(tenant, rest, orjson.loads(value))
    elif (of := kind.removesuffix(MORE)) in LISTS:
        LISTS[of].load_further(tenant, of, rest, orjson.loads(value))
    # A kind that only another build knows is left where it is: that build will need it again.
