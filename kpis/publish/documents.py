"""From cells to KPI documents: every row of the catalogue, on every window and segment it has."""

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, Final

from kpis.calendar.buckets import Step
from kpis.calendar.window_names import WINDOWS
from kpis.calendar.windows import MINUTE_MS, Window, ceil_minute, window
from kpis.catalog import CATALOG, Kpi, Vector, matches
from kpis.catalog.inputs import INPUTS
from kpis.catalog.kept import Kept, kept
from kpis.cells.cells import AS_OF_QUARTERS
from kpis.cells.measures import LATE
from kpis.cells.segments import EVERYTHING, OTHER
from kpis.formulas.common import Figure, Formula
from kpis.formulas.ranked import Columns, Many, Ranks, order_of, rank_of, segments_with
from kpis.formulas.view import Inputs, View
from kpis.publish.aims import Aims, paced
from kpis.publish.comparison import Comparison, Remembered
from kpis.publish.figures import MONEY, Figures, formula
from kpis.publish.history import Buckets, History, Points
from kpis.publish.instants import instant_text
from kpis.publish.reads import PARTS, ROWS, bits
from kpis.publish.trend import Printed, trend
from kpis.state.tenant_state import TenantState
from kpis.tenant.page_views import PAGED
from kpis.tenant.spend_table import SPENDERS

Document = dict[str, Any]
TABLES: Final = frozenset({PAGED, SPENDERS})  # read beside the cells
LATE_OF: Final = {rows: f"{measure}:" for rows, measure in LATE.items()}  # prefixes of the measures of late events


def documents(state: TenantState, as_of: int, *, live: bool) -> list[Document]:
    """All documents of a tenant at ``as_of`` (ms). Neither what was published nor what is due changes.

    Raises ValueError for a past ``as_of`` (not ``live``) where no pane begins.
    """
    if not live:
        check_as_of(state, as_of)
    board = Board(state, as_of)
    return [document for kpi in CATALOG for document in board.documents(kpi)]


def ageing_documents(state: TenantState, as_of: int) -> list[Document]:
    """All documents at ``as_of`` (ms) of rows whose numbers depend on the current time, or that have a pace."""
    board, rows = Board(state, as_of), {row for _, row in paced(state.tenant.targets)}
    wanted = (kpi for row, kpi in enumerate(CATALOG) if kpi.ageing or row in rows)
    return [document for kpi in wanted for document in board.documents(kpi)]


def check_as_of(state: TenantState, as_of: int) -> None:
    """Refuse an as-of that the kept panes cannot answer exactly."""
    zone_, newest = state.tenant.zone, state.watermark
    minute, rest = divmod(as_of, MINUTE_MS)
    if newest is None or as_of > newest:
        return
    day = zone_.day(minute)
    midnight = not rest and minute == zone_.midnight(day) and day >= state.tenant.cells.floors["d"]
    recent = not rest and minute % 15 == 0 and as_of >= newest - AS_OF_QUARTERS * MINUTE_MS
    if not midnight and not recent:
        raise ValueError(
            f"as-of {instant_text(as_of)}: must be a midnight in {zone_.name} of the three years before the newest "
            f"event ({instant_text(newest)}), or a quarter hour in the 26 hours before it"
        )


