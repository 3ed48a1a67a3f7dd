"""The results of formulas for one tenant, as numbers and as they are printed."""

from fractions import Fraction
from typing import Any, Final, NamedTuple

from kpis.calendar.windows import MINUTE_MS, Window
from kpis.catalog import Kpi, matches
from kpis.catalog.inputs import INPUTS
from kpis.cells.cells import Cells
from kpis.cells.segments import EVERYTHING
from kpis.facts.event_types import CONVERSIONS
from kpis.formulas.common import Figure, Formula
from kpis.formulas.view import Inputs, Tables, View
from kpis.state.tenant_state import TenantState
from models.money import digits

UNKNOWN: Final = Figure(None, None, None, 0)
MONEY: Final = frozenset({"money", "money/day"})


class Point(NamedTuple):
    """A KPI in one window, without a segment. ``value``: as documents print it."""

    value: Any
    n: int
    status: str
    figure: Figure


class Figures:
    """The numbers of one tenant in any window.

    ``cells``: read instead of the tenant's own; then formulas' reads are not checked against their declared inputs.
    """

    def __init__(self, state: TenantState, cells: Cells | None = None) -> None:
        self._checked = cells is None
        tenant = state.tenant
        self.settings = tenant.settings
        self.cells = tenant.cells if cells is None else cells
        self._state = state
        self._tables = Tables(
            self.cells, tenant.rates, tenant.settings, tenant.spend_table, tenant.ages, tenant.landings.pages,
            state.first, state.priced, tenant.targets,
        )  # fmt: skip
        self._events: dict[str, tuple[str, ...]] = {}  # KPI -> the events it matches
        self._ever: dict[tuple[str, ...], bool] = {}  # events -> whether any of them was ever sent
        self._aged: dict[tuple[str, int, int, tuple[str, ...]], Figure] = {}
        self._conversions = tuple(f"crm.{name}" for name in self.settings.conversion_types)

    def forget(self) -> None:
        """Drop caches that only make reads of the same instants faster."""
        self._tables.sums.clear()
        self._aged.clear()

    def view(self, at: Window, *segments: str, reads: Inputs | None = None) -> View:
        """What formulas read in a window."""
        return View(self._tables, at, segments, reads)

    def whole(self, kpi: Kpi, at: Window) -> tuple[View, Figure]:
        """A KPI in a window without a segment; unknown for a count or sum whose events were never sent."""
        view = self.view(at, EVERYTHING, reads=INPUTS[kpi.id] if self._checked else None)
        return view, self.figure(kpi, view) if kpi.low_n or self.sent(kpi) else UNKNOWN

    def point(self, kpi: Kpi, at: Window) -> Point:
        """The same, as it is printed."""
        _, figure = self.whole(kpi, at)
        return Point(self.printed(figure.value, kpi.unit in MONEY), figure.n, self.status(kpi, at, figure), figure)

    def figure(self, kpi: Kpi, view: View) -> Figure:
        """The figure of a KPI in a view; cached across windows with the same end, where only the end matters."""
        if not kpi.ageing:
            return formula(kpi)(view)
        key = (kpi.id, view.window.end, view.window.end_ms, view.segments)
        found = self._aged.get(key)
        if found is None:
            found = self._aged[key] = formula(kpi)(view)
        return found

    def sent(self, kpi: Kpi) -> bool:
        """Whether an event that a KPI matches was ever sent."""
        events = self.events_of(kpi)
        found = self._ever.get(events)
        if found is None:
            found = self._ever[events] = any(matches(events, label) for label in self._state.types)
        return found or (kpi.quality and ("received", EVERYTHING) in self.cells.series.numbers)

    def events_of(self, kpi: Kpi) -> tuple[str, ...]:
        """The events that a KPI matches."""
        found = self._events.get(kpi.id)
        if found is None:
            events = kpi.events_by(self.settings.revenue_from)
            found = self._events[kpi.id] = (*events, *self._conversions) if CONVERSIONS in events else events
        return found

    def status(self, kpi: Kpi, at: Window, figure: Figure) -> str:
        """Whether a figure can be relied on."""
        first = self._state.first
        early = at.start is not None and not kpi.stock and first is not None and at.start * MINUTE_MS < first
        if figure.mixed:
            return "partial"
        if figure.value is None:
            return "no_data"
        if early or figure.unpriced:
            return "partial"
        return "low_n" if kpi.low_n and figure.n < self.settings.low_n else "ok"

    def printed(self, value: Any, money: bool) -> Any:
        """A number as documents print it: decimal text when it is money."""
        if value is None:
            return None
        if money:
            return money_text(value, digits(self.settings.currency))
        return float(value) if isinstance(value, Fraction) else value


def formula(kpi: Kpi) -> Formula:
    """The formula of a KPI's total."""
    assert kpi.whole is not None, f"{kpi.id} has steps only"
    return kpi.whole


def money_text(amount: Fraction, places: int) -> str:
    """An amount in major units as decimal text, rounded half-even to a currency's digits."""
    exact = Fraction(amount) if isinstance(amount, float) else amount
    minor = _half_even(exact.numerator * 10**places, exact.denominator)
    sign, text = "-" if minor < 0 else "", str(abs(minor)).rjust(places + 1, "0")
    return f"{sign}{text[:-places]}.{text[-places:]}" if places else f"{sign}{text}"


def _half_even(numerator: int, denominator: int) -> int:
    """The quotient rounded as by round(), several times as fast as with a Fraction."""
    whole, rest = divmod(numerator, denominator)
    return whole + (2 * rest > denominator or (2 * rest == denominator and whole % 2 == 1))
