"""Which documents of a tenant may have changed, and which cannot have: decided without computing any."""

from typing import Any, Final
from zlib import crc32

from kpis.calendar.buckets import NAMES, STEPS, bucket_of, following, last_closed
from kpis.calendar.previous import FINE
from kpis.calendar.window_names import WINDOWS
from kpis.calendar.windows import DAY, MINUTE_MS, ceil_minute, window
from kpis.cells.cells import EVER
from kpis.cells.measures import base_of
from kpis.publish.aims import paced
from kpis.publish.comparison import kind_of, reaches_back
from kpis.publish.crossing import LATES, LONGEST, OWN, crossed, is_regular
from kpis.publish.published import Published, PublishedTenant
from kpis.publish.reads import (
    AGEING,
    ALL_ROWS,
    LEAKS,
    LIFETIME,
    OPEN_WINDOWS,
    PLACES,
    READERS,
    ROWS,
    Mask,
    bits,
    matching,
)
from kpis.state.tenant_state import TenantState
from kpis.tenant.spend_table import NEVER, SPENDERS

LIVE: Final = 15  # minutes after its last event for which a tenant's ages are computed each minute,
HOUR: Final = 60  # else each hour
HOURS: Final = NAMES.index("hour")  # the step that does not wake an idle tenant: see next_due


