"""The order of a dimension's segments, computed for all of them at once: figures are then computed for the first only.

A figure costs some ten microseconds, so one for each of thousands of campaigns in every window would take seconds. The
order (by n, then the numerator) mostly depends on sums of cells, which arrays add up.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kpis.cells.cells import Cells
from kpis.cells.measures import base_of
from kpis.formulas.view import View

Ints = NDArray[np.int64]
Columns = dict[tuple[str, int], Ints]  # (measure, minute) -> sums before it, a segment each


class Ranks(NamedTuple):
    """What orders segments, an entry each; ``shown``: those whose figure is not empty."""

    n: Ints
    numerator: Ints
    shown: NDArray[np.bool_]


class Many(View):
    """A view of all segments of a dimension together: reads return arrays, an entry per segment."""

    def __init__(self, view: View, segments: Sequence[str], columns: Columns, places: dict[str, int]) -> None:
        self.__dict__.update(view.__dict__)
        self.segments = tuple(segments)
        self._columns = columns
        self._places = places
        self._whole = view.whole()
        self._ends: dict[str, list[str]] = {}

    def _before(self, measure: str, minute: int) -> Any:
        found = self._columns.get((measure, minute))
        if found is None:
            found = self._columns[measure, minute] = np.zeros(len(self.segments), dtype=np.int64)
            places, before = self._places, self._cells.before
            for segment in self._cells.series.segments_of.get(measure, ()):
                if (place := places.get(segment)) is not None:
                    found[place] = before(measure, segment, minute)
        return found

    def suffixes(self, base: str) -> list[str]:
        """What follows ``base`` and a colon in the names of measures in use."""
        return self._followers(f"{base}:")

    def count_values(self, base: str) -> Any:
        """How many values there are in the window."""
        return sum((self.flow(f"{base}={suffix}") for suffix in self._followers(f"{base}=")), self.zero)

    def whole(self) -> View:
        """The same without segments: a view of plain numbers."""
        return self._whole

    @property
    def values_of_segments(self) -> list[str]:
        """The dimension's value in each segment."""
        return [segment.partition("=")[2] for segment in self.segments]

    @property
    def zero(self) -> Ints:
        """Zeros, an entry per segment."""
        return np.zeros(len(self.segments), dtype=np.int64)

    def _followers(self, start: str) -> list[str]:
        if start not in self._ends:
            self._ends[start] = self._cells.suffixes(start, self.segments)
        return self._ends[start]


Rank = Callable[[Many], Ranks | None]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A formula that also gives what orders segments, without computing figures (None: it cannot here)."""

    figure: Callable[[View], Any]
    rank: Rank

    def __call__(self, view: View) -> Any:
        """The figure."""
        return self.figure(view)


def ranks(many: Many, n: Any, numerator: Any = 0, *others: Any) -> Ranks:
    """Ranks of counts; ``others``: further counts that make a segment shown."""
    found = [np.broadcast_to(np.asarray(one, dtype=np.int64), many.zero.shape) for one in (n, numerator, *others)]
    return Ranks(found[0], found[1], np.any(np.stack(found) != 0, axis=0))


def rank_of(formula: Callable[[View], Any], many: Many) -> Ranks | None:
    """What orders segments by this formula; None when that needs figures."""
    return formula.rank(many) if isinstance(formula, Ranked) else None


def order_of(found: Ranks) -> list[int]:
    """Places of the segments that are shown, first one first; ties keep their order."""
    places = np.lexsort((-found.numerator, -found.n))
    chosen: list[int] = places[found.shown[places]].tolist()
    return chosen


def money_rank(many: Many, base: str, *rest: str) -> Ranks | None:
    """Ranks of money of what happened in the window; None unless all of it is in the reporting currency or unpriced.

    ``rest``: other kinds that the number is a share of.
    """
    for one in (base, *rest):
        if set(many.suffixes(f"{one}#")) - {many.currency, ""}:
            return None  # amounts have the rates of their days
    own, counts = many.currency, [base, *rest]
    priced = sum((many.flow(f"{one}#:{own}") for one in counts), many.zero)
    unpriced = [many.flow(f"{one}#:") for one in counts]
    return ranks(many, priced, many.flow(f"{base}:{own}"), *(many.flow(f"{one}:{own}") for one in rest), *unpriced)


def segments_with(cells: Cells, bases: frozenset[str], segments: Sequence[str]) -> list[str]:
    """The segments that occur in a measure of these bases."""
    used: set[str] = set()
    for name, found in cells.series.segments_of.items():
        if base_of(name) in bases:
            used |= found
    return [segment for segment in segments if segment in used]
