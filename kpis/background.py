"""Background work of a lane, a slice at a time beside its events: redefinitions, and cleaning up after them."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, Final, NamedTuple

from kpis.publish.tenants import Tenants
from kpis.slices import Pace, Work, paced
from kpis.state.erasure import Plan
from kpis.state.leftovers import dismantle, stored_cells
from kpis.state.redefined import Redefinition
from kpis.state.stored import Entry, cell_entries
from kpis.state.tenant_state import TenantState
from kpis.tenant.tenant import Tenant
from models.tenants import TenantSettings

DONE: Final = object()


class Failure(NamedTuple):
    """A redefinition that raised: it was abandoned, and the old numbers stay until the settings change again."""

    tenant: str
    error: str  # the exception's class


class Background:
    """The redefinitions of one lane, one after the other, smallest tenants first."""

    def __init__(self, tenants: Tenants, pace: Pace) -> None:
        self._tenants = tenants
        self._pace = pace
        self.failures: list[Failure] = []
        self._waiting: dict[str, TenantSettings] = {}
        self._running: Redefinition | None = None
        self._waste: deque[Iterator[bytes]] = deque()  # keys of stored cells to delete
        self._unused: deque[Iterator[None]] = deque()  # the freeing of unused tenants

    @property
    def pending(self) -> bool:
        """Whether any work waits."""
        return bool(self._waiting or self._running or self._waste or self._unused)

    @property
    def queued(self) -> int:
        """How many rows are queued for a redefinition that has not caught up yet."""
        return self._running.queued if self._running else 0

    def redefining(self, tenant: str) -> Redefinition | None:
        """The redefinition of a tenant, if one is running."""
        return self._running if self._running and self._running.tenant.name == tenant else None

    def plan(self, wanted: dict[str, TenantSettings]) -> None:
        """Redefine these tenants. A running redefinition with other settings is abandoned."""
        self._waiting = dict(wanted)
        if (running := self._running) is None:
            return
        if self._waiting.get(running.tenant.name) == running.tenant.settings:
            del self._waiting[running.tenant.name]
        else:
            self._give_up()

    def erase(self, tenant: str, plan: Plan) -> None:
        """An erasure was carried out in a tenant: repeat it in the one that is to replace it."""
        if (running := self.redefining(tenant)) is not None:
            self._try(partial(running.erase, plan))

    def discard(self, keys: Iterable[bytes]) -> None:
        """Delete stored cells, a part with each batch."""
        self._waste.append(iter(keys))

    # --- steps

    def step(self) -> bool:
        """Do one slice; whether there is another one to do before the next batch ends."""
        if self._running is None and self._waiting:
            name = min(self._waiting, key=self._tenants.size)
            self._begin(self._tenants[name].state, self._waiting.pop(name))
        if self._running is not None and self._running.busy:
            self._try(self._running.step)
        elif self._unused and next(self._unused[0], DONE) is DONE:
            self._unused.popleft()
        return bool(self._unused or (self._running.busy if self._running else self._waiting))

    def _begin(self, state: TenantState, settings: TenantSettings) -> None:
        running = self._running = Redefinition(state, settings, self._pace.units)
        state.follower = lambda row: self._try(partial(running.take, row))

    def _try(self, step: Callable[[], Any]) -> bool:
        """Run a step; if it fails, abandon the redefinition. The old numbers stay."""
        assert self._running is not None
        try:
            step()
        except Exception as error:  # noqa: BLE001 - of any kind: it is reported, and the tenant goes on without
            self.failures.append(Failure(self._running.tenant.name, type(error).__name__))
            self._give_up()
            return False
        return True

    def _give_up(self) -> None:
        assert self._running is not None
        running, self._running = self._running, None
        running.state.follower = None
        self._leave(running.tenant, stored=running.following)

    def _leave(self, tenant: Tenant, *, stored: bool) -> None:
        if stored:
            self._waste.append(_then(stored_cells(tenant), self._unused, dismantle(tenant)))
        else:
            self._unused.append(paced(dismantle(tenant)))

    # --- batches

    def finish(self, entries: list[Entry]) -> str | None:
        """End a batch: add to its entries so far; returns the tenant that was switched, if any."""
        room = _room(entries, self._pace)
        switched = self._finish_running(room, entries) if self._running is not None else None
        while self._waste and len(entries) < room.entries:
            if (key := next(self._waste[0], None)) is None:
                self._waste.popleft()
            else:
                entries.append((key, None))
        return switched

    def _finish_running(self, room: Pace, entries: list[Entry]) -> str | None:
        running = self._running
        assert running is not None
        if not self._try(running.finish) or not running.following:
            return None
        entries += _some(cell_entries(running.tenant), room)
        before = running.state.tenant
        if not running.complete or not self._try(lambda: entries.extend(running.switch())):
            return None
        entries += cell_entries(running.tenant)
        self._running = running.state.follower = None
        self._leave(before, stored=True)
        return running.tenant.name


def _room(entries: list[Entry], pace: Pace) -> Pace:
    # As much as the batch has, and half again: else what is counted in both would never all be stored.
    size = sum(len(key) + len(value or b"") for key, value in entries)
    return Pace(pace.units, max(pace.entries, len(entries) * 3 // 2), max(pace.bytes, size * 3 // 2))


def _some(entries: Iterator[Entry], room: Pace) -> Iterator[Entry]:
    size = number = 0
    while number < room.entries and size < room.bytes and (entry := next(entries, None)) is not None:
        number += 1
        size += len(entry[0]) + len(entry[1] or b"")
        yield entry


def _then(keys: Iterator[bytes], unused: "deque[Iterator[None]]", work: Work) -> Iterator[bytes]:
    yield from keys
    unused.append(paced(work))
