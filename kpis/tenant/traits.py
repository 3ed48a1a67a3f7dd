"""Traits: assertions about a subject's ids, by dimension, and the segments that follow from the latest."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from kpis.cells.segments import Segments
from kpis.identity.ids import segment_of

Assertion = list[Any]  # [ms, source, event id, value]; the latest by the first three wins
OWN_DIMENSIONS: Final = ("source", "owner", "country")


class Traits:
    """The traits of one tenant's subjects. ``raws``: subject id -> all its source ids and objects."""

    def __init__(
        self, segments: Segments, dimensions: tuple[str, ...], raws: Callable[[str], Iterable[str]]
    ) -> None:  # fmt: skip
        self.of: dict[str, dict[str, Assertion]] = {}  # id -> dimension -> latest assertion
        self.dimensions = (*OWN_DIMENSIONS, *dimensions)
        self.codes: dict[str, int] = {}  # subject id -> code of its segments; missing: not read since they changed
        self._latest: dict[str, dict[str, Assertion]] = {}  # subject id -> dimension -> latest over all its ids
        self._segments = segments
        self._raws = raws

    def code(self, root: str) -> int:
        """The code of a subject's segments."""
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
        """A subject's traits by dimension; between batches."""
        return {name: assertion[3] for name, assertion in sorted(self.latest(root).items())}

    def is_newer(self, raw: str, dimension: str, assertion: Assertion) -> bool:
        """Whether an assertion is later than the id's current one."""
        held = self.of.get(raw, {}).get(dimension)
        return held is None or held[:3] < assertion[:3]

    def moves(self, root: str, dimension: str, assertion: Assertion) -> bool:
        """Whether an assertion changes a subject's segments."""
        current = self.latest(root).get(dimension)
        return current is None or (current[:3] < assertion[:3] and current[3] != assertion[3])

    def take(self, raw: str, root: str, dimension: str, assertion: Assertion) -> None:
        """Store an assertion that is newer than the id's current one. ``root``: the id's subject."""
        latest = self.latest(root)
        if self.moves(root, dimension, assertion):
            self.codes.pop(root, None)
        if dimension not in latest or latest[dimension][:3] < assertion[:3]:
            latest[dimension] = assertion
        self.of.setdefault(raw, {})[dimension] = assertion

    def join(self, name: str, before: Iterable[dict[str, Assertion]]) -> None:
        """Set the latest assertions of a subject that joins others with these latest assertions."""
        self._latest[name] = _merged(before)

    def forget(self, root: str) -> None:
        """Drop what is cached of a subject whose ids change."""
        self.codes.pop(root, None)
        self._latest.pop(root, None)


def _merged(assertions: Iterable[dict[str, Assertion]]) -> dict[str, Assertion]:
    found: dict[str, Assertion] = {}
    for one in assertions:
        for dimension, assertion in one.items():
            if dimension not in found or found[dimension][:3] < assertion[:3]:
                found[dimension] = assertion
    return found
