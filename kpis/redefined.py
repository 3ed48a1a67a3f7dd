"""A tenant's cells made again from its facts: after a change of its settings, or of the formulas of the build.

All facts are taken as they would be stored and put into a fresh tenant with the new settings. What they contribute
there are the new cells; the difference to the old ones is what is to be stored. Counters of the stream's quality are
no facts: they stay.
"""

from collections.abc import Iterator
from typing import Any

import orjson

from kpis.cells import Cells
from kpis.derived import contribution
from kpis.quality import is_counter
from kpis.series import CARRY
from kpis.stored import FACTS, Entry, pack_entry
from kpis.tenant import Tenant
from kpis.tenant_state import TenantState
from kpis.zone import Zone
from models.settings import TenantSettings

Fact = tuple[str, str, Any]  # kind, name, as stored


def facts_of(tenant: Tenant) -> Iterator[Fact]:
    """Every fact of a tenant as it is stored."""
    for kind, shelf in FACTS.items():
        for name in list(shelf.names(tenant)):
            yield kind, "\0".join(shelf.parts(name)), orjson.loads(orjson.dumps(shelf.read(tenant, name)))


def redefined(state: TenantState, settings: TenantSettings) -> tuple[TenantState, list[Entry]]:
    """A tenant's state under ``settings``, and its cells that differ.

    Everything of ``state`` must be stored already; it is used up.
    """
    tenant = Tenant(state.tenant.name, settings)
    for kind, name, stored in facts_of(state.tenant):
        FACTS[kind].load(tenant, name, stored)
    before, zone = state.tenant.cells, state.counted_zone
    state.replace(tenant)
    cells = tenant.cells
    cells.apply(contribution(tenant), tenant.sets)
    keep_counters(before, cells, zone)
    for _ in cells.drain():
        pass
    return state, list(_changes(tenant.name, before, cells))


def _changes(name: str, before: Cells, after: Cells) -> Iterator[Entry]:
    old, new = dict(before.packs()), dict(after.packs())
    for pack in old.keys() | new.keys():
        if old.get(pack) != new.get(pack):
            yield pack_entry(name, pack, new.get(pack, {}))


def keep_counters(before: Cells, after: Cells, zone: Zone) -> None:
    """Take the quality counters over; in another zone days are those of the quarter hours, as far as these reach."""
    for (measure, segment), levels in before.series.items():
        if not is_counter(measure):
            continue
        for level, series in levels.items():
            panes = series.panes
            if level == "d" and after.zone.name != zone.name and "q" in levels:
                panes = moved_days(panes, levels["q"].panes, zone, after.zone)
            for pane, total in panes.items():
                after.put((measure, segment, level, pane), total)


def moved_days(days: dict[int, int], quarters: dict[int, int], old: Zone, new: Zone) -> dict[int, int]:
    """Day panes in a new zone.

    Days before the oldest quarter hour stay as they were, local days of the old zone; what its own old day has more
    than its quarter hours say goes to the new day of that quarter hour, so that sums stay.
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
