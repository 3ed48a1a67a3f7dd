"""The values a document's number is compared with: of the window before, and of the one a year ago.

These windows are over, so a value stays until its window moves on or an event from that time arrives. Values are
remembered from one publication to the next.
"""

from collections.abc import Callable
from typing import Final

from kpis.calendar.previous import FINE, REACH, previous, year_ago
from kpis.calendar.window_names import COMPLETE, RUNNING, WINDOWS
from kpis.calendar.windows import MINUTE_MS, Window
from kpis.catalog import CATALOG
from kpis.catalog.inputs import INPUTS
from kpis.cells.cells import Cells
from kpis.cells.measures import YOUNG
from kpis.publish.figures import Figures, Point
from kpis.publish.history import History
from kpis.publish.reads import PLACES, Mask, bits
from kpis.publish.trend import Printed
from kpis.state.tenant_state import TenantState

Values = tuple[Printed | None, Printed | None]  # of the window before, and a year ago; as documents print them
Pair = tuple[Window | None, Window | None]
NOTHING: Final[Values] = (None, None)
# Their window before ends inside a quarter hour, and these measures are kept by quarter hours only.
BY_MINUTES: Final = ("15m", "1h")
COARSE: Final = frozenset(kpi for kpi, inputs in INPUTS.items() if any(n.endswith(f"@{YOUNG}") for n in inputs.names))


def reaches_back(cells: Cells, end: int) -> bool:
    """Whether the panes of all windows before `FINE` ones are kept; else the newest events are ahead of the clock."""
    return (end - REACH) // 15 > cells.floors["q"]


def kind_of(window: str) -> str:
    """The kind of window whose measures a window reads, where measures are kept separately for each kind."""
    return RUNNING.get(window) or COMPLETE.get(window, window)


class Remembered:
    """Values of one tenant: by window, row -> values, for as long as the windows compared with stay the same."""

    __slots__ = ("_values", "_windows")

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._windows: list[Pair | None] = [None] * len(PLACES)
        self._values: list[dict[int, Values]] = [{} for _ in PLACES]

    def of(self, place: int, windows: Pair) -> dict[int, Values]:
        """The values known of a window (by number) that is compared with these."""
        if self._windows[place] != windows:
            self._windows[place] = windows
            self._values[place].clear()
        return self._values[place]

    def changed(self, rows: Mask, kind: str, minute: int) -> None:
        """Forget values of rows whose inputs changed from a minute on, in windows of a kind (empty: all)."""
        for name, windows, values in zip(WINDOWS, self._windows, self._values, strict=True):
            if not values or windows is None or kind not in ("", kind_of(name)):
                continue
            if any(at is not None and minute < at.end for at in windows):
                for row in bits(rows):
                    values.pop(row, None)


class Comparison:
    """Past values of one tenant at one instant."""

    def __init__(
        self, state: TenantState, figures: Figures, history: Callable[[], History], remembered: Remembered, end: int
    ) -> None:
        self._state = state
        self._zone = state.tenant.zone
        self._figures = figures
        self._history = history
        self._remembered = remembered
        self._reaches = reaches_back(state.tenant.cells, end)
        self._pairs: dict[str, Pair] = {}

    def windows(self, at: Window) -> Pair:
        """The window before, and the one a year ago; None if there was no event yet, or it is not kept."""
        found = self._pairs.get(at.name)
        if found is None:
            found = self._pairs[at.name] = self._known(previous(at, self._zone)), self._known(year_ago(at, self._zone))
        return found

    def _known(self, at: Window | None) -> Window | None:
        first = self._state.first
        if at is None or at.start is None or first is None or first > at.start * MINUTE_MS:
            return None
        return None if at.name in FINE and not self._reaches else at

    def values(self, row: int, at: Window) -> Values:
        """A row's values in both, as documents print them; None where the exact value cannot be determined."""
        pair = self.windows(at)
        if pair == NOTHING:
            return NOTHING
        known = self._remembered.of(PLACES[at.name], pair)
        found = known.get(row)
        if found is None:
            found = known[row] = self._value(row, pair[0]), self._value(row, pair[1])
        return found

    def _value(self, row: int, at: Window | None) -> Printed | None:
        kpi = CATALOG[row]
        if at is None or (at.name in BY_MINUTES and kpi.id in COARSE):
            return None
        if at.name in FINE:
            return _printed(self._figures.point(kpi, at))
        history = self._history()
        return _printed(history.exact(lambda: history.figures.point(kpi, at)))


def _printed(point: Point | None) -> Printed | None:
    if point is None or point.value is None:
        return None
    figure = point.figure
    return Printed(point.value, figure.n, figure.numerator, figure.denominator, figure.margin)
