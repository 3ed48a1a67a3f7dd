"""Charts as PNG: the last periods of a KPI, the reported one strong, its target dashed.

No text is in them: that stays in the mail, where it has the reader's font, language and direction. Their colours have
a contrast of 3 to white and to the page's dark surface, since images do not know which they are on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final

import resvg_py

from kpis.catalog import Kpi
from reports.format import decimal
from sinks.base import Point

WIDE, HIGH, EDGE = 560, 72, 6
ZOOM: Final = 1.5  # between the pixels of plain and dense displays, for the size
LINE, TARGET = "#6f73de", "#b7791f"
FAINT: Final = 0.45


@dataclass(frozen=True)
class Chart:
    """Values of neighbouring periods, the reported one last; None is a gap. ``bars``: they begin at zero."""

    values: tuple[Decimal | None, ...]
    target: Decimal | None
    bars: bool

    @classmethod
    def of(cls, kpi: Kpi, history: Mapping[str, Point], target: Decimal | None) -> "Chart | None":
        """The chart of a history; None when fewer than two periods have a value."""
        values = tuple(decimal(point.value) for point in history.values())
        if sum(one is not None for one in values) < 2:
            return None
        return cls(values, target, bars=not (kpi.low_n or kpi.stock))

    def svg(self) -> str:
        """As SVG, ``WIDE`` by ``HIGH``."""
        size = f'viewBox="0 0 {WIDE} {HIGH}" width="{WIDE}" height="{HIGH}"'
        return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{self._drawn()}</svg>'

    def png(self) -> bytes:
        """As PNG without background."""
        return _png(self.svg())

    def _drawn(self) -> str:
        known = [float(one) for one in (*self.values, self.target) if one is not None]
        low, high = min(known), max(known)
        if self.bars:
            low, high = min(low, 0.0), max(high, 0.0)
        scale = _Scale(low, high)
        drawn = self._bars(scale) if self.bars else self._line(scale)
        return drawn + ("" if self.target is None else _dashed(scale.y(float(self.target))))

    def _bars(self, scale: "_Scale") -> str:
        slot, zero = WIDE / len(self.values), scale.y(0.0)
        found = []
        for place, value in enumerate(self.values):
            if value is None:
                continue
            y = scale.y(float(value))
            top, size = min(y, zero), max(abs(y - zero), 1.5)
            faint = "" if place == len(self.values) - 1 else f' opacity="{FAINT}"'
            at = f'x="{place * slot + slot * 0.14:.1f}" y="{top:.1f}" width="{slot * 0.72:.1f}" height="{size:.1f}"'
            found.append(f'<rect {at} rx="2" fill="{LINE}"{faint}/>')
        return "".join(found)

    def _line(self, scale: "_Scale") -> str:
        step = (WIDE - 2 * EDGE) / max(len(self.values) - 1, 1)
        points = [
            None if value is None else (EDGE + place * step, scale.y(float(value)))
            for place, value in enumerate(self.values)
        ]
        found = [_run(run) for run in _runs(points)]
        if (last := points[-1]) is not None:
            found.append(f'<circle cx="{last[0]:.1f}" cy="{last[1]:.1f}" r="5" fill="{LINE}"/>')
        return "".join(found)


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float

    def y(self, value: float) -> float:
        """From the top; in the middle when all are the same."""
        if self.high == self.low:
            return HIGH / 2
        return EDGE + (self.high - value) / (self.high - self.low) * (HIGH - 2 * EDGE)


Place = tuple[float, float]


def _runs(points: Sequence[Place | None]) -> list[list[Place]]:
    found: list[list[Place]] = [[]]
    for one in points:
        if one is not None:
            found[-1].append(one)
        elif found[-1]:
            found.append([])
    return [run for run in found if run]


def _run(run: Sequence[Place]) -> str:
    if len(run) == 1:
        return f'<circle cx="{run[0][0]:.1f}" cy="{run[0][1]:.1f}" r="2.5" fill="{LINE}"/>'
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in run)
    area = f"{path}L{run[-1][0]:.1f} {HIGH}L{run[0][0]:.1f} {HIGH}Z"
    return (
        f'<path d="{area}" fill="{LINE}" opacity=".14"/>'
        f'<path d="{path}" fill="none" stroke="{LINE}" stroke-width="2.5" stroke-linejoin="round"/>'
    )


def _dashed(y: float) -> str:
    return f'<path d="M0 {y:.1f}H{WIDE}" stroke="{TARGET}" stroke-width="2" stroke-dasharray="7 5"/>'


@lru_cache(maxsize=256)
def _png(svg: str) -> bytes:
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=ZOOM, skip_system_fonts=True))
