"""Which ids are one subject: links as a set of undirected edges, components by a rule that no order of arrival changes.

Said outright (``merged``) pairs are joined first, and may join two customers; then every other link in order of its
earliest (time, source, id), links of one event in the order of its ids, those of higher ids first, unless two of one
rank would meet by it (`kpis.identity.ranks`): such a link is a *conflict* and stands aside. An ``unmerged`` that is the
latest word on a pair takes it off. Components are kept up link by link (`kpis.identity.partition`).
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, NamedTuple

from kpis.identity.ids import CUSTOMER, MATCH, MATCHING, rank
from kpis.identity.link import Link, Stamp
from kpis.identity.partition import LINK, Component, Partition, Watch, pair_of
from kpis.identity.ranks import FORCED, Key, Pair, standing
from kpis.slices import Work


class Edge(NamedTuple):
    """What a link is in the graphs: its keys among the edges of subjects and of persons (None: none)."""

    key: Key | None
    person: Key | None
    merged: bool


class Unwatched:
    """Nobody has facts, and nobody wants to know."""

    def has_facts(self, node: str) -> bool:
        """See `Watch`."""
        return False

    def joining(self, one: Component, other: Component) -> None:
        """See `Watch`."""

    def splitting(self, one: Component) -> None:
        """See `Watch`."""

    def made(self, one: Component) -> None:
        """See `Watch`."""

    def turning(self, pair: Pair) -> None:
        """See `Watch`."""


class Untold(Unwatched):
    """Somebody has facts, and is told of links alone, not of components."""

    def __init__(self, watch: Watch) -> None:
        self.has_facts = watch.has_facts  # type: ignore[method-assign]
        self.turning = watch.turning  # type: ignore[method-assign]


class Identity:
    """The graph of one tenant's ids. A node that was never linked is its own subject and takes no space.

    ``apart``: customers are accounts, and persons are the components of the other ids. ``watch`` hears of every
    component before and after it changes.
    """

    def __init__(self, *, apart: bool = False, match_on: Iterable[str] = (), watch: Watch | None = None) -> None:
        self.apart = apart
        # A hash links nothing where its field is not (or no more) matched on.
        self._ignored = tuple(f"{MATCH}{field}:" for field in MATCHING if field not in match_on)
        self.links: dict[Pair, Link] = {}
        self._neighbours: dict[str, list[str]] = {}
        self._watch = watch or Unwatched()
        self._merged: dict[str, tuple[str, ...]] = {}  # id -> all of its kind that were merged with it, in order
        self._subjects = Partition(self._edges, rank, self._watch)
        self._persons = Partition(self._person_edges, rank, self._watch)
        self.of = self._subjects.of  # id -> its component, kept up to date: every event asks several times

    @staticmethod
    def pair(one: str, other: str) -> Pair:
        """A pair in its one spelling."""
        return pair_of(one, other)

    @property
    def partitions(self) -> tuple[Partition, Partition]:
        """Of subjects and of persons."""
        return self._subjects, self._persons

    @property
    def aside(self) -> set[Pair]:
        """The links that stand aside."""
        return {*self._subjects.aside, *self._persons.aside}

    @property
    def conflicts(self) -> int:
        """How many links stand aside."""
        return len(self.aside)

    def conflict(self, pair: Pair) -> Stamp | None:
        """When a link was first said that stands aside; None of any other."""
        found = any(partition.is_aside(pair) for partition in self.partitions)
        return self.links[pair].together if found else None

    def root(self, node: str) -> str:
        """The subject of an id, named by the component's first id in rank order."""
        found = self.of.get(node)
        return node if found is None else found.name

    def members(self, root: str) -> Collection[str]:
        """All ids of a subject, in no order."""
        return _members(self._subjects, root)

    def person(self, node: str) -> str:
        """The person of an id: its subject, where customers are accounts the component of ids without customers."""
        if not self.apart or node.startswith(CUSTOMER):
            return self.root(node)
        found = self._persons.of.get(node)
        return node if found is None else found.name

    def person_members(self, person: str) -> Collection[str]:
        """All ids of a person, in no order."""
        apart = self.apart and not person.startswith(CUSTOMER)
        return _members(self._persons, person) if apart else self.members(person)

    def carries(self, pair: Pair, stamp: Stamp) -> bool:
        """Whether an event that carries this pair says anything new. Cheap: most events repeat known links."""
        link = self.links.get(pair)
        return link is None or link.carried is None or stamp < link.carried

    def reach(self, *nodes: str) -> set[str]:
        """Every id that any chain of links, on or off, connects with these."""
        found = set(nodes)
        queue = list(found)
        while queue:
            for other in self._neighbours.get(queue.pop(), ()):
                if other not in found:
                    found.add(other)
                    queue.append(other)
        return found

    def stand_aside(self, nodes: Collection[str]) -> bool:
        """Whether a link of one of some ids stands aside."""
        return not all(partition.ends_aside.isdisjoint(nodes) for partition in self.partitions)

    def is_alone(self, node: str) -> bool:
        """Whether no other id is of an id's person."""
        return node not in self._persons.of

    def note_facts(self, node: str) -> None:
        """An id has facts."""
        for partition in self.partitions:
            if (found := partition.of.get(node)) is not None:
                found.facts = True

    # --- what changes links

    def change(self, pair: Pair, say: Callable[[Link], Any]) -> bool:
        """Let a link hear what an event says, and keep the components up to date; says whether it was news."""
        link, said = self._link(pair), self.links[pair].copy()
        say(said)
        if said.encode() == link.encode():
            return False
        before, after = self._edge(pair, link), self._edge(pair, said)
        self.links[pair] = said
        changes = (
            (self._subjects, self._subjects.foresee(pair, before.key, after.key)),
            (self._persons, self._persons.foresee(pair, before.person, after.person)),
        )
        self.links[pair] = link
        if before.merged != after.merged and _kind(pair[0]) == _kind(pair[1]):
            for node in pair:  # their merged ids will be others
                self._watch.splitting(self._subjects.component(node))
        for partition, change in changes:
            partition.announce(change)
        if self.conflict(pair) is not None:
            self._watch.turning(pair)  # it may have been said earlier than was known
        self.links[pair] = said
        if before.merged != after.merged:
            self._forget_merged(pair)
        for partition, change in changes:
            partition.apply(change)
        return True

    def _link(self, pair: Pair) -> Link:
        link = self.links.get(pair)
        if link is None:
            link = self.links[pair] = Link()
            for one, other in (pair, pair[::-1]):
                self._neighbours.setdefault(one, []).append(other)
        return link

    def _edge(self, pair: Pair, link: Link) -> Edge:
        """What a link is in the graphs: nothing where it is off, or where nothing is matched on its hash (any more)."""
        if pair[0].startswith(self._ignored) or pair[1].startswith(self._ignored):
            return Edge(None, None, link.merged)
        persons = self.apart and link.one_person and not (pair[0].startswith(CUSTOMER) or pair[1].startswith(CUSTOMER))
        return Edge(
            _key(pair, link.merged, link.carried) if link.on else None,
            _key(pair, link.merged, link.together) if persons else None,
            link.merged,
        )

    def _edges(self, node: str) -> Iterator[tuple[str, Key]]:
        for other in self._neighbours.get(node, ()):
            pair = pair_of(node, other)
            if (key := self._edge(pair, self.links[pair]).key) is not None:
                yield other, key

    def _person_edges(self, node: str) -> Iterator[tuple[str, Key]]:
        for other in self._neighbours.get(node, ()):
            pair = pair_of(node, other)
            if (key := self._edge(pair, self.links[pair]).person) is not None:
                yield other, key

    # --- ids that were merged

    def merged_with(self, node: str) -> tuple[str, ...]:
        """The ids of the same kind that were merged with one, itself among them, in order."""
        known = self._merged.get(node)
        if known is None:
            found = self._find_merged(node)
            known = tuple(sorted(found))
            self._merged.update(dict.fromkeys(found, known))
        return known

    def _find_merged(self, node: str) -> set[str]:
        found, queue = {node}, [node]
        while queue:
            one = queue.pop()
            for other in self._neighbours.get(one, ()):
                if other not in found and _kind(other) == _kind(node) and self.links[pair_of(one, other)].merged:
                    found.add(other)
                    queue.append(other)
        return found

    def _forget_merged(self, pair: Pair) -> None:
        for node in pair:
            for one in self._merged.get(node, ()):
                del self._merged[one]

    def replace(self, names: dict[str, str | None]) -> set[Pair]:
        """Put other names in the place of ids (None: gone), in their links too, which are returned, old and new.

        Of a link to an id that keeps its name nothing stays where a hash made it. Nobody is told: take out what depends
        on the subjects and persons before, and note the facts of the new names after.
        """
        for node in names:
            for one in self._merged.get(node, ()):
                del self._merged[one]
        left = [(partition, partition.dissolve(names)) for partition in self.partitions]
        changed = self._replace_links(names)
        news = [name for name in names.values() if name is not None]
        self._subjects.watch = self._persons.watch = Untold(self._watch)
        for partition, nodes in left:
            partition.put_all([*(node for node in nodes if node not in names), *news])
        self._subjects.watch = self._persons.watch = self._watch
        return changed

    def _replace_links(self, names: dict[str, str | None]) -> set[Pair]:
        changed = set[Pair]()
        for pair in [pair_of(one, other) for one in names for other in self._neighbours.get(one, ())]:
            if (link := self.links.get(pair)) is None:
                continue  # both ends have other names: its other end had its turn
            self.drop(pair)
            changed.add(pair)
            one, other = (names.get(node, node) for node in pair)
            hashed = any(node.startswith(MATCH) for node in pair) and not all(node in names for node in pair)
            if one is not None and other is not None and not hashed:
                changed.add(pair_of(one, other))
                self.load(pair_of(one, other), link.encode())
        return changed

    # --- a restart

    def load(self, pair: Pair, stored: list[Any]) -> None:
        """Put a stored link back; call ``rebuild_all`` after the last."""
        self._link(pair)
        self.links[pair] = Link.decode(stored)

    def drop(self, pair: Pair) -> None:
        """Take a link back, while it is in no component."""
        if self.links.pop(pair, None) is not None:
            for one, other in (pair, pair[::-1]):
                self._neighbours[one].remove(other)
                if not self._neighbours[one]:
                    del self._neighbours[one]

    def rebuild_all(self) -> Work:
        """Make all components, after the last link was loaded."""
        assert not self.of, "links are loaded before any event"
        edges = {pair: self._edge(pair, link) for pair, link in self.links.items()}
        yield LINK * len(edges)
        yield from self._subjects.make_all([(edge.key, pair) for pair, edge in edges.items() if edge.key is not None])
        persons = [(edge.person, pair) for pair, edge in edges.items() if edge.person is not None]
        yield from self._persons.make_all(persons)


def _key(pair: Pair, merged: bool, stamp: Stamp | None) -> Key:
    """What was merged comes first, then the links of higher ids; of those that one event carried, of its first ids."""
    if merged:
        return FORCED
    assert stamp is not None, "a word alone is a merge"
    return (max(map(standing, pair)), stamp, sorted(map(rank, pair)))


def _kind(node: str) -> str:
    return node[: node.index(":")]


def _members(partition: Partition, name: str) -> Collection[str]:
    found = partition.of.get(name)
    return (name,) if found is None or found.name != name else found.members
