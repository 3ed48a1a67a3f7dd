"""Which ids are one, by the rank of their kinds: customer > user > lead > anonymous > hash.

What was merged outright is one, whatever it joins. Then come the links: those of users first, then those of leads, of
browsers and of hashes, each in order of time. So an id belongs to what it was first linked to above it. A link counts
unless two customers, two users or two leads met through it that have nobody above them in common: among the ids of
their own rank and lower ones, what it joins has at most one of them.
"""

from collections.abc import Iterable
from typing import Final

from recount.nodes import SPACES, Node, Pair

RANKED: Final = ("customer", "user", "lead", "anonymous", "match")
ALONE: Final = ("customer", "user", "lead")  # of these no two meet through ids below them


def standing(node: Node) -> int:
    """The rank of an id's kind, 0 the highest."""
    return RANKED.index(SPACES[node.space])


def lower(pair: Pair) -> int:
    """The rank of the lower end of a link."""
    return max(map(standing, pair))


class Ranks:
    """Disjoint sets of ids, and those that are left when all ids above users, and above leads, are taken away."""

    def __init__(self, merged: Iterable[Pair], links: Iterable[Pair]) -> None:
        self.sets: list[dict[Node, set[Node]]] = [{} for _ in ALONE]
        for one, other in merged:
            self.join(one, other)
        self.refused = [found for found in sorted(links, key=lower) if not self.take(*found)]

    def set_of(self, rank: int, node: Node) -> set[Node]:
        """The ids that are one with an id by way of ids of a rank and below it."""
        return self.sets[rank].get(node, {node})

    def met(self, one: Node, other: Node) -> list[tuple[int, set[Node], set[Node]]]:
        """Which sets a link would make one, at each rank that has both its ends."""
        highest = min(standing(one), standing(other))
        found = [(rank, self.set_of(rank, one), self.set_of(rank, other)) for rank in range(min(highest + 1, 3))]
        return [(rank, mine, its) for rank, mine, its in found if other not in mine]

    def take(self, one: Node, other: Node) -> bool:
        """Join two ids unless by that two of a rank met; says whether it did."""
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
        """The first id of those that are one with an id, in the order in which subjects are named."""
        return min(self.set_of(0, node))
