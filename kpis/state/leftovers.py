"""What a redefinition leaves behind: stored cells of another generation, and an unused tenant in memory."""

from collections.abc import Iterator
from itertools import chain
from typing import Any, Final

from kpis.slices import Work
from kpis.state.stored import cell_key
from kpis.tenant.tenant import Tenant

LARGE: Final = 100  # a smaller table is freed at once


def stored_cells(tenant: Tenant) -> Iterator[bytes]:
    """The keys of all entries that a tenant's cells may have."""
    for key in tenant.cells.stored():
        yield cell_key(tenant.name, tenant.cells.generation, key)


def dismantle(tenant: Tenant) -> Work:
    """Free the memory of a tenant bit by bit: all at once would block its lane, and reference cycles stay for ever."""
    people = tenant.people
    parts = (
        tenant, tenant.cells, people, tenant.person_sets, people.identity, *people.identity.partitions, tenant.landings,
        tenant.engagement, tenant.ages,
    )  # fmt: skip
    for table in chain.from_iterable(vars(part).values() for part in parts):
        yield from _empty(table)


def _empty(table: Any) -> Work:
    if isinstance(table, dict) and len(table) > LARGE:
        while table:
            table.popitem()
            yield 2
