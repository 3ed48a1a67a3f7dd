"""Recounts a tenant from its facts beside the live numbers: after a change of its settings, or of the build's formulas.

    copy the facts ─> derive ─> contribute ─> catch up with events taken meanwhile ─> follow ─> switch
         slice by slice, while events go on: first marked as changed, then queued         both count

The new cells are a *generation* of their own and are stored a part at a time, while the old ones stay valid; the switch
is one small batch. After a crash the work simply restarts. Counters of the stream's quality are not derived from facts:
they are carried over as they are at the switch.
"""

from collections import deque
from collections.abc import Iterable
from typing import Any, Final

import orjson

from kpis.calendar.zone import Zone
from kpis.catalog.kept import kept
from kpis.cells.cells import Cells
from kpis.cells.measures import is_counter
from kpis.cells.segments import EVERYTHING
from kpis.cells.table import CARRY
from kpis.intake import batch
from kpis.intake.batch import new_tenant
from kpis.intake.kinds import CODECS, LISTS
from kpis.slices import SLICE, Work, paced
from kpis.state.erasing import MANY_GROUPS, carry_out
from kpis.state.erasure import Plan, treated
from kpis.state.rebuild import contribute, restore
from kpis.state.stored import Entry, fact_bytes, fact_key, list_entries
from kpis.state.tenant_state import TenantState
from models.record import Row
from models.tenants import TenantSettings

# Units of work.
ROW: Final = 70  # per row to count
FACT: Final = 12  # per fact to copy
COMPARED: Final = 30  # per fact to compare
ERASED: Final = 3_000  # per subject to erase
Name = tuple[str, Any]  # kind of fact, name of an entry
FITTED: Final = ("message", "touch", "click")  # kinds whose facts hold segments, in the current dimensions


