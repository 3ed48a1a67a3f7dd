"""An idle tenant as bytes: a small one is megabytes of objects, and some tens of kilobytes when it is packed.

Nothing of it shows: woken, it is the same objects, made again. The bytes never leave the process, whose codes of
measures, pages and segments they hold.
"""

import pickle
import zlib
from typing import Final

from kpis.calendar.windows import MINUTE_MS
from kpis.cells.cells import EVER
from kpis.publish.next_due import next_due
from kpis.publish.published import PublishedTenant
from kpis.state.tenant_state import TenantState

LARGE: Final = 12_000  # series and touches: a larger tenant takes too long to pack


class Dormant:
    """A packed tenant, and what is asked of it while it sleeps."""

    __slots__ = ("_clean", "_minute", "_packed", "_until", "outdated", "settings", "size", "slept_at", "told")

    def __init__(self, one: PublishedTenant, minute: int | None) -> None:
        state, memory = one.state, one.memory
        memory.board, memory.warm = None, False
        memory.remembered.clear()
        self.slept_at = EVER if minute is None else minute
        self.settings = state.tenant.settings
        self.outdated = state.outdated
        self.size = size_of(state)
        self.told = memory.told  # as `Published.told`
        self._clean, self._minute = memory.clean, memory.minute
        self._until = next_due(one)
        self._packed = zlib.compress(pickle.dumps(one, pickle.HIGHEST_PROTOCOL), 1)

    def wake(self, minute: int | None) -> PublishedTenant:
        """The tenant; as if it had been looked at each minute up to this one, until something was due."""
        one: PublishedTenant = pickle.loads(zlib.decompress(self._packed))
        one.memory.clean, one.memory.minute = self.clean(minute), self._looked_at(minute)
        return one

    def is_due(self, minute: int) -> bool:
        """Whether documents may be others at a minute. They may when the clock has gone back."""
        return self._minute is None or not self._minute <= minute < self._until

    def clean(self, minute: int | None) -> int:
        """As `Published.clean` (ms), of one that is looked at each minute up to this one."""
        at = self._looked_at(minute)
        return self._clean if at in (None, self._minute) else at * MINUTE_MS

    def forget_published(self, minute: int | None) -> None:
        """All of its documents are to be sent anew."""
        self._clean = self.clean(minute)
        self._minute, self._until = None, EVER

    def _looked_at(self, minute: int | None) -> int | None:
        if self._minute is None or minute is None:
            return self._minute
        return max(self._minute, min(minute, self._until - 1))


def size_of(state: TenantState) -> int:
    """Roughly how many objects a tenant is."""
    return len(state.tenant.cells.series) + len(state.tenant.people.touches)


def can_sleep(state: TenantState) -> bool:
    """Whether a tenant may be packed: it is small, and no work goes on in it."""
    tenant = state.tenant
    at_rest = tenant.cells.drained and not (tenant.cells.folding or tenant.ledger.rows or tenant.ledger.size)
    return at_rest and state.follower is None and size_of(state) <= LARGE


def take_apart(state: TenantState) -> None:
    """Break the rings of a tenant's objects: the engine's process does without the collector that would free them."""
    tenant = state.tenant
    people = tenant.people
    for part in (
        state, tenant, tenant.cells, tenant.ledger, tenant.ages, tenant.spend_table, tenant.conversions, tenant.clicks,
        tenant.forms, tenant.landings, tenant.landings.pages, tenant.engagement, tenant.person_sets, people,
        people.identity, *people.identity.partitions,
    ):  # fmt: skip
        vars(part).clear()
