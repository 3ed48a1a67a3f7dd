"""Figures of groups without sums in the cells, such as pairs of segments: from the rows of the members."""

from collections import defaultdict
from collections.abc import Callable, Generator, Hashable
from dataclasses import replace
from typing import Final, Generic, TypeVar, cast

from kpis.calendar.windows import Window
from kpis.catalog import Kpi
from kpis.cells.cells import Cells
from kpis.cells.segments import EVERYTHING
from kpis.formulas.view import Tables, View
from kpis.query.gather import Gatherer
from kpis.query.member_cells import MemberCells, Reach
from kpis.query.rows import Held
from kpis.query.wanted import Wanted
from kpis.state.tenant_state import TenantState

Key = TypeVar("Key", bound=Hashable)
ROW: Final = 1  # units of work


class Groups(Generic[Key]):
    """The rows that a KPI reads in a kind of window, grouped by a key of their segments."""

    def __init__(self, state: TenantState, tables: Tables, held: dict[Key, Held]) -> None:
        self.keys = list(held)
        self._held = held
        self._tables = tables
        self._reach = Reach(state.tenant.cells, state.tenant.sets)

    def view(self, key: Key, window: Window) -> View:
        """What formulas read of one group."""
        cells = cast(Cells, MemberCells(self._reach, self._held.get(key, {})))
        own = replace(self._tables, cells=cells, sums=defaultdict(lambda: defaultdict(dict)))
        return View(own, window, (EVERYTHING,))


def grouped(
    state: TenantState,
    tables: Tables,
    kpi: Kpi,
    window: Window,
    key_of: Callable[[tuple[str, ...]], Key | None],
    *,
    only: bool,
) -> Generator[int, None, Groups[Key]]:
    """Read all members and group their rows. ``key_of``: the group of a set of segments; None: no group.

    ``only``: groups are read in that window only; else in any of its kind.
    """
    tenant = state.tenant
    gathered = Gatherer(tenant, Wanted(kpi, window, None, only=only))
    yield from gathered.gather()
    keys: dict[int, Key | None] = {}
    found: dict[Key, Held] = {}
    for measure, column in gathered.rows.columns.items():
        for minute, change, code in zip(column.minutes, column.changes, column.codes, strict=True):
            if code not in keys:
                keys[code] = key_of(tenant.sets.sets[code])
            key = keys[code]
            if key is not None:
                found.setdefault(key, {}).setdefault(measure, []).append((minute, change, code))
            yield ROW
    return Groups(state, tables, found)


def value_in(segments: tuple[str, ...], dimension: str) -> str | None:
    """The value of a dimension in a set of segments; None: it has none."""
    start = dimension + "="
    return next((one[len(start) :] for one in segments if one.startswith(start)), None)
