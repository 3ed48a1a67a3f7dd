"""What changes with the current time alone: panes with content that an edge of a window has passed.

Between two local midnights only a few edges move: the end of every window that is not over, and the starts of the
rolling ones up to 24 hours. A number can change only when something lies in a pane that an edge passed. A change that
is due in the future (a delta) is a pane that the end passes. So no number is computed in vain, and there is no timer.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from kpis.calendar.previous import behind, quarter_after
from kpis.calendar.window_names import MINUTE_WINDOWS, ROLLING, RUNNING
from kpis.calendar.windows import DAY, MINUTE_MS
from kpis.calendar.zone import Zone
from kpis.cells.cells import Cells
from kpis.cells.measures import LATE, YOUNG, base_of
from kpis.formulas.acquisition import MONTH_MINUTES
from kpis.publish.reads import ALL_ROWS, OPEN_WINDOWS, PLACES, Mask, bits, matching
from kpis.state.tenant_state import TenantState
from kpis.tenant.page_views import PAGED
from kpis.tenant.spend_table import SPENDERS
from models.tenants import TenantSettings

LONGEST: Final = 60  # minutes; after a longer gap everything is recomputed
LATES: Final = frozenset({*LATE.values(), "bot"})


class Edge(NamedTuple):
    """How far behind now an edge lies, minutes, and the windows (bits) it belongs to."""

    behind: int
    windows: Mask
    end: bool


def _edges() -> Iterator[Edge]:
    yield Edge(0, OPEN_WINDOWS, end=True)
    for name, width in MINUTE_WINDOWS.items():
        yield Edge(width, 1 << PLACES[name], end=False)
        yield from _edges_before(name, 0)


def _edges_before(name: str, yesterday: int) -> Iterator[Edge]:
    """Edges of the window that a number is compared with."""
    end, start = behind(name, yesterday)
    yield Edge(end, 1 << PLACES[name], end=True)
    if start is not None:
        yield Edge(start, 1 << PLACES[name], end=False)


EDGES: Final = tuple(_edges())
# Behind now: the edges of the costs a month before `24h`, and before the window it is compared with.
LAGGED: Final = (MONTH_MINUTES, MONTH_MINUTES + DAY, MONTH_MINUTES + 2 * DAY)
OWN: Final = frozenset({*ROLLING, YOUNG, *RUNNING.values(), "all"})  # kinds of windows with measures of their own
Due = list[Mask]  # by window: rows


def edges(zone: Zone, minute: int) -> tuple[Edge, ...]:
    """All edges that move on a minute's local day."""
    midnight = zone.midnight(today := zone.day(minute))
    return (*EDGES, *_edges_before("today", midnight - zone.midnight(today - 1)))


def page_edges(settings: TenantSettings) -> tuple[Edge, Edge]:
    """Edges that change a page's numbers: a visitor is open until the conversion window is over, in any window."""
    return EDGES[0], Edge(settings.conversion_days * DAY, OPEN_WINDOWS, end=False)


def next_midnight(zone: Zone, minute: int) -> int:
    """The first minute from this one on at which a local day begins."""
    return zone.midnight(zone.day(minute - 1) + 1)


def own_windows(suffix: str) -> Mask:
    """Windows that read a measure of this kind of window."""
    if suffix in ROLLING or suffix == "all":
        return 1 << PLACES[suffix]
    return sum(1 << PLACES[name] for name, bucket in RUNNING.items() if bucket == suffix)


def is_regular(cells: Cells, end: int) -> bool:
    """Whether minutes are kept at every moving edge; if not, the newest events are far ahead of the clock."""
    return end - MINUTE_WINDOWS["24h"] > cells.floors["m"]


