"""Attainment, pace and projection of a document's target. Rules: kpi-precise B.

Only numbers that grow while a calendar window runs have pace and projection: counts and sums, not rates or stocks.
"""

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from kpis.calendar.window_names import RUNNING
from kpis.calendar.windows import MINUTE_MS, Window
from kpis.calendar.zone import Zone, bucket_after
from kpis.catalog import CATALOG, Kpi
from kpis.catalog.row import LOWER
from kpis.facts.lead_response import business_ms
from kpis.facts.targets import Targets
from kpis.formulas.common import Figure, Number
from kpis.publish.instants import instant_text
from kpis.publish.reads import PLACES, ROWS
from models.settings import TenantSettings

Document = dict[str, Any]


class Aims:
    """The targets of one tenant at one instant. ``printed``: formats a number, given whether it is money."""

    def __init__(
        self, targets: Targets, settings: TenantSettings, zone: Zone, printed: Callable[[Any, bool], Any]
    ) -> None:
        self._targets, self._settings, self._zone, self._printed = targets, settings, zone, printed
        self._elapsed: dict[str, Fraction | None] = {}

    def add(self, found: Document, kpi: Kpi, at: Window, figure: Figure) -> None:
        """Add the target to a document, if it has one."""
        target = self._targets.of(kpi.id, at.name, found["segment"])
        if target is None:
            return
        value, money = figure.value, kpi.unit in ("money", "money/day")
        shown = found["target"] = {
            "value": self._printed(target.value, money),
            "since": None if target.since is None else instant_text(target.since),
            "attainment": attainment(value, target.value, kpi),
        }
        if not (kpi.cumulative and (gone := self.elapsed(at))):
            return
        projection = self._printed(None if value is None else Fraction(value) / gone, money)
        shown |= {
            "elapsed": float(gone), "pace": attainment(value, target.value * gone, kpi), "projection": projection,
        }  # fmt: skip
        found["parts"] = {**found.get("parts", {}), "projection": projection}

    def elapsed(self, at: Window) -> Fraction | None:
        """The elapsed share of a running calendar window's business time; None if it has none."""
        if at.name not in self._elapsed:
            self._elapsed[at.name] = self._share(at)
        return self._elapsed[at.name]

    def _share(self, at: Window) -> Fraction | None:
        if at.name not in RUNNING or at.start is None:
            return None
        start, zone = at.start * MINUTE_MS, self._zone
        end = zone.midnight(bucket_after(zone.day(at.start), RUNNING[at.name])) * MINUTE_MS
        whole = business_ms(start, end, self._settings, zone)
        return Fraction(business_ms(start, at.end_ms, self._settings, zone), whole) if whole else None


def attainment(value: Number, target: Fraction, kpi: Kpi) -> float | None:
    """Value over target, or the inverse if lower is better: reached from 1 on.

    None if the divisor is zero or negative, as the ratio would be meaningless.
    """
    if value is None or target <= 0:
        return None
    if kpi.direction != LOWER:
        return float(Fraction(value) / target)
    return float(target / Fraction(value)) if value > 0 else None


def paced(targets: Targets) -> Iterator[tuple[int, int]]:
    """Window and row (by number) of documents with a pace, which depends on the current time."""
    for key in targets.held():
        kpi, window, _ = key.split("\0", 2)
        if window in RUNNING and (row := ROWS.get(kpi)) is not None and CATALOG[row].cumulative:
            yield PLACES[window], row


def is_paced(document: Mapping[str, Any]) -> bool:
    """Whether a document has a pace, and so is only exact at its own as_of."""
    return "elapsed" in (document.get("target") or {})
