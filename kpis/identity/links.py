"""Which ids are one subject: links as a set of undirected edges, components by a rule that no order of arrival changes.

Said outright (``merged``) pairs are joined first, and may join two customers; then every other link in order of its
earliest (time, source, id), links of one event in the order of its ids, unless it would join two components that both
hold a customer: such a link is a *conflict* and stands aside. So an id linked to two customers belongs to the one with
the earliest link. An ``unmerged`` that is the latest word on a pair takes it off.
Components are kept as forests (kpis.identity.forest): linking costs the smaller of two.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, Final, NamedTuple

from kpis.identity.forest import FORCED, Component, Forest, Key, Pair, Watch, pair_of
from kpis.slices import Work

KINDS: Final = ("customer", "lead", "user", "anonymous", "match")
FIELDS: Final = (
    ("customer_id", "customer:"),
    ("lead_id", "lead:"),
    ("user_id", "user:"),
    ("anonymous_id", "anonymous:"),
)
CUSTOMER: Final = "customer:"
MATCH: Final = "match:"  # a hash that several ids share: a node that nothing is ever filed under
MATCHING: Final = ("email_hash", "phone_hash")
PERSON_KINDS: Final = ("user", "lead", "anonymous")

Stamp = tuple[int, str, str]  # (time ms, source, id) of the event that said so: a total order
LINK: Final = 10  # units of work


class Edge(NamedTuple):
    """What a link is in the graphs: its key among the subjects' edges (None: none), whether it joins persons."""

    key: Key | None
    person: bool
    merged: bool


def named_ids(data: dict[str, Any]) -> list[str]:
    """The ids an event carries, in their order of rank, with their name space: ``["customer:17", "anonymous:v-3"]``."""
    found = []
    for field, prefix in FIELDS:
        if field in data and (name := data[field]) is not None:
            found.append(prefix + name)
    return found


def hash_nodes(data: dict[str, Any], fields: Iterable[str]) -> list[str]:
    """The hashes an event carries, as nodes: ``["match:email_hash:5e1f…"]``."""
    return [f"{MATCH}{field}:{data[field]}" for field in fields if data.get(field)]


def rank(node: str) -> tuple[int, str]:
    """The total order of ids: customers, leads, users, anonymous, then by text."""
    return KINDS.index(node.partition(":")[0]), node


def person_rank(node: str) -> int:
    """Which of an account's ids tells the person: the user, else the lead, else the visitor."""
    return PERSON_KINDS.index(node.partition(":")[0])


class Link:
    """What has been said of one pair of ids."""

    __slots__ = ("beside", "carried", "merge", "word")

    def __init__(self) -> None:
        self.carried: Stamp | None = None  # earliest event that carried both, or identified them
        self.beside = False  # an event of an account carried both: they are one person
        self.word: tuple[Stamp, bool] | None = None  # latest outright word: on or off
        self.merge: tuple[Stamp, bool] | None = None  # latest of merged, unmerged

    def copy(self) -> "Link":
        """Another one of which the same was said."""
        other = Link()
        other.carried, other.beside, other.word, other.merge = self.carried, self.beside, self.word, self.merge
        return other

    def carry(self, stamp: Stamp) -> bool:
        """Note an event that carried the pair; says whether anything changed."""
        if self.carried is not None and self.carried <= stamp:
            return False
        self.carried = stamp
        return True

    def say(self, stamp: Stamp, on: bool, merges: bool) -> bool:
        """Note an outright word on the pair; says whether anything changed."""
        before = (self.word, self.merge)
        if self.word is None or self.word[0] < stamp:
            self.word = (stamp, on)
        if merges and (self.merge is None or self.merge[0] < stamp):
            self.merge = (stamp, on)
        return before != (self.word, self.merge)

    @property
    def on(self) -> bool:
        """Whether the pair is linked."""
        return self.word[1] if self.word else self.carried is not None

    @property
    def one_person(self) -> bool:
        """Whether the pair is one person where customers are accounts."""
        return self.word[1] if self.word else self.beside or self.carried is not None

    @property
    def merged(self) -> bool:
        """Whether the pair was merged outright, and not un-merged since."""
        return self.on and self.merge is not None and self.merge[1]

    def encode(self) -> list[Any]:
        """As JSON."""
        return [self.carried, self.word, self.merge, *([True] if self.beside else [])]

    @staticmethod
    def decode(stored: list[Any]) -> "Link":
        """From JSON."""
        link = Link()
        carried, word, merge, *beside = stored
        link.beside = bool(beside)
        link.carried = tuple(carried) if carried else None
        link.word = (tuple(word[0]), word[1]) if word else None
        link.merge = (tuple(merge[0]), merge[1]) if merge else None
        return link


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


