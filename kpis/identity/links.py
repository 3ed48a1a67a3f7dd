"""Which ids are one subject: the components of a graph of links, by a rule that ignores the order of arrival.

Explicit merges are joined first and may join two customers. The other links follow in order of their earliest (time,
source, id); of one event's links, those of higher ranked ids come first. A link that would join two ids of the same
rank (`kpis.identity.ranks`) is a *conflict* and set aside. If the latest assertion about a pair is ``unmerged``, the
link is off. Components are updated link by link (`kpis.identity.partition`).
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, NamedTuple

from kpis.identity.ids import CUSTOMER, MATCH, MATCHING, rank
from kpis.identity.link import Link, Stamp
from kpis.identity.partition import LINK, Component, Partition, Watch, pair_of
from kpis.identity.ranks import FORCED, Key, Pair, standing
from kpis.slices import Work


class Edge(NamedTuple):
    """A link's sort keys in the graphs of subjects and of persons (None: no edge in that graph)."""

    key: Key | None
    person: Key | None
    merged: bool


class Unwatched:
    """A `Watch` that does nothing; no id has facts."""

    def has_facts(self, node: str) -> bool:
        """See `Watch`."""
        return False

    def joining(self, one: Component, other: Component) -> None:
        """See `Watch`."""

    def splitting(self, one: Component) -> None:
        """See `Watch`."""

    def changed(self, one: Component) -> None:
        """See `Watch`."""

    def turning(self, pair: Pair) -> None:
        """See `Watch`."""


class Unnotified(Unwatched):
    """A `Watch` that knows which ids have facts, but is notified of links only, not of components."""

    def __init__(self, watch: Watch) -> None:
        self.has_facts = watch.has_facts  # type: ignore[method-assign]
        self.turning = watch.turning  # type: ignore[method-assign]


