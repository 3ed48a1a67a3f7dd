"""Ranks of ids, and which links between them count.

Ids rank customer > user > lead > anonymous > hash. Explicit merges always count. Then come the links of users, of
leads, of browsers and of hashes, each in order of time. A link counts unless it would connect two customers, two users
or two leads through ids that rank no higher. So an id belongs to the higher ranked id it was first linked to, and a
shared device does not merge two users.
"""

from collections.abc import Iterable
from typing import Any, Final

Key = tuple[Any, ...]
Pair = tuple[str, str]
FORCED: Final[Key] = ()  # before every other key
RANKS: Final = {"customer": 0, "user": 1, "lead": 2, "anonymous": 3, "match": 4}
LEVELS: Final = 3  # ranks whose ids are never connected through others; level n: the ids of rank n and lower


def standing(node: str) -> int:
    """The rank of an id, 0 the highest."""
    return RANKS[node[: node.index(":")]]


def levels_of(one: str, other: str) -> range:
    """The levels that contain both ids."""
    return range(min(standing(one) + 1, standing(other) + 1, LEVELS))


class Levels:
    """Disjoint sets of ids at each level, joined link by link. An id of the level's own rank names its set."""

    def __init__(self) -> None:
        self._up: tuple[dict[str, str], ...] = tuple({} for _ in range(LEVELS))

    def name(self, level: int, node: str) -> str:
        """The id that names a node's set."""
        up = self._up[level]
        while (above := up.get(node)) is not None:
            if (top := up.get(above)) is not None:
                up[node] = top
            node = above
        return node

    def take(self, one: str, other: str, *, forced: bool) -> bool:
        """Join two ids; returns False if that would connect two ids of one rank and is not ``forced``."""
        found = []
        for level in levels_of(one, other):
            mine, its = self.name(level, one), self.name(level, other)
            if mine == its:
                continue
            if not forced and standing(mine) == standing(its) == level:
                return False
            found.append((level, its, mine) if standing(its) == level else (level, mine, its))
        for level, above, below in found:
            self._up[level][below] = above
        return True


def settled(links: Iterable[tuple[Key, Pair]]) -> tuple[Levels, list[Pair]]:
    """The sets that result from links, and the pairs that are set aside."""
    levels = Levels()
    aside = [pair for key, pair in sorted(links) if not levels.take(*pair, forced=key == FORCED)]
    return levels, aside
