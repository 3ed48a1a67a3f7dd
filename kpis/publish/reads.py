"""Which rows of the catalogue read which measures, and match which events.

Rows and windows are numbered, so that sets of them are the bits of an integer.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from kpis.calendar.window_names import COMPLETE, WINDOWS
from kpis.catalog import CATALOG, matches
from kpis.catalog.inputs import INPUTS
from kpis.facts.event_types import CONVERSIONS

Mask = int
ROWS: Final = {kpi.id: number for number, kpi in enumerate(CATALOG)}
PLACES: Final = {name: number for number, name in enumerate(WINDOWS)}
ALL_ROWS: Final[Mask] = (1 << len(CATALOG)) - 1
ALL_WINDOWS: Final[Mask] = (1 << len(WINDOWS)) - 1
OPEN_WINDOWS: Final[Mask] = sum(1 << PLACES[name] for name in WINDOWS if name not in COMPLETE)
LIFETIME: Final[Mask] = sum(1 << ROWS[kpi.id] for kpi in CATALOG if kpi.lifetime)
AGEING: Final[Mask] = sum(1 << ROWS[kpi.id] for kpi in CATALOG if kpi.ageing)
LEAKS: Final[Mask] = 1 << ROWS["leak_point"]  # reads targets of another KPI
STEPPED: Final[Mask] = sum(1 << ROWS[kpi.id] for kpi in CATALOG if kpi.vector is not None)
# By window: rows that have a document of the total; and by row: windows that have documents of segments or steps.
TOTALS: Final = [
    sum(1 << ROWS[kpi.id] for kpi in CATALOG if kpi.whole is not None and name in kpi.windows) for name in WINDOWS
]
PARTS: Final = [
    sum(
        1 << PLACES[name]
        for name in {
            *(kpi.windows if kpi.vector is not None else ()),
            *kpi.segment_windows,
            *kpi.channel_windows,
        }
    )
    for kpi in CATALOG
]


def bits(mask: int) -> Iterator[int]:
    """Numbers of the bits that are set, lowest first."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def _readers() -> dict[str, Mask]:
    found: dict[str, Mask] = {}
    for kpi, inputs in INPUTS.items():
        for name in inputs.names:
            found[name] = found.get(name, 0) | 1 << ROWS[kpi]
    return found


READERS: Final = _readers()  # a measure's base, or the whole name of one kept per kind of window -> rows


@lru_cache(maxsize=16_384)
def matching(label: str, revenue_from: str, conversions: tuple[str, ...]) -> Mask:
    """Rows whose documents report events of this label: late ones, robots'."""
    found = STEPPED
    for kpi in CATALOG:
        events = kpi.events_by(revenue_from)
        if matches((*events, *conversions) if CONVERSIONS in events else events, label):
            found |= 1 << ROWS[kpi.id]
    return found
