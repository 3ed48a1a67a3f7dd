"""A KPI's row: the lists it counts, its formula, its windows and segments."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from recount.facts import Figure, Source
from recount.quality import Types
from recount.windows import ALL_WINDOWS, SEGMENT_WINDOWS, Window


@dataclass(frozen=True)
class KpiRow:
    """One KPI. ``segments``: the kind of segments of its facts; None: only ``{}``."""

    id: str
    unit: str
    types: Types
    segments: str | None
    formula: Callable[..., Figure]
    lists: tuple[Source, ...]
    kind: str = "E"  # S: no partial, no late; Q: data quality, also without robots
    windows: tuple[str, ...] = ALL_WINDOWS
    segment_windows: tuple[str, ...] = SEGMENT_WINDOWS
    thin: bool = False  # low_n applies
    robots: bool = True  # `excluded` is shown
    money_sides: tuple[bool, bool] | None = None  # of numerator and denominator, if the unit does not imply it
    money_parts: frozenset[str] = frozenset()
    vector: str = ""  # the key of a list's documents
    steps: Callable[[Window], Iterable[tuple[str, Figure, Types]]] | None = None
    total: bool = True
    of_all: tuple[Source, ...] = ()  # the total's lists, if they differ from the segments'

    def figure(self, window: Window) -> Figure:
        """The number of everything."""
        return self.formula(*(pick(window) for pick in self.of_all or self.lists))
