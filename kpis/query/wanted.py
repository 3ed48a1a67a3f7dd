"""Which measures a KPI reads, in which window and segments: only these are gathered of its members."""

from collections import Counter
from typing import Final

from kpis.calendar.windows import MINUTE_MS, Window
from kpis.catalog import Kpi
from kpis.catalog.inputs import INPUTS
from kpis.cells.declared import DECLARED, Measure
from kpis.cells.measures import base_of
from kpis.tenant.tenant import Tenant

MARGIN: Final = 15  # minutes: segments are read by quarter hours


def measures_of(kpi: Kpi) -> list[Measure]:
    """The measures that a KPI reads. `lost` names a measure of deals and one of customers: the KPI's own is taken."""
    bases, of_deals = INPUTS[kpi.id].bases, kpi.rows == "deal"
    found = [one for one in DECLARED if one.name in bases]
    names = Counter(one.name for one in found)
    return [one for one in found if names[one.name] == 1 or (one.grain == "deal") == of_deals]


class Wanted:
    """Which rows a KPI reads in a window. ``segments``: rows must be in one of them; None: any."""

    def __init__(self, kpi: Kpi, window: Window, segments: frozenset[str] | None, *, only: bool) -> None:
        """``only``: nothing is read outside the window."""
        self.inputs = inputs = INPUTS[kpi.id]
        self.groups = {group for one in measures_of(kpi) for group in one.groups}
        self.suffixes = {window.name, window.bucket or "", *(name.partition("@")[2] for name in inputs.names)}
        self.window, self.only = window, only
        self.spelled = {base_of(name) for name in inputs.names if "@" in name}  # also read in the windows named there
        self.span: range | None = None  # ms, slightly more than the window; None: all time
        if only and window.start is not None:
            self.span = range((window.start - MARGIN) * MINUTE_MS, (window.end + MARGIN) * MINUTE_MS)
        self._segments = segments
        self._measures: dict[str, bool] = {}
        self._codes: dict[int, bool] = {}

    def measure(self, name: str) -> bool:
        """Whether a measure is read."""
        found = self._measures.get(name)
        if found is None:
            suffix = name.partition("@")[2]
            found = base_of(name) in self.inputs.bases and (not suffix or suffix in self.suffixes)
            self._measures[name] = found
        return found

    def code(self, tenant: Tenant, code: int) -> bool:
        """Whether rows in a set of segments are read."""
        found = self._codes.get(code)
        if found is None:
            found = self._segments is None or not self._segments.isdisjoint(tenant.sets.sets[code])
            self._codes[code] = found
        return found
