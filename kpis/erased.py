"""Erasure of a subject: the tenant is made again from the facts that are left, in one go."""

from collections.abc import Iterable, Iterator

import orjson

from kpis.cells import Cells
from kpis.derived import contribute
from kpis.erasure import Fact, Plan
from kpis.redefined import carry_counters
from kpis.slices import finish
from kpis.stored import FACTS, Entry, cell_entries, cell_key, fact_entries, fact_key, json_bytes, state_entries
from kpis.tenant import Tenant
from kpis.tenant_state import TenantState
from models.record import Row


def facts_of(tenant: Tenant) -> Iterator[Fact]:
    """Every fact of a tenant as it is stored."""
    for kind, shelf in FACTS.items():
        for name in list(shelf.names(tenant)):
            yield kind, "\0".join(shelf.parts(name)), orjson.loads(orjson.dumps(shelf.read(tenant, name)))


def erase(state: TenantState, request: Row) -> list[Entry]:
    """Carry out an erasure; everything that is to be stored of it and of what came before it."""
    tenant = state.tenant
    tenant.finish()
    entries = [*fact_entries(tenant), *state_entries(state), *cell_entries(tenant)]
    plan = Plan(tenant, request)
    before = list(facts_of(tenant))
    after = [fact for fact in plan.facts(before) if fact[0] != "erased"]
    after += [("erased", key, said) for key, said in plan.remembered(tenant.erased).items()]
    entries += _fact_changes(tenant.name, before, after)
    return entries + _made_again(state, after)


def _made_again(state: TenantState, facts: Iterable[Fact]) -> list[Entry]:
    """A tenant with other facts; its cells that differ."""
    before = state.tenant
    tenant = state.tenant = Tenant(before.name, before.settings, before.cells.generation)
    for kind, name, stored in facts:
        FACTS[kind].load(tenant, name, stored)
    finish(state.restore())
    finish(contribute(tenant, tenant.cells))
    finish(carry_counters(before.cells, tenant.cells, state.counted_zone))
    for _ in tenant.cells.drain():
        pass
    state.dirty.add(("meta", None))
    return list(_changes(tenant, before.cells, tenant.cells))


def _fact_changes(name: str, before: Iterable[Fact], after: Iterable[Fact]) -> Iterator[Entry]:
    old, new = ({fact_key(name, kind, key): stored for kind, key, stored in facts} for facts in (before, after))
    yield from ((key, None) for key in old.keys() - new.keys())
    yield from ((key, json_bytes(stored)) for key, stored in new.items() if old.get(key) != stored)


def _changes(tenant: Tenant, before: Cells, after: Cells) -> Iterator[Entry]:
    old, new = dict(before.packs()), dict(after.packs())
    for pack in old.keys() | new.keys():
        if old.get(pack) != new.get(pack):
            sums = new.get(pack)
            yield cell_key(tenant.name, after.generation, pack), json_bytes(sums) if sums else None
