"""From cells to KPI documents: every row of the catalogue, on every window and segment it has."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final

from kpis.catalog import CATALOG, Kpi, Step, hears
from kpis.catalog.hears import CONVERSIONS
from kpis.cells import EVER, EVERYTHING, OTHER
from kpis.formulas import Figure
from kpis.marks import DAY_MS
from kpis.measures import LATE
from kpis.published import ALL, NEVER
from kpis.tenant_state import TenantState
from kpis.view import Sums, View
from kpis.windows import MINUTE_MS, WINDOWS, Window, window
from models.money import digits

Document = dict[str, Any]
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
QUARTERS_BACK_MS: Final = 48 * DAY_MS


@lru_cache(maxsize=4096)
def instant_text(instant: int) -> str:
    """RFC 3339 in UTC with milliseconds."""
    return (EPOCH + timedelta(milliseconds=instant)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def documents(state: TenantState, as_of: int, *, live: bool, full: bool, parts: int = ALL) -> list[Document]:
    """All documents of a tenant at ``as_of`` (ms); with not ``full`` those that changed since they were last asked for,
    and all of another minute.

    ``parts``: about how many of segments; the others stay for the next time. Raises ValueError when a past ``as_of``
    (not ``live``) lies where no pane begins.
    """
    if not live:
        check_as_of(state, as_of)
    memory = state.published
    board = Board(state, as_of)
    touched = state.tenant.cells.touched
    # Every window has moved with a minute, and every document says whether there were events of its kind.
    moment = (as_of // MINUTE_MS, state.first, len(state.types), state.tenant.rates.version)
    if full:
        memory.forget()
    wanted = memory.wanted(CATALOG, touched, moment, parts=ALL if full else parts)
    touched.clear()
    found = [document for one in wanted for document in board.documents(*one)]
    return memory.changed(found, [made for one in wanted for made in board.remade(one.row, one.parts)])


def ageing_documents(state: TenantState, as_of: int) -> list[Document]:
    """All documents at ``as_of`` (ms) of the rows whose numbers go on with the clock, whatever was asked for last."""
    board = Board(state, as_of)
    return [document for kpi in CATALOG if kpi.ageing for document in board.documents(kpi)]


def check_as_of(state: TenantState, as_of: int) -> None:
    """Refuse an as-of that the kept panes cannot answer exactly."""
    zone_, newest = state.tenant.zone, state.watermark
    minute, rest = divmod(as_of, MINUTE_MS)
    midnight = not rest and minute == zone_.midnight(zone_.day(minute))
    if newest is None or as_of > newest or midnight:
        return
    if rest or minute % 15 or as_of < newest - QUARTERS_BACK_MS:
        raise ValueError(
            f"as-of {instant_text(as_of)}: must be a midnight in {zone_.name}, or a quarter hour in the 48 days before "
            f"the newest event ({instant_text(newest)})"
        )


class Board:
    """One tenant at one instant."""

    def __init__(self, state: TenantState, as_of: int) -> None:
        self._state = state
        self._as_of = as_of
        self._tenant = state.tenant
        self._cells = state.tenant.cells
        self._settings = state.tenant.settings
        found = (window(name, as_of, self._tenant.zone) for name in WINDOWS)
        # A long-gone window whose edge no pane has any more gets no document, rather than one that is nearly right.
        self._windows = {at.name: at for at in found if at.start is None or self._cells.reaches(at.start)}
        self._segments = self._by_dimension()
        self._sums: Sums = {}
        self._aged: dict[tuple[str, int, int, tuple[str, ...]], Figure] = {}
        self._heard_sums: dict[tuple[tuple[str, ...], str, str, tuple[str, ...]], int] = {}
        self._ever: dict[tuple[str, ...], bool] = {}  # events -> whether any of them was ever sent
        self._conversions = tuple(f"crm.{name}" for name in self._settings.conversion_types)

    def documents(self, kpi: Kpi, totals: int = EVER, parts: int = EVER) -> Iterator[Document]:
        """The documents of a KPI on the windows that end after minutes since which totals, segments changed."""
        for name in self._windows_of(kpi, kpi.windows, totals) if kpi.total else ():
            yield self._whole(kpi, self._windows[name])
        for name in self._windows_of(kpi, kpi.windows, parts):
            if kpi.steps is not None:
                yield from self._steps(kpi, self._windows[name], kpi.steps)
        for name in self._windows_of(kpi, kpi.segment_windows, parts):
            yield from self._parts(kpi, self._windows[name])
        for name in self._windows_of(kpi, kpi.channel_windows, parts):
            yield from self._parts(kpi, self._windows[name], "channel")

    def remade(self, kpi: Kpi, since: int) -> list[tuple[str, str]]:
        """KPI and window of the segments that `documents` makes."""
        windows = kpi.windows if kpi.steps is not None else (*kpi.segment_windows, *kpi.channel_windows)
        return [(kpi.id, name) for name in self._windows_of(kpi, windows, since)]

    def _windows_of(self, kpi: Kpi, names: Iterable[str], since: int) -> list[str]:
        """Windows that know of what changed since a minute; those of a lifetime know all up to now."""
        if kpi.lifetime and since < NEVER:
            since = EVER
        # Read by quarter hours, a window that ends inside one holds all of it.
        return [name for name in names if name in self._windows and since < self._windows[name].end_quarter * 15]

    def _by_dimension(self) -> dict[str, dict[str, list[str]]]:
        """Rows' kind -> dimension -> segments that were ever seen in one of its measures."""
        found: dict[str, dict[str, list[str]]] = {}
        by_rows = self._cells.segments_by_rows()
        by_rows["page"] = by_rows.get("page", set()) | set(self._tenant.landings.pages.segments())
        for kind, segments in by_rows.items():
            for segment in sorted(segments):
                found.setdefault(kind, {}).setdefault(segment.partition("=")[0], []).append(segment)
        return found

    def _view(self, at: Window, *segments: str, reads: set[str] | None = None) -> View:
        tenant = self._tenant
        indexes = tenant.spenders, tenant.ages, tenant.landings.pages, self._state.first
        return View(self._cells, tenant.rates, self._settings, at, segments, reads, self._sums, *indexes)

    def _whole(self, kpi: Kpi, at: Window) -> Document:
        view = self._view(at, EVERYTHING, reads=self._state.published.reads(kpi.id))
        figure = self._figure(kpi, view)
        events = self._heard_by(kpi)
        if not kpi.low_n and not self._sent(kpi, events):
            figure = Figure(None, None, None, 0)
        found = self._document(kpi, view, {}, figure)
        if kpi.robots and (excluded := self._heard(events, view, "bot:")):
            found["excluded"] = excluded
        return found

    def _parts(self, kpi: Kpi, at: Window, only: str | None = None) -> Iterator[Document]:
        for dimension, segments in self._segments.get(kpi.rows, {}).items():
            if only not in (None, dimension):
                continue
            figures = {segment: self._figure(kpi, self._view(at, segment)) for segment in segments}
            order = sorted(
                (s for s in segments if not figures[s].empty),
                key=lambda s: (-figures[s].n, -(figures[s].numerator or 0), s),
            )
            cap, other = self._settings.segment_cap, f"{dimension}={OTHER}"
            own = [segment for segment in order if segment != other]
            for segment in own[:cap]:
                value = segment.partition("=")[2]
                yield self._document(kpi, self._view(at, segment), {dimension: value}, figures[segment])
            if rest := [*own[cap:], *(segment for segment in order if segment == other)]:
                view = self._view(at, *rest)
                yield self._document(kpi, view, {dimension: OTHER}, self._figure(kpi, view))

    def _figure(self, kpi: Kpi, view: View) -> Figure:
        """What a formula says of a window; what only depends on its end is the same in all that end together."""
        if not kpi.ageing:
            return kpi.formula(view)
        key = (kpi.id, view.window.end, view.window.end_ms, view.segments)
        found = self._aged.get(key)
        if found is None:
            found = self._aged[key] = kpi.formula(view)
        return found

    def _steps(self, kpi: Kpi, at: Window, steps: Callable[[View], Iterable[Step]]) -> Iterator[Document]:
        view = self._view(at, EVERYTHING, reads=self._state.published.reads(kpi.id))
        for step in steps(view):
            figure = step.formula(view)
            if not figure.empty:
                yield self._document(kpi, view, {kpi.vector: step.key}, figure, step.events)

    def _sent(self, kpi: Kpi, events: tuple[str, ...]) -> bool:
        """Whether an event that a KPI hears of was ever sent."""
        found = self._ever.get(events)
        if found is None:
            found = self._ever[events] = any(hears(events, label) for label in self._state.types)
        return found or (kpi.quality and ("received", EVERYTHING) in self._cells.series)

    def _heard_by(self, kpi: Kpi) -> tuple[str, ...]:
        events = kpi.events_by(self._settings.revenue_from)
        return (*events, *self._conversions) if CONVERSIONS in events else events

    def _heard(self, events: tuple[str, ...], view: View, prefix: str) -> int:
        key = (events, prefix, view.window.name, view.segments)
        found = self._heard_sums.get(key)
        if found is None:
            labels = self._cells.suffixes(prefix, view.segments)
            found = self._heard_sums[key] = sum(view.flow(prefix + one) for one in labels if hears(events, one))
        return found

    def _document(
        self, kpi: Kpi, view: View, segment: dict[str, str], figure: Figure, events: tuple[str, ...] | None = None
    ) -> Document:
        at, state = view.window, self._state
        still = kpi.stock or kpi.quality or kpi.lifetime
        rows = kpi.rows if segment and not kpi.vector else "none"
        late = 0 if still else self._heard(events or self._heard_by(kpi), view, f"{LATE[rows]}:")
        first = state.first
        start = first if at.start is None else at.start * MINUTE_MS
        found: Document = {
            "kpi": kpi.id,
            "window": at.name,
            "segment": segment,
            "value": self._printed(figure.value, kpi.unit in ("money", "money/day")),
            "unit": kpi.unit,
            "numerator": self._printed(figure.numerator, kpi.sides[0]),
            "denominator": self._printed(figure.denominator, kpi.sides[1]),
            "n": figure.n,
            "status": self._status(kpi, at, figure),
            "state": "live" if not at.complete else "corrected" if late else "final",
            "start": instant_text(min(at.end_ms if start is None else start, at.end_ms)),
            "end": instant_text(at.end_ms),
            "tz": self._settings.tz,
            "as_of": instant_text(self._as_of),
            "watermark": None if state.watermark is None else instant_text(state.watermark),
            "late_revised": late,
            "definition": state.definition,
        }
        return found | self._optional(kpi, figure)

    def _optional(self, kpi: Kpi, figure: Figure) -> Document:
        found: Document = {}
        if figure.parts:
            found["parts"] = {k: self._printed(v, k in kpi.money_parts) for k, v in figure.parts.items()}
        if figure.open is not None:
            found["open"] = figure.open
        if figure.bound is not None:
            found["bound"] = self._printed(figure.bound, kpi.unit == "money")
        if figure.unpriced:
            found["unpriced"] = figure.unpriced
        if figure.margin is not None:
            found["margin"] = figure.margin
        if any(kpi.sides):
            found["currency"] = self._settings.currency
        return found

    def _status(self, kpi: Kpi, at: Window, figure: Figure) -> str:
        first = self._state.first
        early = at.start is not None and not kpi.stock and first is not None and at.start * MINUTE_MS < first
        if figure.mixed:
            return "partial"
        if figure.value is None:
            return "no_data"
        if early or figure.unpriced:
            return "partial"
        return "low_n" if kpi.low_n and figure.n < self._settings.low_n else "ok"

    def _printed(self, value: Any, money: bool) -> Any:
        if value is None:
            return None
        if money:
            return money_text(value, digits(self._settings.currency))
        return float(value) if isinstance(value, Fraction) else value


def money_text(amount: Fraction, places: int) -> str:
    """An amount in major units as decimal text, rounded half-even to a currency's digits."""
    minor = round(Fraction(amount) * 10**places)
    sign, text = "-" if minor < 0 else "", str(abs(minor)).rjust(places + 1, "0")
    return f"{sign}{text[:-places]}.{text[-places:]}" if places else f"{sign}{text}"
