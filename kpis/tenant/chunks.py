"""Lists of facts in bounded entries: the events of one object, or of one id, in the order they came.

An entry holds as many events as fit it. The first goes by the name of the list, those after it by that and a number,
under a kind of their own (``deal+``). One that is full is never written again, so that one more event rewrites little,
however many there are. A list that was stored whole is cut when it is written next.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import orjson

FULL: Final = 16_384  # bytes of an entry; an event that is larger has one of its own
MORE: Final = "+"  # behind the kind of a list: its entries after the first


class Chunks:
    """Where the lists of one tenant are cut."""

    def __init__(self) -> None:
        self._starts: dict[tuple[str, str], list[int]] = {}  # kind and name of a list -> where its entries begin
        self._waiting: dict[tuple[str, str], dict[int, list[Any]]] = {}  # entries after the first, while loaded
        self._stored: dict[tuple[str, str], int] = {}  # lists to be written anew -> how many entries they may have

    def renew(self, kind: str, name: str) -> None:
        """Events of a list have changed, or the list is gone: `dirty` writes it from its beginning."""
        starts = self._starts.pop((kind, name), (0,))
        self._stored[kind, name] = max(len(starts), self._stored.get((kind, name), 0))

    def dirty(
        self, kind: str, name: str, facts: Sequence[Any], encode: Callable[[Any], Any] = list
    ) -> Iterator[tuple[int, bytes | None]]:
        """The entries (number, JSON) of a list that has grown since it was written: the last one, and new ones.

        Of one that was to be renewed all, and None for those that it has no more. ``encode`` makes JSON of a fact.
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
        """Go on with lists that are stored as others were cut. None of these has been written by this one."""
        self._starts = before._starts
        self._stored.clear()

    # --- a restart

    def hold(self, kind: str, name: str, number: int, facts: list[Any]) -> None:
        """Keep an entry after the first until all are loaded."""
        self._waiting.setdefault((kind, name), {})[number] = facts

    def put_together(self, lists: Callable[[str], dict[str, list[Any]]]) -> None:
        """Make whole lists of what was loaded; ``lists``: those of a kind by name."""
        for (kind, name), held in self._waiting.items():
            facts = lists(kind).setdefault(name, [])
            starts = self._starts[kind, name] = [0]
            for _, more in sorted(held.items()):
                starts.append(len(facts))
                facts += more
        self._waiting.clear()


def _list(encoded: list[bytes]) -> bytes:
    return b"[%b]" % b",".join(encoded)