def crossed(state: TenantState, before: int, end: int, rows: dict[str, Mask]) -> Due:
    """Rows by window that may have changed from the minute ``before`` to ``end``, with no event in between.

    ``rows``: what is read -> rows.
    """
    due: Due = [0] * len(PLACES)
    cells, settings = state.tenant.cells, state.tenant.settings
    basis = (settings.revenue_from, tuple(f"crm.{name}" for name in settings.conversion_types))
    moving = edges(state.tenant.zone, end - 1)
    for edge, measure in set(_passed(cells, moving, before, end)):
        base, suffix = base_of(measure), measure.partition("@")[2]
        mask = rows.get(base, 0)
        if base in LATES:
            mask |= matching(measure.partition(":")[2], *basis)
        windows = edge.windows
        if suffix in OWN:
            # Such a measure is read as a level at its window's end; elsewhere only by its whole name.
            windows = windows & own_windows(suffix) if edge.end else 0
            _add(due, edge.windows, rows.get(measure, 0))
        _add(due, windows, mask)
    for edge in page_edges(settings):
        if _pages_passed(state, before - edge.behind, end - edge.behind):
            _add(due, OPEN_WINDOWS, rows.get(PAGED, 0))
    for lag in LAGGED:
        if next_midnight(state.tenant.zone, before - lag) < end - lag:
            _add(due, 1 << PLACES["24h"], rows.get("cost.acquisition", 0))
    if state.tenant.spend_table.newest >= before:
        _add(due, OPEN_WINDOWS, rows.get(SPENDERS, 0))
    for edge in moving[1:]:
        if _since_passed(state, before - edge.behind, end - edge.behind):
            _add(due, edge.windows, rows.get(SPENDERS, 0))
    _first_passed(state, before, end, due)
    return due


def _add(due: Due, windows: Mask, mask: Mask) -> None:
    if mask:
        for place in bits(windows):
            due[place] |= mask


def _passed(cells: Cells, moving: tuple[Edge, ...], before: int, end: int) -> Iterator[tuple[Edge, str]]:
    """Measures with content in the panes that edges passed from ``before`` to ``end`` (both: first excluded minute).

    An edge excludes a minute from its own number on, a quarter hour from its first minute on.
    """
    minutes = [(edge, minute) for edge in moving for minute in range(before - edge.behind, end - edge.behind)]
    # All edges lie whole quarter hours apart, so they pass quarter hours together.
    started = [minute // 15 for minute in range(before, end) if minute % 15 == 0]
    quarters = [(edge, quarter - edge.behind // 15) for edge in moving for quarter in started]
    for level, panes in (("m", minutes), ("q", quarters)):
        for edge, pane in panes:
            yield from ((edge, measure) for measure in cells.measures_in(level, pane))


def _since_passed(state: TenantState, low: int, high: int) -> bool:
    """Whether a customer's start lies in minutes [low, high), or in a quarter hour that begins in them."""
    since = state.tenant.spend_table.next_since
    quarter = quarter_after(low)
    return since(low) < high or (quarter < high and since(quarter) < (high - 1) // 15 * 15 + 15)


def _pages_passed(state: TenantState, low: int, high: int) -> bool:
    """Whether a view of a page lies in minutes [low, high), or in a quarter hour that begins in them."""
    minutes = state.tenant.landings.pages.minutes()
    last = (high - 1) // 15 * 15  # the last quarter hour that begins before ``high``
    low, high = -(-low // 15) * 15 if last >= low else low, max(high, last + 15)
    return bool(np.searchsorted(minutes, low) < np.searchsorted(minutes, high))


def _first_passed(state: TenantState, before: int, end: int, due: Due) -> None:
    for name, minute in whole_from(state):
        if before < minute <= end:
            due[PLACES[name]] = ALL_ROWS


def whole_from(state: TenantState) -> Iterator[tuple[str, int]]:
    """Windows with the minute from which they are no longer partial: a rolling one is until its first event."""
    if state.first is None:
        return
    first = -(-state.first // MINUTE_MS)
    for name, width in MINUTE_WINDOWS.items():
        yield name, first + width
        # And from where the window before is whole, too: that of a day ends at a quarter hour.
        yield name, first + 2 * width if width < DAY else quarter_after(first + DAY) - 14 + DAY
