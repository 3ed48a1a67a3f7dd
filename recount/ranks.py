"""Which ids are the same subject, by rank of their kinds: customer > user > lead > anonymous > hash.

Explicit merges always join. Then come the links: those of users first, then of leads, browsers and hashes, each in time
order, so an id belongs to the higher id it was first linked to. A link counts unless it would connect two customers,
two users or two leads that have no higher id in common: among the ids of their own and lower ranks, the joined set has
at most one of them.
"""

from collections.abc import Iterable
from typing import Final

from recount.nodes import SPACES, Node, Pair

RANKED: Final = ("customer", "user", "lead", "anonymous", "match")
ALONE: Final = ("customer", "user", "lead")  # no two of these may meet through lower ids


def standing(node: Node) -> int:
    """The rank of an id's kind, 0 the highest."""
    return RANKED.index(SPACES[node.space])


def lower(pair: Pair) -> int:
    """The rank of a link's lower end."""
    return max(map(standing, pair))


class Ranks:
    """Disjoint sets of ids, also with all ids above users, and above leads, left out."""

    def __init__(self, merged: Iterable[Pair], links: Iterable[Pair]) -> None:
        self.sets: list[dict[Node, set[Node]]] = [{} for _ in ALONE]
        for one, other in merged:
            self.join(one, other)
        self.refused = [found for found in sorted(links, key=lower) if not self.take(*found)]

    def set_of(self, rank: int, node: Node) -> set[Node]:
        """The ids connected to an id through ids of a rank and below."""
        return self.sets[rank].get(node, {node})

    def met(self, one: Node, other: Node) -> list[tuple[int, set[Node], set[Node]]]:
        """The sets a link would join, at each rank that contains both ends."""
        highest = min(standing(one), standing(other))
        found = [(rank, self.set_of(rank, one), self.set_of(rank, other)) for rank in range(min(highest + 1, 3))]
        return [(rank, mine, its) for rank, mine, its in found if other not in mine]

    def take(self, one: Node, other: Node) -> bool:
        """Join two ids unless two of one rank would meet; returns whether it did."""
        for rank, mine, its in self.met(one, other):
            if all(any(standing(node) == rank for node in each) for each in (mine, its)):
                return False
        self.join(one, other)
        return True

    def join(self, one: Node, other: Node) -> None:
        """Join two ids."""
        for rank, mine, its in self.met(one, other):
            small, large = sorted((mine, its), key=len)
            large |= small
            self.sets[rank].update(dict.fromkeys(large if len(large) == 2 else small, large))

    def name(self, node: Node) -> Node:
        """The first of an id's set in naming order."""
        return min(self.set_of(0, node))