class Untold(Unwatched):
    """Somebody has facts, and is not told what changes."""

    def __init__(self, watch: Watch) -> None:
        self.has_facts = watch.has_facts  # type: ignore[method-assign]


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
        self._subjects = Forest(CUSTOMER, self._edges, rank, self._watch)
        self._persons = Forest(None, self._person_edges, rank, self._watch)
        self.of = self._subjects.of  # id -> its component, kept up to date: every event asks several times

    @staticmethod
    def pair(one: str, other: str) -> Pair:
        """A pair in its one spelling."""
        return pair_of(one, other)

    @property
    def forests(self) -> tuple[Forest, Forest]:
        """Of subjects and of persons."""
        return self._subjects, self._persons

    @property
    def conflicts(self) -> int:
        """How many links stand aside."""
        return self._subjects.apart

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

    def is_alone(self, node: str) -> bool:
        """Whether no other id is of an id's person."""
        return node not in self._persons.of

    def note_facts(self, node: str) -> None:
        """An id has facts."""
        for forest in (self._subjects, self._persons):
            if (found := forest.of.get(node)) is not None:
                found.facts = True

    # --- what changes links

    def change(self, pair: Pair, say: Callable[[Link], Any]) -> bool:
        """Let a link hear what an event says, and keep the components up to date; says whether it was news."""
        link, said = self._link(pair), self.links[pair].copy()
        say(said)
        if said.encode() == link.encode():
            return False
        before, after = self._edge(pair, link), self._edge(pair, said)
        self._announce(pair, before, after)
        self.links[pair] = said
        if before.merged != after.merged:
            self._forget_merged(pair)
        self._change_subjects(pair, before.key, after.key)
        if after.person and not before.person:
            self._persons.put(*pair, FORCED)
        elif before.person and not after.person:
            self._persons.remove(*pair)
        return True

    def _announce(self, pair: Pair, before: Edge, after: Edge) -> None:
        """Tell of components that are about to lose a link, and of those whose merged ids will be others."""
        weaker = before.key is not None and (after.key is None or after.key > before.key)
        merges = before.merged != after.merged and _kind(pair[0]) == _kind(pair[1])
        if merges or (weaker and self._subjects.holds(*pair)):
            for node in pair:
                self._watch.splitting(self._subjects.component(node))
        elif before.person and not after.person and self._persons.holds(*pair):
            self._watch.splitting(self._persons.component(pair[0]))

    def _change_subjects(self, pair: Pair, before: Key | None, after: Key | None) -> None:
        if after is not None and (before is None or after < before):
            self._subjects.put(*pair, after)
        elif before is not None and (after is None or (after > before and self._subjects.holds(*pair))):
            self._subjects.remove(*pair)

    def _link(self, pair: Pair) -> Link:
        link = self.links.get(pair)
        if link is None:
            link = self.links[pair] = Link()
            for one, other in (pair, pair[::-1]):
                self._neighbours.setdefault(one, []).append(other)
        return link

    def _edge(self, pair: Pair, link: Link) -> Edge:
        """What a link is in the graphs: nothing where it is off, or where nothing is matched on its hash (any more)."""
        if not link.on or pair[0].startswith(self._ignored) or pair[1].startswith(self._ignored):
            key = None
        elif link.merged:
            key = FORCED
        else:
            assert link.carried is not None, "a word alone is a merge"
            # Of those that one event carried, the one of the first ids first.
            key = (link.carried, sorted(map(rank, pair)))
        persons = self.apart and link.one_person and not (pair[0].startswith(CUSTOMER) or pair[1].startswith(CUSTOMER))
        ignored = pair[0].startswith(self._ignored) or pair[1].startswith(self._ignored)
        return Edge(key, persons and not ignored, link.merged)

    def _edges(self, node: str) -> Iterator[tuple[str, Key]]:
        for other in self._neighbours.get(node, ()):
            pair = pair_of(node, other)
            if (key := self._edge(pair, self.links[pair]).key) is not None:
                yield other, key

    def _person_edges(self, node: str) -> Iterator[tuple[str, Key]]:
        for other in self._neighbours.get(node, ()):
            pair = pair_of(node, other)
            if self._edge(pair, self.links[pair]).person:
                yield other, FORCED

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
        left = [(forest, forest.dissolve(names)) for forest in (self._subjects, self._persons)]
        changed = self._replace_links(names)
        news = [name for name in names.values() if name is not None]
        self._subjects.watch = self._persons.watch = Untold(self._watch)
        for forest, nodes in left:
            forest.put_all([*(node for node in nodes if node not in names), *news])
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
        """Make all components, after a restore."""
        """Make all components, after the last link was loaded."""
        assert not self.of, "links are loaded before any event"
        self._subjects.watch = self._persons.watch = Unwatched()
        edges = {pair: self._edge(pair, link) for pair, link in self.links.items()}
        yield LINK * len(edges)
        # In their order no link has to take the place of another.
        linked = sorted((edge.key, pair) for pair, edge in edges.items() if edge.key is not None)
        for key, pair in linked:
            self._subjects.put(*pair, key)
            yield LINK
        for pair, edge in edges.items():
            if edge.person:
                self._persons.put(*pair, FORCED)
            yield LINK
        self._subjects.watch = self._persons.watch = self._watch


def _kind(node: str) -> str:
    return node[: node.index(":")]


def _members(forest: Forest, name: str) -> Collection[str]:
    found = forest.of.get(name)
    return (name,) if found is None or found.name != name else found.members
