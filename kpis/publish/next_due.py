"""The next minute at which the current time alone may change a number: until then an idle tenant needs no check.

The same reasons for which `kpis.publish.schedule` schedules documents, looked up ahead. Too early does no harm; too
late would leave a wrong number published.
"""

from collections.abc import Iterator
from itertools import chain

import numpy as np

from kpis.calendar.previous import REACH
from kpis.calendar.windows import DAY
from kpis.cells.cells import EVER
from kpis.publish.aims import paced
from kpis.publish.comparison import reaches_back
from kpis.publish.crossing import LAGGED, edges, is_regular, next_midnight, page_edges, whole_from
from kpis.publish.published import PublishedTenant
from kpis.publish.reads import AGEING
from kpis.publish.schedule import HOUR, LIVE, next_turn
from kpis.state.tenant_state import TenantState
from kpis.tenant.spend_table import NEVER


def next_due(one: PublishedTenant) -> int:
    """The first minute, after the last one checked, at which documents may change without an event.

    The last minute checked if something is due already; EVER if everything is.
    """
    state, memory = one.state, one.memory
    cells = state.tenant.cells
    if memory.minute is None:
        return EVER
    if memory.due or cells.touched or state.tenant.targets.changed:
        return memory.minute
    following = memory.minute + 1
    if not is_regular(cells, following) or state.tenant.spend_table.newest >= memory.minute:
        return following
    reasons = (_panes, _page_views, _customers, _whole, _reach)
    due = chain(_turns(one, memory.minute), *(reason(state, memory.minute) for reason in reasons))
    return max(following, min(due))


def _turns(one: PublishedTenant, minute: int) -> Iterator[int]:
    """The next local day; and hours, where documents or ages are computed hourly."""
    state, memory = one.state, one.memory
    zone = state.tenant.zone
    assert memory.today is not None, "a tenant that was never looked at"
    before, today = memory.today
    yield minute if before != today else zone.midnight(today + 1)
    yield from (next_midnight(zone, minute - behind) + behind + 1 for behind in LAGGED)
    hour = next_turn(state, minute)
    if hour - memory.touched_at <= DAY:  # hours of the history, too
        yield hour
    over = ((minute - 1) // HOUR + 1) * HOUR + 1
    if over - memory.touched_at <= HOUR:
        yield over
    if AGEING & ~memory.resting or any(paced(state.tenant.targets)):
        yield minute if minute < memory.touched_at + LIVE else next_turn(state, memory.ageing_at)


def _panes(state: TenantState, minute: int) -> Iterator[int]:
    """When an edge of a window passes the next pane with content."""
    for level, width in (("m", 1), ("q", 15)):
        panes = state.tenant.cells.panes(level)
        for edge in edges(state.tenant.zone, minute - 1):
            at = int(np.searchsorted(panes, -(-(minute - edge.behind) // width)))
            if at < len(panes):
                yield int(panes[at]) * width + edge.behind + 1


def _page_views(state: TenantState, minute: int) -> Iterator[int]:
    """When an edge passes the next quarter hour in which a page was viewed."""
    views = state.tenant.landings.pages.minutes()
    for edge in page_edges(state.tenant.settings):
        at = int(np.searchsorted(views, minute - edge.behind))
        if at < len(views):
            yield int(views[at]) // 15 * 15 + edge.behind + 1


def _customers(state: TenantState, minute: int) -> Iterator[int]:
    """When an edge of a window passes the quarter hour in which a subject became a customer."""
    for edge in edges(state.tenant.zone, minute - 1)[1:]:
        if (since := state.tenant.spend_table.next_since(minute - edge.behind)) != NEVER:
            yield since // 15 * 15 + edge.behind + 1


def _reach(state: TenantState, minute: int) -> Iterator[int]:
    """When the windows before those of up to a day become available."""
    if not reaches_back(state.tenant.cells, minute):
        yield (state.tenant.cells.floors["q"] + 1) * 15 + REACH


def _whole(state: TenantState, minute: int) -> Iterator[int]:
    """When a window is no longer partial."""
    return (whole for _, whole in whole_from(state) if whole > minute)