class Redefinition:
    """A tenant under new settings, which is to replace the one of a state.

    Call `note` with the facts that a batch of the state changed, before they are cleared, then `finish`.
    """

    def __init__(self, state: TenantState, settings: TenantSettings, units: int = SLICE) -> None:
        state.generations += 1
        self._units = units
        self._few = max(1, units // COMPARED)  # facts that are copied or compared in one go
        self.state = state
        self.tenant = new_tenant(state.tenant.name, settings, kept(settings), state.generations)
        self.following = False  # every row is counted in both
        self._ready = False
        self._copied = False
        self._changed: set[Name] = set()  # facts to copy again; once following, to compare
        self._different: dict[Name, Entry] = {}  # facts that differ under the new settings
        self._queue: deque[Row | Plan] = deque()
        self._expired = state.expired_day
        self._slices = paced(self._work(), units)

    # --- while the state goes on

    def take(self, row: Row) -> None:
        """The state took a row."""
        if self.following:
            self._take(row)
        elif self._copied:
            self._queue.append(row)

    def erase(self, plan: Plan) -> None:
        """The state carried an erasure out: repeat it here, or copy the changed facts again."""
        if self.following:
            self._erase(plan)
            if self.tenant.ledger.size > MANY_GROUPS:
                self._end_batch()
        elif self._copied:
            self._queue.append(plan)

    def note(self, dirty: Iterable[Name]) -> None:
        """Facts of the state changed."""
        self._changed.update(dirty)

    def finish(self) -> None:
        """End a batch of the state."""
        if not self.following:
            return
        cells = self.tenant.cells
        self._end_batch()
        if self._expired != self.state.expired_day is not None:
            self._expired = self.state.expired_day
            cells.expire(self._expired * 1440)
        cells.fold()

    def _end_batch(self) -> None:
        batch.finish(self.tenant)
        self._changed |= self.tenant.dirty
        self.tenant.dirty.clear()

    # --- the work

    @property
    def queued(self) -> int:
        """How many rows and erasures are queued to be repeated here."""
        return len(self._queue)

    @property
    def busy(self) -> bool:
        """Whether `step` has work before the next `finish`."""
        return not self._ready or len(self._changed) > self._few

    def step(self) -> None:
        """Do one slice, between batches or within one."""
        next(self._slices)

    def _work(self) -> Work:
        yield from self._copy()
        yield from restore(self.tenant)
        if self._expired is not None:
            self.tenant.cells.set_floors(self._expired * 1440)
        yield from contribute(self.tenant, self.tenant.cells)
        while self._queue:
            self._take_some()
            self._end_batch()
            yield self._units
        self.following = True
        yield from carry_counters(self.state.tenant.cells, self.tenant.cells, self.state.counted_zone)
        while True:
            self._compare(self._few)
            self._ready = len(self._changed) <= self._few
            yield self._units

    def _take_some(self) -> None:
        """Take one slice of the queue."""
        done = 0
        while self._queue and done < self._units:
            one = self._queue.popleft()
            if isinstance(one, Plan):
                self._erase(one)
                done += ERASED
            else:
                self._take(one)
                done += ROW

    def _take(self, row: Row) -> None:
        # Under these settings an erased subject may have had more ids than under those of the state.
        batch.take(self.tenant, *(treated(self.tenant, row) if self.tenant.salt else (row,)))

    def _erase(self, plan: Plan) -> None:
        carry_out(self.tenant, plan.repeated_for(self.tenant))

    def _copy(self) -> Work:
        """Copy all facts as they are stored; those that change meanwhile are copied again."""
        live = self.state.tenant
        for kind, codec in CODECS.items():
            for name in list(codec.names(live)):  # lists are taken whole
                self._take_fact(kind, name)
                yield FACT * len(LISTS[kind].table(live).get(name, ())) if kind in LISTS else FACT
        while len(self._changed) > self._few:
            self._take_fact(*self._changed.pop())
            yield FACT
        for changed in self._changed | live.dirty:
            self._take_fact(*changed)
        # Segments that the new dimensions leave out must leave the store: a restart would bring them back.
        fitted = FITTED if live.traits_read != self.tenant.traits_read else ()
        self._changed = {(kind, name) for kind in fitted for name in CODECS[kind].names(live)}
        self._copied = True

    def _take_fact(self, kind: str, name: Any) -> None:
        stored, codec = fact_bytes(self.state.tenant, kind, name), CODECS[kind]
        text = "\0".join(codec.text(name))
        if stored is None:  # it was erased
            codec.drop(self.tenant, text)
        else:
            codec.load(self.tenant, text, orjson.loads(stored))

    def _compare(self, most: int) -> None:
        """Compare facts that changed since they were copied: settings decide what is kept of some events."""
        for _ in range(min(most, len(self._changed))):
            kind, name = self._changed.pop()
            here = fact_bytes(self.tenant, kind, name)
            if here == fact_bytes(self.state.tenant, kind, name):
                self._different.pop((kind, name), None)
            else:
                key = fact_key(self.tenant.name, kind, *CODECS[kind].text(name))
                self._different[kind, name] = (key, here)

    # --- the switch

    @property
    def complete(self) -> bool:
        """Whether the switch may happen: all but the last changes of its cells are stored. Ask after `finish`."""
        return self._ready and self.tenant.cells.drained and not self.tenant.cells.folding

    def switch(self) -> list[Entry]:
        """Replace the state's tenant; returns the facts that differ. The last changed cells must be stored now, too."""
        before, tenant = self.state.tenant, self.tenant
        deque(carry_counters(before.cells, tenant.cells, self.state.counted_zone), maxlen=0)
        self._compare(len(self._changed))
        tenant.chunks.go_on(before.chunks)
        entries: list[Entry] = []
        for (kind, name), entry in self._different.items():
            if kind in LISTS:
                tenant.chunks.renew(kind, name)
                entries += list_entries(tenant, kind, name)
            else:
                entries.append(entry)
        self.state.redefine(tenant)
        return entries


def carry_counters(before: Cells, after: Cells, zone: Zone) -> Work:
    """Make the quality counters equal. If the zone changes, days are recomputed from quarter hours, as far as these
    reach: three years, or 80 days of what an earlier release counted.
    """
    moved = after.zone.name != zone.name
    for measure in [name for name in before.series.segments_of if is_counter(name)]:
        levels, held = before.panes_of(measure, EVERYTHING), after.panes_of(measure, EVERYTHING)
        for level, panes in levels.items():
            if level == "d" and moved and "q" in levels:
                panes = moved_days(panes, levels["q"], zone, after.zone)
            after.set_panes(measure, EVERYTHING, level, dict.fromkeys(held.get(level, ()), 0) | panes)
            yield 2 * len(panes)


def moved_days(days: dict[int, int], quarters: dict[int, int], old: Zone, new: Zone) -> dict[int, int]:
    """Day panes in a new zone.

    Days before the oldest quarter hour stay as they were, local days of the old zone. What that quarter hour's old day
    holds beyond its quarter hours goes to the quarter hour's new day, so that sums stay the same.
    """
    fine = {pane: total for pane, total in quarters.items() if pane > CARRY}
    if not fine:
        return dict(days)
    first = min(fine)
    kept = {day: total for day, total in days.items() if day < old.day(first * 15)}
    for quarter, total in fine.items():
        day = new.day(quarter * 15)
        kept[day] = kept.get(day, 0) + total
    day = new.day(first * 15)
    kept[day] = kept.get(day, 0) + sum(days.values()) - sum(kept.values())
    return {day: total for day, total in kept.items() if total}