class Identity:
    """The graph of one tenant's ids. A node that was never linked is its own subject and takes no space.

    ``apart``: customers are accounts, and persons are the components of the other ids. ``watch`` is called before and
    after a component changes.
    """

    def __init__(self, *, apart: bool = False, match_on: Iterable[str] = (), watch: Watch | None = None) -> None:
        self.apart = apart
        # A hash links nothing if its field is not, or no longer, matched on.
        self._ignored = tuple(f"{MATCH}{field}:" for field in MATCHING if field not in match_on)
        self.links: dict[Pair, Link] = {}
        self._neighbours: dict[str, list[str]] = {}
        self._watch = watch or Unwatched()
        self._merged: dict[str, tuple[str, ...]] = {}  # id -> ids of its kind merged with it, sorted
        self._subjects = Partition(self._edges, rank, self._watch)
        self._persons = Partition(self._person_edges, rank, self._watch)
        self.of = self._subjects.of  # id -> its component; public because every event reads it several times

    @staticmethod
    def pair(one: str, other: str) -> Pair:
        """Two ids as a pair in canonical order."""
        return pair_of(one, other)

    @property
    def partitions(self) -> tuple[Partition, Partition]:
        """The partitions into subjects and into persons."""
        return self._subjects, self._persons

    @property
    def aside(self) -> set[Pair]:
        """The links that are set aside."""
        return {*self._subjects.aside, *self._persons.aside}

    @property
    def conflicts(self) -> int:
        """The number of links that are set aside."""
        return len(self.aside)

    def conflict(self, pair: Pair) -> Stamp | None:
        """The earliest event of a link that is set aside; None for any other link."""
        found = any(partition.is_aside(pair) for partition in self.partitions)
        return self.links[pair].together if found else None

    def root(self, node: str) -> str:
        """The subject id of an id: the first id of its component in rank order."""
        found = self.of.get(node)
        return node if found is None else found.name

    def members(self, root: str) -> Collection[str]:
        """All ids of a subject, in no particular order."""
        return _members(self._subjects, root)

    def person(self, node: str) -> str:
        """The person of an id: its subject or, if customers are accounts, its component without customer ids."""
        if not self.apart or node.startswith(CUSTOMER):
            return self.root(node)
        found = self._persons.of.get(node)
        return node if found is None else found.name

    def person_members(self, person: str) -> Collection[str]:
        """All ids of a person, in no particular order."""
        apart = self.apart and not person.startswith(CUSTOMER)
        return _members(self._persons, person) if apart else self.members(person)

    def carries(self, pair: Pair, stamp: Stamp) -> bool:
        """Whether an event that carries this pair changes its link. Cheap, as most events repeat known links."""
        link = self.links.get(pair)
        return link is None or link.carried is None or stamp < link.carried

    def reach(self, *nodes: str) -> set[str]:
        """Every id connected with these by links, whether on or off."""
        found = set(nodes)
        queue = list(found)
        while queue:
            for other in self._neighbours.get(queue.pop(), ()):
                if other not in found:
                    found.add(other)
                    queue.append(other)
        return found

    def stand_aside(self, nodes: Collection[str]) -> bool:
        """Whether a link of any of these ids is set aside."""
        return not all(partition.ends_aside.isdisjoint(nodes) for partition in self.partitions)

    def is_alone(self, node: str) -> bool:
        """Whether an id's person has no other id."""
        return node not in self._persons.of

    def note_facts(self, node: str) -> None:
        """Note that an id has facts."""
        for partition in self.partitions:
            if (found := partition.of.get(node)) is not None:
                found.facts = True

    # --- what changes links

    def change(self, pair: Pair, apply: Callable[[Link], Any]) -> bool:
        """Apply an event's assertion to a link and update the components; returns whether the link changed."""
        link, changed_link = self._link(pair), self.links[pair].copy()
        apply(changed_link)
        if changed_link.encode() == link.encode():
            return False
        before, after = self._edge(pair, link), self._edge(pair, changed_link)
        self.links[pair] = changed_link
        changes = (
            (self._subjects, self._subjects.plan(pair, before.key, after.key)),
            (self._persons, self._persons.plan(pair, before.person, after.person)),
        )
        self.links[pair] = link
        if before.merged != after.merged and _kind(pair[0]) == _kind(pair[1]):
            for node in pair:  # their merged ids change
                self._watch.splitting(self._subjects.component(node))
        for partition, change in changes:
            partition.announce(change)
        if self.conflict(pair) is not None:
            self._watch.turning(pair)  # its earliest event may be earlier than was known
        self.links[pair] = changed_link
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
        """A link's edge; without keys if it is off, or if its hash field is not (or no longer) matched on."""
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
        """The ids of the same kind that were merged with an id, including itself, sorted."""
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
        """Rename ids (None: remove them), also in their links. Returns the changed pairs, old and new.

        A link through a hash is dropped if one of its ends keeps its name. The watch is not called: retract what
        depends on the subjects and persons before the call, and note the facts of the new names after it.
        """
        for node in names:
            for one in self._merged.get(node, ()):
                del self._merged[one]
        left = [(partition, partition.dissolve(names)) for partition in self.partitions]
        changed = self._replace_links(names)
        new_names = [name for name in names.values() if name is not None]
        self._subjects.watch = self._persons.watch = Unnotified(self._watch)
        for partition, nodes in left:
            partition.put_all([*(node for node in nodes if node not in names), *new_names])
        self._subjects.watch = self._persons.watch = self._watch
        return changed

    def _replace_links(self, names: dict[str, str | None]) -> set[Pair]:
        changed = set[Pair]()
        for pair in [pair_of(one, other) for one in names for other in self._neighbours.get(one, ())]:
            if (link := self.links.get(pair)) is None:
                continue  # both ends are renamed, and the other end came first
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
        """Load a stored link; call ``rebuild_all`` after the last."""
        self._link(pair)
        self.links[pair] = Link.decode(stored)

    def drop(self, pair: Pair) -> None:
        """Remove a link that is not in any component yet."""
        if self.links.pop(pair, None) is not None:
            for one, other in (pair, pair[::-1]):
                self._neighbours[one].remove(other)
                if not self._neighbours[one]:
                    del self._neighbours[one]

    def rebuild_all(self) -> Work:
        """Build all components, after the last link has been loaded."""
        assert not self.of, "links are loaded before any event"
        edges = {pair: self._edge(pair, link) for pair, link in self.links.items()}
        yield LINK * len(edges)
        yield from self._subjects.build_all([(edge.key, pair) for pair, edge in edges.items() if edge.key is not None])
        persons = [(edge.person, pair) for pair, edge in edges.items() if edge.person is not None]
        yield from self._persons.build_all(persons)


def _key(pair: Pair, merged: bool, stamp: Stamp | None) -> Key:
    """Sort key: merges first, then by rank (higher first), then by event, then by the ids."""
    if merged:
        return FORCED
    assert stamp is not None, "a link is carried or merged"
    return (max(map(standing, pair)), stamp, sorted(map(rank, pair)))


def _kind(node: str) -> str:
    return node[: node.index(":")]


def _members(partition: Partition, name: str) -> Collection[str]:
    found = partition.of.get(name)
    return (name,) if found is None or found.name != name else found.members
