"""Components of ids, updated link by link, by the rule of `kpis.identity.ranks`.

Most links join two components or change nothing, which is decided from their ends alone. If a link may change which
other links count (it came late, or one is removed), everything linked with it is recomputed.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, KeysView
from itertools import chain
from typing import Final, NamedTuple, Protocol

from kpis.identity.ranks import FORCED, LEVELS, Key, Levels, Pair, levels_of, settled, standing
from kpis.slices import Work

LINK: Final = 10  # units of work
Edges = Callable[[str], Iterable[tuple[str, Key]]]


def pair_of(one: str, other: str) -> Pair:
    """Two ids as a pair in canonical order."""
    return (one, other) if one < other else (other, one)


class Component:
    """Connected nodes, named by the first of them in the order of names.

    ``counts``: the number of its nodes at each rank below LEVELS. ``facts``: False if certainly no node has facts.
    """

    __slots__ = ("counts", "facts", "members", "name")

    def __init__(self, name: str, members: Iterable[str], *, facts: bool) -> None:
        self.name = name
        self.members = dict.fromkeys(members)
        ranks = list(map(standing, self.members))
        self.counts = [ranks.count(level) for level in range(LEVELS)]
        self.facts = facts


class Watch(Protocol):
    """Callbacks before and after components change."""

    def has_facts(self, node: str) -> bool:
        """Whether a node outside any component has facts."""

    def joining(self, one: Component, other: Component) -> None:
        """Two components are about to be joined."""

    def splitting(self, one: Component) -> None:
        """A component is about to change its nodes."""

    def changed(self, one: Component) -> None:
        """A component has changed its nodes."""

    def turning(self, pair: Pair) -> None:
        """An edge is about to stand aside, or to stand aside no more."""


class Change(NamedTuple):
    """What a link changes: components removed, the nodes of components added, pairs set aside and pairs restored.

    If two components are removed and at most one is added, the two are joined.
    """

    old: Collection[Component] = ()
    new: Collection[Collection[str]] = ()
    aside: Collection[Pair] = ()
    back: Collection[Pair] = ()

    @property
    def joins(self) -> bool:
        """Whether two components become one, and nothing else changes."""
        return len(self.old) == 2 and len(self.new) <= 1


NOTHING = Change()


class Partition:
    """The components of a graph.

    ``edges``: a node's edges that are on, as (other node, key). ``rank``: the order of names.
    """

    def __init__(self, edges: Edges, rank: Callable[[str], tuple[int, str]], watch: Watch) -> None:
        self.of: dict[str, Component] = {}  # every node that has edges -> its component
        self.watch = watch
        self._edges = edges
        self._rank = rank
        self._aside: dict[str, set[str]] = {}  # node -> the other ends of its edges that are set aside

    @property
    def aside(self) -> Iterator[Pair]:
        """The edges that are set aside."""
        return ((one, other) for one, others in self._aside.items() for other in others if one < other)

    @property
    def ends_aside(self) -> KeysView[str]:
        """The nodes of edges that are set aside."""
        return self._aside.keys()

    def is_aside(self, pair: Pair) -> bool:
        """Whether an edge stands aside."""
        return pair[1] in self._aside.get(pair[0], ())

    def component(self, node: str) -> Component:
        """The component of a node."""
        return self.of.get(node) or Component(node, (node,), facts=self.watch.has_facts(node))

    # --- what a link would change; ``edges`` already has its new key

    def plan(self, pair: Pair, before: Key | None, after: Key | None) -> Change:
        """What changes when an edge's key changes from ``before`` to ``after`` (None: the edge is off)."""
        if before == after:
            return NOTHING
        if after is None and self.is_aside(pair):
            return Change(back=(pair,))
        if after is not None and (before is None or after < before):
            found = self._simple_change(pair, before, after)
            if found is not None:
                return found
        return self._resettle(pair)

    def _simple_change(self, pair: Pair, before: Key | None, key: Key) -> Change | None:
        """The change if it follows from the two ends alone; None: it does not."""
        mine, its = map(self.component, pair)
        levels = levels_of(*pair)
        if mine is not its and not any(mine.counts[level] and its.counts[level] for level in levels):
            return Change(old=(mine, its))
        high, low = sorted(pair, key=standing)
        if mine is not its:
            return Change(aside=(pair,)) if self._is_late(high, low, key) else None
        if self.is_aside(pair):
            return None
        alone = before is not None or all(mine.counts[level] <= 1 for level in levels)
        if self._climbs(low, high, key, pair) or (alone and not self._touches_aside(mine)):
            return NOTHING
        return None

    def _touches_aside(self, one: Component) -> bool:
        """Whether any edge of a component is set aside."""
        few, many = sorted((self._aside.keys(), one.members.keys()), key=len)
        return any(node in many for node in few)

    def _is_late(self, high: str, low: str, key: Key) -> bool:
        """Whether an earlier edge already links the lower end to another id of the higher end's rank."""
        level = standing(high)
        return level < min(LEVELS, standing(low)) and any(
            at < key
            for other, at in self._edges(low)
            if standing(other) == level and other != high and not self.is_aside((low, other))
            and self.of.get(other) is not self.of.get(high)
        )  # fmt: skip

    def _climbs(self, low: str, high: str, key: Key, but: Pair) -> bool:
        """Whether edges earlier than a key lead from an id to a higher one, each upwards in rank."""
        return low == high or any(
            self._climbs(other, high, key, but)
            for other, at in self._edges(low)
            if at < key and standing(high) <= standing(other) < standing(low)
            and pair_of(low, other) != but and not self.is_aside((low, other))
        )  # fmt: skip

    def _resettle(self, pair: Pair) -> Change:
        """Recompute everything linked with a pair from all its edges."""
        nodes = dict.fromkeys(pair)
        links: dict[Pair, Key] = {}
        queue = list(nodes)
        for node in queue:
            for other, key in self._edges(node):
                links[pair_of(node, other)] = key
                if other not in nodes:
                    nodes[other] = None
                    queue.append(other)
        levels, aside = settled((key, found) for found, key in links.items())
        new = [group for group in _groups(levels, nodes) if not self._is_component(group)]
        old = {id(found): found for group in new for found in map(self.component, group)}
        was = {found for node in (*nodes, *pair) for found in self._aside_of(node)}
        return Change(list(old.values()), new, set(aside) - was, was - set(aside))

    def _is_component(self, group: Collection[str]) -> bool:
        known = self.component(next(iter(group))).members
        return len(known) == len(group) and all(node in known for node in group)

    # --- changing

    def announce(self, change: Change) -> None:
        """Call the watch for the components that are about to change."""
        if change.joins:
            self.watch.joining(*change.old)
            return
        for one in change.old:
            self.watch.splitting(one)

    def apply(self, change: Change) -> None:
        """Carry out a change."""
        for pair in change.back:
            self._turn(pair, aside=False)
        for pair in change.aside:
            self._turn(pair, aside=True)
        if change.joins:
            self.watch.changed(self._join(*change.old))
            return
        facts = [any(self.component(node).facts for node in group) for group in change.new]
        for one in change.old:
            for node in one.members:
                self.of.pop(node, None)
        made = [self._build(group, facts=known) for group, known in zip(change.new, facts, strict=True)]
        for each in made:
            self.watch.changed(each)

    def _join(self, one: Component, other: Component) -> Component:
        large, small = (one, other) if len(one.members) >= len(other.members) else (other, one)
        large.members.update(small.members)
        self.of.update(dict.fromkeys((large.name, *small.members), large))
        large.name = min(large.name, small.name, key=self._rank)
        large.counts = [mine + its for mine, its in zip(large.counts, small.counts, strict=True)]
        large.facts = large.facts or small.facts
        return large

    def _build(self, group: Collection[str], *, facts: bool) -> Component:
        if len(group) == 1:
            return self.component(next(iter(group)))
        made = Component(min(group, key=self._rank), group, facts=facts)
        self.of.update(dict.fromkeys(group, made))
        return made

    # --- a restart, and renamed nodes

    def build_all(self, links: Collection[tuple[Key, Pair]]) -> Work:
        """Build all components, after a restore."""
        levels = Levels()
        for key, pair in sorted(links):
            if not levels.take(*pair, forced=key == FORCED):
                self._set_aside(pair, aside=True)
            yield LINK
        for group in _groups(levels, dict.fromkeys(chain.from_iterable(pair for _, pair in links))):
            self._build(group, facts=False)
            yield LINK * len(group)

    def dissolve(self, nodes: Iterable[str]) -> list[str]:
        """Dissolve the components of some nodes; returns all their nodes. Put their edges back with `put_all`."""
        found: dict[str, None] = {}
        for node in nodes:
            found.update(dict.fromkeys(self.component(node).members))
        for node in found:
            self.of.pop(node, None)
            for pair in list(self._aside_of(node)):
                self._turn(pair, aside=False)
        return list(found)

    def put_all(self, nodes: Iterable[str]) -> None:
        """Put back all edges of some nodes."""
        links = {pair_of(node, other): key for node in nodes for other, key in self._edges(node)}
        for pair, key in sorted(links.items(), key=lambda link: (link[1], link[0])):
            self.apply(self.plan(pair, None, key))

    def _aside_of(self, node: str) -> Iterator[Pair]:
        return (pair_of(node, other) for other in self._aside.get(node, ()))

    def _turn(self, pair: Pair, *, aside: bool) -> None:
        self.watch.turning(pair)
        self._set_aside(pair, aside=aside)

    def _set_aside(self, pair: Pair, *, aside: bool) -> None:
        for node, far in (pair, pair[::-1]):
            if aside:
                self._aside.setdefault(node, set()).add(far)
                continue
            self._aside.get(node, set()).discard(far)
            if not self._aside.get(node, True):
                del self._aside[node]


def _groups(levels: Levels, nodes: Iterable[str]) -> Collection[list[str]]:
    found: dict[str, list[str]] = {}
    for node in nodes:
        found.setdefault(levels.name(0, node), []).append(node)
    return found.values()
