"""An idle tenant as bytes: even a small one takes megabytes as objects, and some tens of kilobytes when packed.

Packing is invisible to callers: waking restores equal objects. The bytes never leave the process, as they hold its
codes of measures, pages and segments.
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
    """A packed tenant, with what can be read without waking it."""

    __slots__ = ("_clean", "_minute", "_packed", "_until", "composed_at", "outdated", "settings", "size", "slept_at")

    def __init__(self, one: PublishedTenant, minute: int | None) -> None:
        state, memory = one.state, one.memory
        memory.board, memory.warm = None, False
        memory.remembered.clear()
        self.slept_at = EVER if minute is None else minute
        self.settings = state.tenant.settings
        self.outdated = state.outdated
        self.size = size_of(state)
        self.composed_at = memory.composed_at  # as `Published.composed_at`
        self._clean, self._minute = memory.clean, memory.minute
        self._until = next_due(one)
        self._packed = zlib.compress(pickle.dumps(one, pickle.HIGHEST_PROTOCOL), 1)

    def wake(self, minute: int | None) -> PublishedTenant:
        """Unpack the tenant, as if it had been checked each minute up to this one, until something was due."""
        one: PublishedTenant = pickle.loads(zlib.decompress(self._packed))
        one.memory.clean, one.memory.minute = self.clean(minute), self._looked_at(minute)
        return one

    def is_due(self, minute: int) -> bool:
        """Whether documents may have changed by a minute; always true if the clock has gone back."""
        return self._minute is None or not self._minute <= minute < self._until

    def clean(self, minute: int | None) -> int:
        """As `Published.clean` (ms), for a tenant that is checked each minute up to this one."""
        at = self._looked_at(minute)
        return self._clean if at in (None, self._minute) else at * MINUTE_MS

    def forget_published(self, minute: int | None) -> None:
        """Mark all of its documents to be resent."""
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
    """Whether a tenant may be packed: it is small, and no work is running in it."""
    tenant = state.tenant
    at_rest = tenant.cells.drained and not (tenant.cells.folding or tenant.ledger.rows or tenant.ledger.size)
    return at_rest and state.follower is None and size_of(state) <= LARGE


def take_apart(state: TenantState) -> None:
    """Break a tenant's reference cycles: the engine's process runs without the garbage collector."""
    tenant = state.tenant
    people = tenant.people
    for part in (
        state, tenant, tenant.cells, tenant.ledger, tenant.ages, tenant.spend_table, tenant.conversions, tenant.clicks,
        tenant.forms, tenant.landings, tenant.landings.pages, tenant.engagement, tenant.person_sets, people,
        people.identity, *people.identity.partitions,
    ):  # fmt: skip
        vars(part).clear()
