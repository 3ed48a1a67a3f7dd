"""A KPI over time: its number in every hour, local day, week or month of a range, in total or by segment."""

from collections.abc import Callable, Generator
from typing import Any, Final

from kpis.calendar.windows import MINUTE_MS, Window
from kpis.catalog import Kpi
from kpis.catalog.inputs import INPUTS
from kpis.cells.declared import DECLARED
from kpis.cells.segments import EVERYTHING, OTHER
from kpis.formulas.view import View
from kpis.publish.documents import Board
from kpis.publish.figures import MONEY, UNKNOWN
from kpis.publish.instants import instant_text
from kpis.query.buckets import CLOSED, RUNNING, Bucket, buckets
from kpis.query.groups import grouped, value_in
from kpis.query.question import Refused, kpi_named, segment_of
from kpis.query.readings import LISTED, WHOLE
from kpis.state.tenant_state import TenantState

SEGMENTS: Final = 50  # lines of a series by a dimension
FIGURE: Final = 60  # units of work
NO_POINT: Final = (None, 0, None)
Reader = Callable[[str, Window], View]
"""What formulas read of a segment (by name) in a window."""


def series(
    state: TenantState,
    as_of: int,
    kpi: Any,
    step: Any,
    first: Any,
    last: Any,
    segment: Any = None,
    dimension: Any = None,
) -> Generator[int, None, dict[str, Any]]:
    """One line of a total or a segment, or one for each of the largest values of a dimension. Raises `Refused`."""
    one, given, board = kpi_named(kpi), segment_of(segment), Board(state, as_of)
    if one.id not in board.kept.ids:
        raise Refused(f"{one.id} is not counted for this tenant: see its setting kpis")
    found = buckets(one, step, first, last, as_of, state.tenant.zone)
    if CLOSED[step] not in board.kept.windows:
        raise Refused(f"no series by {step} is counted for this tenant: its setting windows lacks {CLOSED[step]}")
    lines = _lines(board, one, given, dimension)
    reader = yield from _reader(state, board, one, step, lines)
    drawn = []
    for name, shown in lines.items():
        points = []
        for bucket in found:
            points.append(_point(state, board, one, bucket, reader, name))
            yield FIGURE
        values, counts, statuses = map(list, zip(*points, strict=True))
        drawn.append({"segment": shown, "values": values, "n": counts, "status": statuses})
    return {
        "kpi": one.id, "step": step, "unit": one.unit, "as_of": instant_text(as_of),
        "buckets": [bucket.text for bucket in found], "series": drawn,
    }  # fmt: skip


def _lines(board: Board, kpi: Kpi, segment: dict[str, str], dimension: Any) -> dict[str, dict[str, str]]:
    """Segment as cells name it -> as the answer gives it."""
    if dimension is None and not segment:
        return {EVERYTHING: {}}
    known = board.dimensions(kpi) if kpi.rows != "none" else {}
    asked = dimension if dimension is not None else next(iter(segment))
    if kpi.id in LISTED:
        raise Refused(f"{kpi.id} has no series by segment")
    if asked not in known:
        raise Refused(f"{kpi.id} has no dimension {asked!r}: use one of {', '.join(sorted(known)) or 'none'}")
    if dimension is None:
        ((name, value),) = segment.items()
        if value == OTHER:
            raise Refused(f"{kpi.id}: {OTHER} adds up other values of {name} in every window, so it has no series")
        return {f"{name}={value}": segment}
    return {one: {asked: one.partition("=")[2]} for one in _largest(board, kpi, asked)}


def _largest(board: Board, kpi: Kpi, dimension: str) -> list[str]:
    """The largest segments of the widest window; unless that is `all`, followed by those of the other windows."""
    counted = [board.windows[one] for one in reversed(kpi.segment_windows) if one in board.windows]
    if not counted:
        raise Refused("no window with segments is counted for this tenant")
    if "all" in kpi.segment_windows:
        return list(board.largest(kpi, counted[0], dimension, SEGMENTS))
    found = (one for at in counted for one in board.largest(kpi, at, dimension, SEGMENTS))
    return list(dict.fromkeys(found))[:SEGMENTS]


def _reader(
    state: TenantState, board: Board, kpi: Kpi, step: str, lines: dict[str, dict[str, str]]
) -> Generator[int, None, Reader]:
    """How lines are read: from the cells, or from the members' rows where such windows have no cells."""
    if EVERYTHING in lines or step == "month" or not _counts_persons(kpi):
        return lambda name, at: board.view(at, name)
    if kpi.rows == "page" or kpi.id in WHOLE:
        raise Refused(f"{kpi.id} has series by segment by month only")
    dimension = next(iter(lines)).partition("=")[0]

    def name_of(segments: tuple[str, ...]) -> str | None:
        value = value_in(segments, dimension)
        name = None if value is None else f"{dimension}={value}"
        return name if name in lines else None

    at = board.window_of(CLOSED[step])
    groups = yield from grouped(state, board.view(at, EVERYTHING).tables, kpi, at, name_of, only=False)
    return groups.view


def _counts_persons(kpi: Kpi) -> bool:
    """Whether a KPI reads measures kept separately for each kind of window."""
    bases = INPUTS[kpi.id].bases
    return any(one.by == "window" and one.name in bases for one in DECLARED)


def _point(
    state: TenantState, board: Board, kpi: Kpi, bucket: Bucket, reader: Reader, name: str
) -> tuple[Any, int | None, str | None]:
    """Value, n and status of a bucket; None where it has not begun, or nothing is counted in it."""
    at = bucket.window
    if at is None or at.start is None or not board.reaches(at) or state.first is None or not _counted(board, kpi, at):
        return None, None, None
    if at.end * MINUTE_MS <= state.first or kpi.whole is None:
        return None, None, None
    figure = kpi.whole(reader(name, at)) if board.ever_sent(kpi) else UNKNOWN
    return board.printed(figure.value, kpi.unit in MONEY), figure.n, board.status(kpi, at, figure)


def _counted(board: Board, kpi: Kpi, at: Window) -> bool:
    """Whether the tenant has numbers for a running bucket's window."""
    return at.complete or at.name not in RUNNING.values() or (at.name in kpi.windows and at.name in board.kept.windows)
