"""Which rows of the catalogue read which measures: noted as formulas run, the same for all tenants of a process.

What one tenant's settings make a formula read is noted for all: a row may be made in vain, never too seldom. Rows and
windows are numbered, so that sets of them are the bits of an integer.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from kpis.calendar.windows import COMPLETE, WINDOWS
from kpis.catalog import CATALOG, hears
from kpis.facts.event_types import CONVERSIONS

Mask = int
ROWS: Final = {kpi.id: number for number, kpi in enumerate(CATALOG)}
PLACES: Final = {name: number for number, name in enumerate(WINDOWS)}
ALL_ROWS: Final[Mask] = (1 << len(CATALOG)) - 1
ALL_WINDOWS: Final[Mask] = (1 << len(WINDOWS)) - 1
OPEN_WINDOWS: Final[Mask] = sum(1 << PLACES[name] for name in WINDOWS if name not in COMPLETE)
LIFETIME: Final[Mask] = sum(1 << ROWS[kpi.id] for kpi in CATALOG if kpi.lifetime)
AGEING: Final[Mask] = sum(1 << ROWS[kpi.id] for kpi in CATALOG if kpi.ageing)
STEPPED: Final[Mask] = sum(1 << ROWS[kpi.id] for kpi in CATALOG if kpi.steps is not None)
# By window: rows that have a document of everything; and by row: windows that have documents of segments or steps.
TOTALS: Final = [sum(1 << ROWS[kpi.id] for kpi in CATALOG if kpi.total and name in kpi.windows) for name in WINDOWS]
PARTS: Final = [
    sum(
        1 << PLACES[name]
        for name in {
            *(kpi.windows if kpi.steps is not None else ()),
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


class Reads:
    """Rows by what they read: a measure's base, or the whole name of one that has a window of its own."""

    def __init__(self) -> None:
        self._of: dict[str, set[str]] = {kpi.id: set() for kpi in CATALOG}
        self._size = 0
        self._rows: dict[str, Mask] = {}

    def of(self, kpi: str) -> set[str]:
        """Where what a row reads is noted."""
        return self._of[kpi]

    def rows(self) -> dict[str, Mask]:
        """What is read -> rows."""
        size = sum(map(len, self._of.values()))
        if size != self._size:
            self._size, self._rows = size, {}
            for kpi, names in self._of.items():
                for name in names:
                    self._rows[name] = self._rows.get(name, 0) | 1 << ROWS[kpi]
        return self._rows


READS: Final = Reads()


@lru_cache(maxsize=16_384)
def hearing(label: str, revenue_from: str, conversions: tuple[str, ...]) -> Mask:
    """Rows whose documents tell of events of this label: late ones, robots'."""
    found = STEPPED
    for kpi in CATALOG:
        events = kpi.events_by(revenue_from)
        if hears((*events, *conversions) if CONVERSIONS in events else events, label):
            found |= 1 << ROWS[kpi.id]
    return found