def schedule(one: PublishedTenant, as_of: int) -> None:
    """Mark what may have changed since the last call, by events or by time; ``as_of``: ms.

    When the local day changes, and for tenants with events once an hour, everything is resent.
    """
    state, memory = one.state, one.memory
    cells, zone = state.tenant.cells, state.tenant.zone
    end, offset = ceil_minute(as_of), _offset(state)
    before, today = memory.minute, (zone.day((as_of - 1) // MINUTE_MS), zone.day(as_of // MINUTE_MS))
    attributes = (state.first, len(state.types), state.tenant.rates.version, state.definition)
    _note_history(one, end, today, attributes)
    _note_reach(memory, reaches_back(cells, end))
    if cells.touched:
        memory.touched_at, memory.board = end, None
    _note_targets(one)
    if before != end:
        memory.board = None
    if before is None or today != memory.today or (_turn(before, end, offset) and end - memory.touched_at <= HOUR):
        memory.everything()
    elif (
        attributes != memory.attributes
        or cells is not memory.cells
        or not 0 <= end - before <= LONGEST
        or (end > before and not is_regular(cells, end))
    ):
        memory.all_rows()
    else:
        _add_touched(one, as_of, READERS)
        if end > before:
            for place, due in enumerate(crossed(state, before, end, READERS)):
                if due:
                    memory.add(place, due)
        _add_ageing(one, end, offset)
    cells.touched.clear()
    state.tenant.spend_table.changed.clear()
    memory.minute, memory.today, memory.attributes, memory.cells = end, today, attributes, cells


def _note_targets(one: PublishedTenant) -> None:
    """Changed targets affect their documents; those of the funnel also the leak point, in all windows and histories."""
    memory, changed = one.memory, one.state.tenant.targets.changed
    for key in changed:
        kpi, window, _ = key.split("\0", 2)
        if kpi in ROWS and window in PLACES:
            memory.add(PLACES[window], 1 << ROWS[kpi])
        if kpi == "sales_funnel":
            memory.remembered.changed(LEAKS, "", EVER)
            for place in range(len(PLACES)):
                memory.add(place, LEAKS)
            for place in range(len(STEPS)):
                memory.add_points(place, LEAKS, EVER)
    if changed:
        memory.board = None
        changed.clear()


def _offset(state: TenantState) -> int:
    """The minute at which a tenant's hour begins: spread over tenants."""
    return crc32(state.tenant.name.encode()) % HOUR


def _turn(before: int, end: int, offset: int) -> bool:
    """Whether an hour begins."""
    return (before + offset) // HOUR != (end + offset) // HOUR


def next_turn(state: TenantState, before: int) -> int:
    """The minute at which an hour begins next."""
    offset = _offset(state)
    return ((before + offset) // HOUR + 1) * HOUR - offset


def _add_touched(one: PublishedTenant, as_of: int, rows: dict[str, Mask]) -> None:
    """A change at a minute affects the windows that end after it; numbers of a lifetime see all changes."""
    tenant = one.state.tenant
    touched, settings = tenant.cells.touched, tenant.settings
    if not touched:
        return
    basis = (settings.revenue_from, tuple(f"crm.{name}" for name in settings.conversion_types))
    since: dict[Mask, int] = {}
    for measure, minute in touched.items():
        base = base_of(measure)
        mask = rows.get(base, 0) | rows.get(measure, 0)
        if base in LATES:
            mask |= matching(measure.partition(":")[2], *basis)
        since[mask] = min(minute, since.get(mask, minute))
    # Read by quarter hours, a window that ends inside one holds all of it.
    ends = [window(name, as_of, tenant.zone).end_quarter * 15 for name in WINDOWS]
    for mask, minute in since.items():
        for place, end in enumerate(ends):
            if found := mask if minute < end else mask & LIFETIME:
                one.memory.add(place, found)


def _note_history(one: PublishedTenant, end: int, today: tuple[int, int], attributes: tuple[Any, ...]) -> None:
    """A change at a minute affects its own hour, day, week and month, and all later ones that are over.

    Past buckets do not depend on the current time: apart from the one that ends now, they are recomputed only when they
    change.
    """
    state, memory = one.state, one.memory
    cells, zone, history = state.tenant.cells, state.tenant.zone, memory.history
    before, closed = memory.minute, [last_closed(step, end - 1, zone) for step in STEPS]
    if before is None or history.closed is None or attributes != memory.attributes or cells is not memory.cells:
        memory.all_points()
        memory.remembered.clear()
        history.closed = closed
        return
    if SPENDERS in cells.touched:
        _note_spenders(one, closed)
    for (mask, kind), minute in _read_since(cells.touched).items():
        memory.remembered.changed(mask, kind, minute)
        for place, step in enumerate(STEPS):
            if (
                kind in ("", kind_of(step.window))
                and (bucket := EVER if minute == EVER else bucket_of(step, minute, zone)) <= closed[place]
            ):
                memory.add_points(place, mask, bucket)
    touched_at = end if cells.touched else memory.touched_at
    hours = today != memory.today or end - touched_at <= HOUR
    hours = hours or (_turn(before, end, _offset(state)) and end - touched_at <= DAY)
    for place, step in enumerate(STEPS):
        was, now = history.closed[place], closed[place]
        # When the clock has gone back, points that end after it are removed.
        if was != now and (hours or place != HOURS):
            memory.add_points(place, ALL_ROWS, min(now, following(step, was)))
            history.closed[place] = now


def _note_spenders(one: PublishedTenant, closed: list[int]) -> None:
    """A customer's revenue, whenever it comes, counts in the bucket when they became a customer, and in no other."""
    tenant, rows = one.state.tenant, READERS[SPENDERS]
    one.memory.remembered.changed(rows, "", EVER)
    for place, step in enumerate(STEPS):
        found = {bucket_of(step, minute, tenant.zone) for minute in tenant.spend_table.changed if minute < NEVER}
        single = {bucket for bucket in found if bucket <= closed[place]}
        if single:
            one.memory.add_single(place, rows, single)


def _note_reach(memory: Published, reaches: bool) -> None:
    """Windows of up to a day are compared with the one before only where its panes are kept."""
    if reaches != memory.reaches:
        memory.reaches = reaches
        for name in FINE:
            memory.add(PLACES[name], ALL_ROWS)


def _read_since(touched: dict[str, int]) -> dict[tuple[Mask, str], int]:
    """Rows that read what has changed, and in which kind of windows (empty: all) -> since which minute."""
    since: dict[tuple[Mask, str], int] = {}
    for measure, minute in touched.items():
        if measure == SPENDERS:
            continue  # see _note_spenders
        suffix = measure.partition("@")[2]
        kind = suffix if suffix in OWN else ""
        # A measure kept per kind of window is read in windows of this kind; elsewhere only by its whole name.
        for found in ((READERS.get(base_of(measure), 0), kind), (READERS.get(measure, 0) if kind else 0, "")):
            if found[0]:
                since[found] = min(minute, since.get(found, minute))
    return since


def _add_ageing(one: PublishedTenant, end: int, offset: int) -> None:
    memory = one.memory
    rows, aims = AGEING & ~memory.resting, set(paced(one.state.tenant.targets))
    live = end - memory.touched_at <= LIVE
    if (rows or aims) and (memory.ageing_at != end if live else _turn(memory.ageing_at, end, offset)):
        memory.ageing_at = end
        for place in bits(OPEN_WINDOWS):
            memory.add(place, rows)
        for place, row in aims:
            memory.add(place, 1 << row)
