"""Components of a graph that changes, kept as a minimum spanning forest in the order of its edges' keys.

Of the nodes some are *anchors* (customers): a component has those of one anchor, and of others only where edges that
are FORCED join them. So a component is what Kruskal's algorithm makes that takes the forced edges first, then the
others by key, and passes over each that would join two anchored components: such an edge stands *apart*. That is the
minimum spanning forest of the graph with one more node to which every anchor has an edge before all others. A forest
is kept up without looking at the whole graph: a new edge that closes a circle matters only when its key is less than
that of another edge of the circle, and an edge that goes has one to take its place at most.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any, Final, Protocol

Key = tuple[Any, ...]
Pair = tuple[str, str]
FORCED: Final[Key] = ()  # before every other key


def pair_of(one: str, other: str) -> Pair:
    """A pair in its one spelling."""
    return (one, other) if one < other else (other, one)


class Component:
    """Nodes that are one, by the first of them in rank order.

    ``latest``: no edge of its tree has a greater key. ``facts``: some node may have facts; False: none has.
    """

    __slots__ = ("anchors", "facts", "latest", "members", "name")

    def __init__(self, name: str, members: Iterable[str], anchors: int, *, facts: bool) -> None:
        self.name = name
        self.members = dict.fromkeys(members)
        self.anchors = anchors
        self.latest: Key = FORCED
        self.facts = facts


class Watch(Protocol):
    """Who wants to know that components are about to change."""

    def has_facts(self, node: str) -> bool:
        """Whether a node that is alone has facts."""

    def joining(self, one: Component, other: Component) -> None:
        """Two are about to be one."""

    def splitting(self, one: Component) -> None:
        """One is about to lose nodes."""

    def made(self, one: Component) -> None:
        """One has other nodes now."""


class Forest:
    """``anchor``: the space of ids that are anchors; ``edges``: a node's edges that are on, as (other node, key)."""

    def __init__(
        self,
        anchor: str | None,
        edges: Callable[[str], Iterable[tuple[str, Key]]],
        rank: Callable[[str], Any],
        watch: Watch,
    ) -> None:
        self.of: dict[str, Component] = {}  # of every node that is not alone
        self.apart = 0  # how many edges stand apart
        self._anchor = anchor
        self._edges = edges
        self._rank = rank
        self.watch = watch
        self._up: dict[str, str] = {}  # node -> its parent; the root of a tree with anchors is one of them
        self._down: dict[str, set[str]] = {}
        self._keys: dict[Pair, Key] = {}  # of the edges in trees
        self._apart: dict[str, set[str]] = {}  # node -> the other ends of its edges that stand apart

    def holds(self, one: str, other: str) -> bool:
        """Whether an edge is in a tree: without it a component may be two."""
        return pair_of(one, other) in self._keys

    def component(self, node: str) -> Component:
        """The component of a node."""
        return self.of.get(node) or Component(node, (node,), self._is_anchor(node), facts=self.watch.has_facts(node))

    def _is_anchor(self, node: str) -> bool:
        return self._anchor is not None and node.startswith(self._anchor)

    # --- an edge comes, or comes earlier

    def put(self, one: str, other: str, key: Key) -> None:
        """An edge is on now, or its key is less than it was. Mostly it costs the smaller of two components."""
        if self.holds(one, other):
            self._keys[pair_of(one, other)] = key
            return
        mine, its = self.component(one), self.component(other)
        if mine is its:
            if key < mine.latest:
                self._shorten(one, other, key)
        elif not (mine.anchors and its.anchors):
            self._join(one, other, key)
        elif (
            key < max(mine.latest, its.latest)
            and (last := self._last(chain(self._way(one), self._way(other))))[0] > key
        ):
            self._move(last[1], one, other, key)
        elif key == FORCED:
            self._join(one, other, key)
        else:
            self._set_apart(one, other, apart=True)

    def _shorten(self, one: str, other: str, key: Key) -> None:
        """An edge inside a tree takes the place of the last one on the way between its ends, if that comes after it."""
        way, back = list(self._way(one)), list(self._way(other))
        while way and back and way[-1] == back[-1]:
            del way[-1], back[-1]
        last, below = self._last(chain(way, back))
        if last > key:
            self._cut(below)
            self._hang(*((one, other) if below in way else (other, one)), key)

    def _move(self, below: str, one: str, other: str, key: Key) -> None:
        """What hangs from a node leaves its anchor for that of an edge which came before."""
        inner, outer = (one, other) if below in self._way(one) else (other, one)
        self.watch.splitting(self.of[below])
        moved = list(self._part(below).members)
        self._join(inner, outer, key)
        self._look_again(moved)

    def _way(self, node: str | None) -> Iterator[str]:
        """From a node up to its root."""
        while node is not None:
            yield node
            node = self._up.get(node)

    def _last_to_anchors(self, one: str, other: str) -> tuple[Key, str]:
        return self._last(chain(self._way(one), self._way(other)))

    def _last(self, way: Iterable[str]) -> tuple[Key, str]:
        """The greatest key of the edges above some nodes, and which node is below it."""
        up, keys = self._up, self._keys
        return max(((keys[pair_of(node, up[node])], node) for node in way if node in up), default=(FORCED, ""))

    def _join(self, one: str, other: str, key: Key) -> None:
        """Make two components one."""
        mine, its = self.component(one), self.component(other)
        self.watch.joining(mine, its)
        large, small = (mine, its) if len(mine.members) >= len(its.members) else (its, mine)
        for node in small.members if mine.anchors and its.anchors else ():
            for far in [far for far in self._apart.get(node, ()) if far in large.members]:
                self._set_apart(node, far, apart=False)
        # What has no anchor hangs below what has one.
        low = small if bool(mine.anchors) == bool(its.anchors) else its if mine.anchors else mine
        self._hang(*((one, other) if low is mine else (other, one)), key)
        large.members.update(small.members)
        self.of.update(dict.fromkeys((large.name, *small.members), large))
        large.name = min(large.name, small.name, key=self._rank)
        large.anchors += small.anchors
        large.latest = max(large.latest, small.latest, key)
        large.facts = large.facts or small.facts
        self.watch.made(large)

    def _hang(self, node: str, above: str, key: Key) -> None:
        """Hang the tree of a node below a node of another one."""
        self._turn(node)
        self._up[node] = above
        self._down.setdefault(above, set()).add(node)
        self._keys[pair_of(node, above)] = key

    def _turn(self, node: str) -> None:
        """Make a node the root of its tree."""
        behind, way = None, list(self._way(node))
        for at in way:
            above = self._up.pop(at, None)
            if above is not None:
                self._down[above].discard(at)
            if behind is not None:
                self._up[at] = behind
                self._down.setdefault(behind, set()).add(at)
            behind = at

    # --- an edge goes, or comes later

    def remove(self, one: str, other: str) -> None:
        """An edge is off now, or its key is greater than it was. In a tree it costs the nodes on one side."""
        if not self.holds(one, other):
            self._set_apart(one, other, apart=False)
            return
        below = one if self._up.get(one) == other else other
        rest = self.of[below]
        part = self._part(below)
        moved = list(part.members)
        # All edges that leave a side without anchors may take its place; between two with anchors a forced one.
        smaller = min(part, rest, key=lambda side: len(side.members))
        free = smaller if bool(part.anchors) == bool(rest.anchors) else part
        found = self._replacement(free)
        if found is not None and (found[2] == FORCED or not (part.anchors and rest.anchors)):
            self._join(*found)
        self._set_apart(one, other, apart=False)
        self._look_again(moved)

    def _replacement(self, part: Component) -> tuple[str, str, Key] | None:
        """The first of all edges that leave a component."""
        leaving = (
            (key, node, other)
            for node in part.members for other, key in self._edges(node) if other not in part.members
        )  # fmt: skip
        found = min(leaving, default=None)
        return None if found is None else (found[1], found[2], found[0])

    def _cut(self, below: str) -> None:
        above = self._up.pop(below)
        self._down[above].discard(below)
        del self._keys[pair_of(below, above)]

    def _part(self, below: str) -> Component:
        """Cut a node with all below it off its tree: a component of its own, until it is joined to another."""
        rest = self.of[below]
        self._cut(below)
        nodes = [below]
        for node in nodes:
            nodes.extend(self._down.get(node, ()))
        anchors = [node for node in nodes if self._is_anchor(node)]
        if anchors:
            self._turn(anchors[0])
        part = Component(min(nodes, key=self._rank), nodes, len(anchors), facts=rest.facts)
        part.latest = rest.latest
        for node in nodes:
            del rest.members[node]
        self.of.update(dict.fromkeys(nodes, part))
        rest.anchors -= len(anchors)
        if rest.name in part.members:
            rest.name = min(rest.members, key=self._rank)
        for one in (rest, part):
            if len(one.members) == 1:
                del self.of[one.name]
            self.watch.made(one)
        return part

    # --- nodes that get other names

    def dissolve(self, nodes: Iterable[str]) -> list[str]:
        """Take the components of some nodes apart; returns all their nodes, whose edges are to be put again."""
        found: dict[str, None] = {}
        for node in nodes:
            component = self.of.get(node)
            found.update(dict.fromkeys((node,)) if component is None else component.members)
        for node in found:
            self.of.pop(node, None)
            self._down.pop(node, None)
            if (above := self._up.pop(node, None)) is not None:
                del self._keys[pair_of(node, above)]
            for far in list(self._apart.get(node, ())):
                self._set_apart(node, far, apart=False)
            self._apart.pop(node, None)
        return list(found)

    def put_all(self, nodes: Iterable[str]) -> None:
        """Put all edges of some nodes. In their order none has to take the place of another."""
        edges = {pair_of(node, other): key for node in nodes for other, key in self._edges(node)}
        for pair, key in sorted(edges.items(), key=lambda edge: (edge[1], edge[0])):
            self.put(*pair, key)

    # --- edges that stand apart

    def _are_two(self, one: str, other: str) -> bool:
        mine = self.of.get(one)
        return mine is None or mine is not self.of.get(other)

    def _look_again(self, nodes: Iterable[str]) -> None:
        """Find anew which edges of some nodes stand apart."""
        for node in nodes:
            for other, _ in self._edges(node):
                self._set_apart(node, other, apart=self._are_two(node, other))

    def _set_apart(self, one: str, other: str, *, apart: bool) -> None:
        if apart != (other in self._apart.get(one, ())):
            self.apart += 1 if apart else -1
            for node, far in ((one, other), (other, one)):
                if apart:
                    self._apart.setdefault(node, set()).add(far)
                else:
                    self._apart[node].discard(far)