class Board:
    """One tenant at one instant. ``remembered``: past values of earlier boards, of the same cells."""

    def __init__(self, state: TenantState, as_of: int, remembered: Remembered | None = None) -> None:
        self._state = state
        self._as_of = as_of
        self._tenant = state.tenant
        self._cells = state.tenant.cells
        self._settings = state.tenant.settings
        self._kept = kept(self._settings)
        found = (window(name, as_of, self._tenant.zone) for name in self._kept.windows)
        # A window whose start the panes no longer reach gets no document, rather than one that is nearly right.
        self._windows = {at.name: at for at in found if at.start is None or self._cells.reaches(at.start)}
        self._segments = self._by_dimension()
        self._figures = Figures(state)
        self._comparison = Comparison(
            state, self._figures, lambda: self.history, remembered or Remembered(), ceil_minute(as_of)
        )
        self._aims = Aims(self._tenant.targets, self._settings, self._tenant.zone, self._figures.printed)
        self._framed = {name: self._frame(at) for name, at in self._windows.items()}
        self._used: dict[tuple[str, frozenset[str]], dict[str, list[str]]] = {}
        self._columns: dict[int, tuple[Columns, dict[str, int]]] = {}
        self._event_sums: dict[tuple[tuple[str, ...], str, str, tuple[str, ...]], int] = {}

    @property
    def as_of(self) -> int:
        """The instant, ms."""
        return self._as_of

    @property
    def windows(self) -> dict[str, Window]:
        """Windows that have documents."""
        return self._windows

    def documents(self, kpi: Kpi) -> Iterator[Document]:
        """The documents of a KPI."""
        row = ROWS[kpi.id]
        for place in range(len(WINDOWS)):
            yield from self.total(row, place)
        for place in bits(PARTS[row]):
            yield from self.parts(row, place)

    def total(self, row: int, place: int) -> Iterator[Document]:
        """The document without a segment of a row (by number) in a window."""
        kpi, at = CATALOG[row], self._windows.get(WINDOWS[place])
        if at is not None and kpi.whole is not None and at.name in kpi.windows and kpi.id in self._kept.ids:
            yield self._whole(kpi, at)

    def parts(self, row: int, place: int) -> Iterator[Document]:
        """The documents of a row's segments or steps in a window."""
        kpi, at = CATALOG[row], self._windows.get(WINDOWS[place])
        if at is None or kpi.id not in self._kept.ids:
            return
        if kpi.vector is not None and at.name in kpi.windows:
            yield from self._steps(kpi, at, kpi.vector)
        if at.name in kpi.segment_windows:
            yield from self._parts(kpi, at)
        if at.name in kpi.channel_windows:
            yield from self._parts(kpi, at, "channel")

    # --- for single questions, see kpis.query

    @property
    def kept(self) -> Kept:
        """What is counted for the tenant."""
        return self._kept

    def view(self, at: Window, *segments: str, reads: Inputs | None = None) -> View:
        """What formulas read of some segments together."""
        return self._view(at, *segments, reads=reads)

    def dimensions(self, kpi: Kpi) -> dict[str, list[str]]:
        """Dimension -> segments that a KPI can have numbers for."""
        return self._segments_of(kpi)

    def summed(self, kpi: Kpi, at: Window, dimension: str, value: str) -> tuple[str, ...]:
        """The segments that the document of a value adds up: itself, or all that make up `__other__`."""
        if value != OTHER:
            return (f"{dimension}={value}",)
        _, rest = self._capped(kpi, at, dimension, self._segments_of(kpi).get(dimension, []))
        return tuple(rest) or (f"{dimension}={OTHER}",)

    def window_of(self, name: str) -> Window:
        """A window at this instant, whether or not it has documents."""
        return window(name, self._as_of, self._tenant.zone)

    def reaches(self, at: Window) -> bool:
        """Whether the kept panes give exact numbers for a window."""
        return at.start is None or (self._cells.reaches(at.start) and self._cells.reaches(at.end))

    def ever_sent(self, kpi: Kpi) -> bool:
        """Whether a KPI has numbers: a count has, once an event that it matches was sent."""
        return kpi.low_n or self._figures.sent(kpi)

    def largest(self, kpi: Kpi, at: Window, dimension: str, most: int) -> list[str]:
        """The largest segments of a dimension in a window, in order, without `__other__`."""
        first, rest = self._capped(kpi, at, dimension, self._segments_of(kpi).get(dimension, []))
        return [one for one in (*first, *rest) if not one.endswith(f"={OTHER}")][:most]

    def status(self, kpi: Kpi, at: Window, figure: Figure) -> str:
        """Whether a figure can be relied on."""
        return self._figures.status(kpi, at, figure)

    def printed(self, value: Any, money: bool) -> Any:
        """A number as documents print it."""
        return self._figures.printed(value, money)

    def document(self, kpi: Kpi, view: View, segment: dict[str, str], formula: Formula) -> Document:
        """The document of a KPI in a view, as it is or would be published."""
        if not segment:
            return self._whole(kpi, view.window)
        if kpi.vector is not None and kpi.vector.key in segment:
            step = next(one for one in kpi.vector.steps(view) if one.key == segment[kpi.vector.key])
            return self._document(kpi, view, segment, step.formula(view), step.events)
        return self._document(kpi, view, segment, formula(view))

    @cached_property
    def history(self) -> History:
        """Windows that are over."""
        return History(self._state, self._as_of, self._kept)

    def points(self, row: int, step: Step, wanted: Buckets, enough: Callable[[], bool]) -> tuple[Points, Buckets]:
        """A row's points of a step in some buckets until ``enough``, and the buckets still to be computed."""
        return self.history.points(row, step, wanted, enough)

    def _by_dimension(self) -> dict[str, dict[str, list[str]]]:
        """Kind of rows -> dimension -> segments ever seen in one of its measures."""
        found: dict[str, dict[str, list[str]]] = {}
        by_rows = self._cells.series.segments_by_rows()
        by_rows["page"] = by_rows.get("page", set()) | set(self._tenant.landings.pages.segments())
        if not self._kept.everything and self._kept.wants(SPENDERS):  # else customers have cells in all of them
            by_rows["subject"] = by_rows.get("subject", set()) | self._tenant.spend_table.segments()
        for kind, segments in by_rows.items():
            for segment in sorted(segments):
                found.setdefault(kind, {}).setdefault(segment.partition("=")[0], []).append(segment)
        return found

    def _view(self, at: Window, *segments: str, reads: Inputs | None = None) -> View:
        return self._figures.view(at, *segments, reads=reads)

    def _whole(self, kpi: Kpi, at: Window) -> Document:
        view, figure = self._figures.whole(kpi, at)
        found = self._document(kpi, view, {}, figure)
        if kpi.robots and (excluded := self._event_count(self._figures.events_of(kpi), view, "bot:")):
            found["excluded"] = excluded
        found.update(self._compared(kpi, at, Printed(found["value"], figure.n, *figure[1:3], figure.margin)))
        return found

    def _compared(self, kpi: Kpi, at: Window, now: Printed) -> Document:
        """What a KPI's number in a window is compared with, and whether it has changed."""
        before, _ = self._comparison.windows(at)
        start, end = (None, None) if before is None or before.start is None else (before.start, before.end_ms)
        previous, year_ago = self._comparison.values(ROWS[kpi.id], at)
        found: Document = {
            "previous": previous and previous.value,
            "previous_start": None if start is None else instant_text(start * MINUTE_MS),
            "previous_end": None if end is None else instant_text(end),
            "previous_year": year_ago and year_ago.value,
        }
        for name, past in (("trend", previous), ("trend_year", year_ago)):
            if past and (changed := trend(kpi, now, past, self._settings.low_n)):
                found[name] = changed
        return found

    def _parts(self, kpi: Kpi, at: Window, only: str | None = None) -> Iterator[Document]:
        for dimension, segments in self._segments_of(kpi).items():
            if only not in (None, dimension):
                continue
            first, rest = self._capped(kpi, at, dimension, segments)
            for segment, figure in first.items():
                value = segment.partition("=")[2]
                yield self._document(kpi, self._view(at, segment), {dimension: value}, figure)
            if rest:
                view = self._view(at, *rest)
                yield self._document(kpi, view, {dimension: OTHER}, self._figure(kpi, view))

    def _segments_of(self, kpi: Kpi) -> dict[str, list[str]]:
        """Dimension -> segments that a KPI can have numbers for."""
        bases = INPUTS[kpi.id].bases
        every = self._segments.get(kpi.rows, {})
        if bases & TABLES:
            return every
        key = (kpi.rows, bases)
        if key not in self._used:
            found = ((one, segments_with(self._cells, bases, segments)) for one, segments in every.items())
            self._used[key] = {dimension: segments for dimension, segments in found if segments}
        return self._used[key]

    def _capped(self, kpi: Kpi, at: Window, dimension: str, segments: list[str]) -> tuple[dict[str, Figure], list[str]]:
        """Figures of the largest segments, in order, and the other segments that are not empty."""
        cap, other = self._settings.segment_cap, f"{dimension}={OTHER}"
        found = self._ranks(kpi, at, segments) if len(segments) > cap else None
        figures: dict[str, Figure] = {}
        if found is not None:
            order = [segments[place] for place in order_of(found)]
        else:
            figures = {segment: self._figure(kpi, self._view(at, segment)) for segment in segments}
            order = sorted(
                (s for s in segments if not figures[s].empty),
                key=lambda s: (-figures[s].n, -(figures[s].numerator or 0), s),
            )
        own = [segment for segment in order if segment != other]
        rest = [*own[cap:], *(segment for segment in order if segment == other)]
        first = own[:cap]
        return {one: figures[one] if figures else self._figure(kpi, self._view(at, one)) for one in first}, rest

    def _ranks(self, kpi: Kpi, at: Window, segments: list[str]) -> Ranks | None:
        # The lists of segments live as long as the board does.
        columns, places = self._columns.setdefault(id(segments), ({}, {one: n for n, one in enumerate(segments)}))
        return rank_of(formula(kpi), Many(self._view(at), segments, columns, places))

    def _figure(self, kpi: Kpi, view: View) -> Figure:
        return self._figures.figure(kpi, view)

    def _steps(self, kpi: Kpi, at: Window, vector: Vector) -> Iterator[Document]:
        view = self._view(at, EVERYTHING, reads=INPUTS[kpi.id])
        for step in vector.steps(view):
            figure = step.formula(view)
            if not figure.empty:
                yield self._document(kpi, view, {vector.key: step.key}, figure, step.events)

    def _event_count(self, events: tuple[str, ...], view: View, prefix: str) -> int:
        labels = self._cells.suffixes(prefix, view.segments)
        if not labels:
            return 0
        key = (events, prefix, view.window.name, view.segments)
        found = self._event_sums.get(key)
        if found is None:
            found = self._event_sums[key] = sum(view.flow(prefix + one) for one in labels if matches(events, one))
        return found

    def _document(
        self, kpi: Kpi, view: View, segment: dict[str, str], figure: Figure, events: tuple[str, ...] | None = None
    ) -> Document:
        at, figures = view.window, self._figures
        printed = figures.printed
        rows = kpi.rows if segment and kpi.vector is None else "none"
        late = 0 if kpi.still else self._event_count(events or self._figures.events_of(kpi), view, LATE_OF[rows])
        found: Document = {
            "kpi": kpi.id,
            "window": at.name,
            "segment": segment,
            "title": kpi.title,
            "direction": kpi.direction,
            "value": printed(figure.value, kpi.unit in MONEY),
            "unit": kpi.unit,
            "numerator": printed(figure.numerator, kpi.sides[0]),
            "denominator": printed(figure.denominator, kpi.sides[1]),
            "n": figure.n,
            "status": figures.status(kpi, at, figure),
            "state": "live" if not at.complete else "corrected" if late else "final",
            "late_revised": late,
        }
        found.update(self._framed[at.name])
        self._add_optional(found, kpi, figure)
        self._aims.add(found, kpi, at, figure)
        return found

    def _frame(self, at: Window) -> Document:
        """The fields that all documents of a window share."""
        state = self._state
        start = state.first if at.start is None else at.start * MINUTE_MS
        return {
            "start": instant_text(min(at.end_ms if start is None else start, at.end_ms)),
            "end": instant_text(at.end_ms),
            "tz": self._settings.tz,
            "as_of": instant_text(self._as_of),
            "watermark": None if state.watermark is None else instant_text(state.watermark),
            "definition": state.definition,
        }

    def _add_optional(self, found: Document, kpi: Kpi, figure: Figure) -> None:
        printed = self._figures.printed
        if figure.parts:
            found["parts"] = {k: printed(v, k in kpi.money_parts) for k, v in figure.parts.items()}
        if figure.open is not None:
            found["open"] = figure.open
        if figure.bound is not None:
            found["bound"] = printed(figure.bound, kpi.unit == "money")
        if figure.unpriced:
            found["unpriced"] = figure.unpriced
        if figure.margin is not None:
            found["margin"] = figure.margin
        if kpi.money:
            found["currency"] = self._settings.currency
