"""Which ids are one subject: links as a set of undirected edges, components by a rule that no order of arrival changes.

Said outright (``merged``) pairs are joined first, and may join two customers; then every other link in order of its
earliest (time, source, id), links of one event in the order of its ids, unless it would join two components that both
hold a customer: such a link is a *conflict* and stands aside. So an id linked to two customers belongs to the one with
the earliest link. An ``unmerged`` that is the latest word on a pair takes it off; the components are simply made again.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

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
Pair = tuple[str, str]


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


class Components:
    """Ids that are one, by the first of them in rank order."""

    def __init__(self) -> None:
        self.roots: dict[str, str] = {}  # of every id that is not the first of its component
        self._members: dict[str, list[str]] = {}

    def root(self, node: str) -> str:
        """The first id of a component."""
        return self.roots.get(node, node)

    def members(self, root: str) -> list[str]:
        """All ids of a component."""
        return self._members.get(root) or [root]

    def keep(self, nodes: Iterable[str], find: Callable[[str], str]) -> None:
        """Take the components of some nodes as ``find`` says them; none reaches beyond these nodes."""
        groups: dict[str, list[str]] = {}
        for node in nodes:
            self._members.pop(self.roots.pop(node, node), None)
            groups.setdefault(find(node), []).append(node)
        for group in groups.values():
            group.sort(key=rank)
            if len(group) > 1:
                self._members[group[0]] = group
                self.roots.update(dict.fromkeys(group, group[0]))


class Identity:
    """The graph of one tenant's ids. A node that was never linked is its own subject and takes no space.

    ``apart``: customers are accounts, and persons are the components of the other ids.
    """

    def __init__(self, *, apart: bool = False, match_on: Iterable[str] = ()) -> None:
        self.apart = apart
        # A hash links nothing where its field is not (or no more) matched on.
        self._ignored = tuple(f"{MATCH}{field}:" for field in MATCHING if field not in match_on)
        self._persons = Components()
        self.links: dict[Pair, Link] = {}
        self.conflicts = 0
        self._neighbours: dict[str, list[str]] = {}
        self._subjects = Components()
        self._conflicting: set[Pair] = set()

    @staticmethod
    def pair(one: str, other: str) -> Pair:
        """A pair in its one spelling."""
        return (one, other) if one < other else (other, one)

    @property
    def roots(self) -> dict[str, str]:
        """The subject of every id that has another name, kept up to date."""
        return self._subjects.roots

    def root(self, node: str) -> str:
        """The subject of an id, named by the component's first id in rank order."""
        return self._subjects.root(node)

    def members(self, root: str) -> list[str]:
        """All ids of a subject."""
        return self._subjects.members(root)

    def person(self, node: str) -> str:
        """The person of an id: its subject, where customers are accounts the component of ids without customers."""
        return self._persons.root(node) if self.apart and not node.startswith(CUSTOMER) else self.root(node)

    def person_members(self, person: str) -> list[str]:
        """All ids of a person."""
        apart = self.apart and not person.startswith(CUSTOMER)
        return self._persons.members(person) if apart else self.members(person)

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

    def link(self, pair: Pair) -> Link:
        """The link of a pair, made when it is new. Call ``rebuild`` on the reach of its ends after changing it."""
        link = self.links.get(pair)
        if link is None:
            link = self.links[pair] = Link()
            for one, other in (pair, pair[::-1]):
                self._neighbours.setdefault(one, []).append(other)
        return link

    def load(self, pair: Pair, stored: list[Any]) -> None:
        """Put a stored link back; call ``rebuild_all`` after the last."""
        self.link(pair)
        self.links[pair] = Link.decode(stored)

    def drop(self, pair: Pair) -> None:
        """Take a stored link back, before ``rebuild_all``."""
        if self.links.pop(pair, None) is not None:
            for one, other in (pair, pair[::-1]):
                self._neighbours[one].remove(other)
                if not self._neighbours[one]:
                    del self._neighbours[one]

    def rebuild_all(self) -> Work:
        """Make all components, after a restore."""
        seen: set[str] = set()
        for node in list(self._neighbours):
            if node not in seen:
                nodes = self.reach(node)
                seen |= nodes
                self.rebuild(nodes)
                yield 10 * len(nodes)

    def rebuild(self, nodes: set[str]) -> None:
        """Make the components of a reach again."""
        parent = {node: node for node in nodes}
        customer = {node: node.startswith(CUSTOMER) for node in nodes}

        def find(node: str) -> str:
            while parent[node] != node:
                parent[node] = node = parent[parent[node]]
            return node

        def join(one: str, other: str, force: bool) -> bool:
            one, other = find(one), find(other)
            if one == other:
                return True
            if customer[one] and customer[other] and not force:
                return False
            parent[other] = one
            customer[one] |= customer[other]
            return True

        pairs = [pair for pair in self._pairs(nodes) if self.links[pair].on]
        for pair in pairs:
            if self.links[pair].merged:
                join(*pair, force=True)
        refused = {pair for pair in sorted(pairs, key=self._earliest) if not join(*pair, force=False)}
        self._keep_conflicts(nodes, refused)
        self._subjects.keep(nodes, find)
        if self.apart:
            self._rebuild_persons([node for node in nodes if not node.startswith(CUSTOMER)])

    def _rebuild_persons(self, nodes: list[str]) -> None:
        parent = {node: node for node in nodes}

        def find(node: str) -> str:
            while parent[node] != node:
                parent[node] = node = parent[parent[node]]
            return node

        for one, other in self._pairs(nodes):
            if other in parent and self.links[one, other].one_person:
                parent[find(one)] = find(other)
        self._persons.keep(nodes, find)

    def _pairs(self, nodes: Iterable[str]) -> Iterator[Pair]:
        for node in nodes:
            for other in self._neighbours.get(node, ()):
                if node < other and not (node.startswith(self._ignored) or other.startswith(self._ignored)):
                    yield node, other

    def merged_with(self, node: str) -> set[str]:
        """The ids of the same kind that were merged with one, itself among them."""
        kind = node.partition(":")[0] + ":"
        found, queue = {node}, [node]
        while queue:
            one = queue.pop()
            for other in self._neighbours.get(one, ()):
                if other not in found and other.startswith(kind) and self.links[self.pair(one, other)].merged:
                    found.add(other)
                    queue.append(other)
        return found

    def _earliest(self, pair: Pair) -> tuple[Stamp, list[tuple[int, str]]]:
        """Where a link comes in order: of those that one event carried, the one of the first ids first."""
        link = self.links[pair]
        return link.carried or (link.word or ((0, "", ""), True))[0], sorted(map(rank, pair))

    def _keep_conflicts(self, nodes: set[str], refused: set[Pair]) -> None:
        self._conflicting = {pair for pair in self._conflicting if pair[0] not in nodes} | refused
        self.conflicts = len(self._conflicting)
