"""Lists of facts in bounded changelog entries: the events of one object, or of one id, in order of arrival.

An entry holds as many events as fit. The first is named after the list; the others add a number, under a kind of their
own (``deal+``). A full entry is never rewritten, so a further event rewrites little, however long the list. A list that
an earlier build stored whole is cut when it is next written.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import orjson

FULL: Final = 16_384  # bytes of an entry; a larger event has an entry to itself
MORE: Final = "+"  # appended to the kind of a list for its entries after the first


class Chunks:
    """Where the lists of one tenant are cut."""

    def __init__(self) -> None:
        self._starts: dict[tuple[str, str], list[int]] = {}  # (kind, name) of a list -> where its entries begin
        self._waiting: dict[tuple[str, str], dict[int, list[Any]]] = {}  # entries after the first, while loading
        self._stored: dict[tuple[str, str], int] = {}  # lists to be rewritten -> how many entries they may have

    def renew(self, kind: str, name: str) -> None:
        """Mark a list whose events changed, or that is gone: `dirty` rewrites it from the beginning."""
        starts = self._starts.pop((kind, name), (0,))
        self._stored[kind, name] = max(len(starts), self._stored.get((kind, name), 0))

    def dirty(
        self, kind: str, name: str, facts: Sequence[Any], encode: Callable[[Any], Any] = list
    ) -> Iterator[tuple[int, bytes | None]]:
        """The entries (number, JSON) of a list to write: the last written one and new ones.

        For a list marked by `renew`: all entries, and None for entries it no longer has. ``encode``: fact -> JSON.
        """
        written = 0
        for written, value in self._grown(kind, name, facts, encode) if facts else ():
            yield written, value
        for number in range(written + 1 if facts else 0, self._stored.pop((kind, name), 0)):
            yield number, None

    def _grown(
        self, kind: str, name: str, facts: Sequence[Any], encode: Callable[[Any], Any]
    ) -> Iterator[tuple[int, bytes]]:
        starts = self._starts.get((kind, name), [0])
        first = start = starts[-1]
        number, size = len(starts) - 1, 0
        encoded = [orjson.dumps(encode(fact)) for fact in facts[start:]]
        for place, one in enumerate(encoded, start):
            if size and size + len(one) > FULL:
                yield number, _list(encoded[start - first : place - first])
                starts = self._starts[kind, name] = [*starts, place]
                number, start, size = number + 1, place, 0
            size += len(one) + 1
        yield number, _list(encoded[start - first :])

    def go_on(self, before: "Chunks") -> None:
        """Take over where another instance cut the stored lists. This instance must not have written any yet."""
        self._starts = before._starts
        self._stored.clear()

    # --- a restart

    def hold(self, kind: str, name: str, number: int, facts: list[Any]) -> None:
        """Hold an entry after the first until all are loaded."""
        self._waiting.setdefault((kind, name), {})[number] = facts

    def assemble(self, lists: Callable[[str], dict[str, list[Any]]]) -> None:
        """Join the loaded entries to lists; ``lists``: the lists of a kind by name."""
        for (kind, name), held in self._waiting.items():
            facts = lists(kind).setdefault(name, [])
            starts = self._starts[kind, name] = [0]
            for _, more in sorted(held.items()):
                starts.append(len(facts))
                facts += more
        self._waiting.clear()


def _list(encoded: list[bytes]) -> bytes:
    return b"[%b]" % b",".join(encoded)
