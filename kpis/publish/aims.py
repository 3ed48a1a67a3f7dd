"""What a document says of its target: what was reached, the pace, and where that leads. Rules: kpi-precise B.

Pace and projection are of what grows while a calendar window runs: counts and sums. A rate or a stock has none.
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
    """The targets of one tenant at one instant. ``printed``: a number as documents have it; whether it is money."""

    def __init__(
        self, targets: Targets, settings: TenantSettings, zone: Zone, printed: Callable[[Any, bool], Any]
    ) -> None:
        self._targets, self._settings, self._zone, self._printed = targets, settings, zone, printed
        self._elapsed: dict[str, Fraction | None] = {}

    def add(self, found: Document, kpi: Kpi, at: Window, figure: Figure) -> None:
        """Put what there is to say into a document."""
        target = self._targets.of(kpi.id, at.name, found["segment"])
        if target is None:
            return
        value, money = figure.value, kpi.unit in ("money", "money/day")
        told = found["target"] = {
            "value": self._printed(target.value, money),
            "since": None if target.since is None else instant_text(target.since),
            "attainment": attainment(value, target.value, kpi),
        }
        if not (kpi.cumulative and (gone := self.elapsed(at))):
            return
        projection = self._printed(None if value is None else Fraction(value) / gone, money)
        told |= {
            "elapsed": float(gone), "pace": attainment(value, target.value * gone, kpi), "projection": projection,
        }  # fmt: skip
        found["parts"] = {**found.get("parts", {}), "projection": projection}

    def elapsed(self, at: Window) -> Fraction | None:
        """The share of a running calendar window's business time that is over; None: it has none."""
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
    """Value to target, of what should be low the other way round: from 1 on it is reached.

    None where that divides by nothing, or by less than nothing: a ratio to that says nothing.
    """
    if value is None or target <= 0:
        return None
    if kpi.direction != LOWER:
        return float(Fraction(value) / target)
    return float(target / Fraction(value)) if value > 0 else None


def paced(targets: Targets) -> Iterator[tuple[int, int]]:
    """Window and row (by number) of documents that have a pace, which goes on with the clock."""
    for key in targets.held():
        kpi, window, _ = key.split("\0", 2)
        if window in RUNNING and (row := ROWS.get(kpi)) is not None and CATALOG[row].cumulative:
            yield PLACES[window], row


def is_paced(document: Mapping[str, Any]) -> bool:
    """Whether a document has a pace: then it is right at its own as_of only."""
    return "elapsed" in (document.get("target") or {})
