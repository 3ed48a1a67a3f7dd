"""What is counted for a tenant that asks for some KPIs and windows only: settings ``kpis`` and ``windows``.

A measure is kept where a chosen KPI reads it in a chosen window, in total or by segment, so every published document is
the same as if everything were kept. Counters of the stream are always kept: they cannot be recounted later.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from kpis.calendar.window_names import COMPLETE, RUNNING, WINDOWS
from kpis.catalog import CATALOG, Kpi, matches
from kpis.catalog.inputs import INPUTS
from kpis.cells.declared import DECLARED, TABLES, Measure
from kpis.cells.measures import LATE, SUFFIXES, declared, levels
from kpis.facts.event_types import CONVERSIONS
from models.tenants import TenantSettings

BUCKETS: Final = {**RUNNING, **COMPLETE}
LATE_MEASURES: Final = {measure: rows for rows, measure in LATE.items()}


class Kept:
    """Which KPIs, windows, measures and groups of facts count. The other arguments decide which events KPIs match."""

    def __init__(
        self, kpis: tuple[str, ...], windows: tuple[str, ...], revenue_from: str, conversions: tuple[str, ...]
    ) -> None:
        self._key = kpis, windows, revenue_from, conversions
        self.windows = tuple(name for name in WINDOWS if not windows or name in windows)
        self.kpis = tuple(kpi for kpi in CATALOG if (not kpis or kpi.id in kpis) and self._of(kpi.windows))
        self.ids = frozenset(kpi.id for kpi in self.kpis)
        self.everything = not kpis and not windows
        self._read: tuple[dict[str, set[str]], dict[str, set[str]]] = ({}, {})  # name -> windows: total, by segment
        for kpi in self.kpis:
            parts = self._of(kpi.segment_windows) | self._of(kpi.channel_windows)
            for name in INPUTS[kpi.id].names:
                self._read[0].setdefault(name, set()).update(self._of(kpi.windows))
                self._read[1].setdefault(name, set()).update(parts)
        self._levels: dict[tuple[str, bool], str] = {}
        self._wanted: dict[str, bool] = {}

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        """One instance is shared by all tenants with the same choice."""
        return _kept, self._key

    def _of(self, windows: Iterable[str]) -> set[str]:
        return set(windows) & set(self.windows)

    def levels(self, name: str, segmented: bool) -> str:
        """Levels of panes at which a measure is kept, as in `kpis.cells.measures.levels`."""
        if self.everything:
            return levels(name, segmented)
        found = self._levels.get((name, segmented))
        if found is None:
            if len(self._levels) > 65_536:
                self._levels.clear()
            wanted = self._wants(declared(name), name, segmented)
            found = self._levels[name, segmented] = levels(name, segmented) if wanted else ""
        return found

    def _wants(self, measure: Measure, name: str, segmented: bool) -> bool:
        if measure.counter:
            return True
        if measure.by == "type":
            return self._reports_late(LATE_MEASURES[measure.name], name.partition(":")[2], segmented)
        windows = self._read[segmented].get(measure.name, set())
        if measure.by != "window":
            return bool(windows)
        suffix = name.partition("@")[2]
        whole = self._read[segmented].get(name)
        return bool(whole) or any(suffix == BUCKETS.get(window, window) for window in windows)

    def _reports_late(self, rows: str, label: str, segmented: bool) -> bool:
        """Whether a document in these rows' segments, or of the total, reports late events with this label."""
        if segmented == (rows == "none"):
            return False  # each is read in only one of the two
        return any(
            not kpi.still
            and (kpi.vector is not None or matches(self._events(kpi), label))
            and (not segmented or kpi.rows == rows)
            for kpi in self.kpis
        )

    def _events(self, kpi: Kpi) -> tuple[str, ...]:
        _, _, revenue_from, conversions = self._key
        events = kpi.events_by(revenue_from)
        return (*events, *conversions) if CONVERSIONS in events else events

    def wants(self, base: str) -> bool:
        """Whether a measure is kept in any window, value or currency, or a table is read."""
        if base not in self._wanted:
            table = base in TABLES and base in self._read[0]
            wanted = table or any(self._wants_any(one) for one in DECLARED if one.name == base)
            self._wanted[base] = self.everything or wanted
        return self._wanted[base]

    def _wants_any(self, measure: Measure) -> bool:
        if measure.counter:
            return True
        if measure.by == "type":
            rows = LATE_MEASURES[measure.name]
            return any(not kpi.still and rows in ("none", kpi.rows) for kpi in self.kpis)
        names = (measure.name, *(f"{measure.name}@{suffix}" for suffix in SUFFIXES if measure.by == "window"))
        return any(name in self._read[0] for name in names)

    def wants_window(self, base: str, suffix: str) -> bool:
        """Whether a measure is kept in total in a kind of window; segments keep no others."""
        return self.levels(f"{base}@{suffix}", segmented=False) != ""


@lru_cache(maxsize=1024)
def _kept(kpis: tuple[str, ...], windows: tuple[str, ...], revenue_from: str, conversions: tuple[str, ...]) -> Kept:
    return Kept(kpis, windows, revenue_from, conversions)


def kept(settings: TenantSettings) -> Kept:
    """What is kept under a tenant's settings."""
    conversions = tuple(f"crm.{name}" for name in settings.conversion_types)
    return _kept(settings.kpis, settings.windows, settings.revenue_from, conversions)
