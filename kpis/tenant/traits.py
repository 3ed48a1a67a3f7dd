"""Traits: what is asserted of a subject's ids, by dimension, and the segments that the latest assertions put it in."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from kpis.cells.segments import Segments
from kpis.identity.ids import segment_of

Assertion = list[Any]  # [t, source, event id, value]; the latest by the first three holds
OWN_DIMENSIONS: Final = ("source", "owner", "country")


class Traits:
    """Every tenant's subject has some. ``raws``: all ids and objects of a subject, by its root."""

    def __init__(
        self, segments: Segments, dimensions: tuple[str, ...], raws: Callable[[str], Iterable[str]]
    ) -> None:  # fmt: skip
        self.of: dict[str, dict[str, Assertion]] = {}  # id -> dimension -> latest assertion
        self.dimensions = (*OWN_DIMENSIONS, *dimensions)
        self.codes: dict[str, int] = {}  # root -> code of its segments; missing: not asked for since they changed
        self._latest: dict[str, dict[str, Assertion]] = {}  # root -> dimension -> latest of all its ids
        self._segments = segments
        self._raws = raws

    def code(self, root: str) -> int:
        """Code of the segments that a subject falls in."""
        latest = self.latest(root)
        values = ((name, latest[name][3] if name in latest else None) for name in self.dimensions)
        code = self.codes[root] = self._segments.code(tuple(segment_of(*pair) for pair in values))
        return code

    def latest(self, root: str) -> dict[str, Assertion]:
        """The latest assertion about a subject in each dimension."""
        found = self._latest.get(root)
        if found is None:
            found = self._latest[root] = _merged([self.of[raw] for raw in self._raws(root) if raw in self.of])
        return found

    def values(self, root: str) -> dict[str, Any]:
        """What a subject's traits are, by dimension; between batches."""
        return {name: said[3] for name, said in sorted(self.latest(root).items())}

    def is_news(self, raw: str, dimension: str, said: Assertion) -> bool:
        """Whether it is later than what this id has."""
        held = self.of.get(raw, {}).get(dimension)
        return held is None or held[:3] < said[:3]

    def moves(self, root: str, dimension: str, said: Assertion) -> bool:
        """Whether an assertion puts a subject in other segments."""
        current = self.latest(root).get(dimension)
        return current is None or (current[:3] < said[:3] and current[3] != said[3])

    def take(self, raw: str, root: str, dimension: str, said: Assertion) -> None:
        """Keep an assertion that is news about an id, of this subject."""
        latest = self.latest(root)
        if self.moves(root, dimension, said):
            self.codes.pop(root, None)
        if dimension not in latest or latest[dimension][:3] < said[:3]:
            latest[dimension] = said
        self.of.setdefault(raw, {})[dimension] = said

    def join(self, name: str, before: Iterable[dict[str, Assertion]]) -> None:
        """A subject of this name is made of others, which had these latest assertions."""
        self._latest[name] = _merged(before)

    def forget(self, root: str) -> None:
        """The subject's ids change: its latest assertions are found again."""
        self.codes.pop(root, None)
        self._latest.pop(root, None)


def _merged(assertions: Iterable[dict[str, Assertion]]) -> dict[str, Assertion]:
    found: dict[str, Assertion] = {}
    for one in assertions:
        for dimension, said in one.items():
            if dimension not in found or found[dimension][:3] < said[:3]:
                found[dimension] = said
    return found
