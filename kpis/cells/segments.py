"""The segments a fact falls in, as one code, and the limit on the values of a dimension."""

from typing import Final

EVERYTHING: Final = ""  # the segment `{}`
OTHER: Final = "__other__"
ALWAYS: Final = frozenset({OTHER, "unknown"})
VALUES_KEPT: Final = 5000  # of a dimension
VALUES_AN_ENTRY: Final = 200


class Segments:
    """Sets of segments <-> codes. A segment is text, ``dimension=value``; every set begins with the empty one.

    A dimension has at most VALUES_KEPT values. When it is full its list is fixed for ever and stored, and any other
    value falls in `__other__`. No value was turned away before, so what a fact contributes never changes.
    """

    def __init__(self) -> None:
        self.sets: list[tuple[str, ...]] = []
        self.values: dict[str, set[str]] = {}  # dimension -> its segments
        self.full: set[str] = set()  # dimensions that accept no more values
        self.filled: set[str] = set()  # dimensions whose lists are to be stored
        self.stored: dict[tuple[str, int], list[str]] = {}  # pieces of lists, while entries are restored
        self._codes: dict[tuple[str, ...], int] = {}
        self.everything = self.code(())

    def code(self, segments: tuple[str, ...]) -> int:
        """The code of a set of segments; the segment `{}` is always in it."""
        whole = (EVERYTHING, *segments)
        found = self._codes.get(whole)
        if found is None:
            fitted = tuple(map(self.fit, segments))
            if fitted != segments:
                return self.code(fitted)  # not cached: values that do not fit are unlimited
            found = self._codes[whole] = len(self.sets)
            self.sets.append(whole)
        return found

    def fit(self, segment: str) -> str:
        """The segment itself, or `__other__` of its dimension when that is full without it."""
        dimension, _, value = segment.partition("=")
        if value in ALWAYS or segment in self.values.get(dimension, ()):
            return segment
        if dimension in self.full:
            return f"{dimension}={OTHER}"
        self.admit(segment)
        return segment

    def admit(self, segment: str) -> None:
        """Add a segment, even beyond the limit."""
        dimension, sign, value = segment.partition("=")
        if not sign or value in ALWAYS:
            return
        values = self.values.setdefault(dimension, set())
        values.add(segment)
        if len(values) >= VALUES_KEPT and dimension not in self.full:
            self.full.add(dimension)
            self.filled.add(dimension)

    def pieces(self, dimension: str) -> int:
        """How many entries store the list of a full dimension."""
        return -(-len(self.values[dimension]) // VALUES_AN_ENTRY)

    def piece(self, dimension: str, number: int) -> list[str]:
        """The content of one such entry."""
        return sorted(self.values[dimension])[number * VALUES_AN_ENTRY : (number + 1) * VALUES_AN_ENTRY]

    def settle(self) -> None:
        """Restore the stored lists, after the last entry."""
        for (dimension, _), segments in self.stored.items():
            self.values.setdefault(dimension, set()).update(segments)
            self.full.add(dimension)
        self.stored.clear()
