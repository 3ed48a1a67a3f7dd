"""What a row says of a KPI: which lists it counts, by which formula, over which windows and segments."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from recount.facts import Figure, Source
from recount.quality import Types
from recount.windows import ALL_WINDOWS, SEGMENT_WINDOWS, Window


@dataclass(frozen=True)
class KpiRow:
    """One KPI. ``segments`` names whose segments its facts have; none when there is only ``{}``."""

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
    money_sides: tuple[bool, bool] | None = None  # of numerator and denominator, where the unit does not say it
    money_parts: frozenset[str] = frozenset()
    vector: str = ""  # the key of a list's documents
    steps: Callable[[Window], Iterable[tuple[str, Figure, Types]]] | None = None
    total: bool = True
    of_all: tuple[Source, ...] = ()  # the lists of the document of everything, where they are not the segments'

    def figure(self, window: Window) -> Figure:
        """The number of everything."""
        return self.formula(*(pick(window) for pick in self.of_all or self.lists))
