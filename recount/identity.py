"""Subjects of events: the graph of ids, its components, the owners of objects."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from models.record import Row
from recount.nodes import SPACES, Node, Pair
from recount.ranks import Ranks

IDS: Final = SPACES[:4]
OBJECTS: Final = ("deal", "order", "subscription", "contract", "message", "ticket", "record", "contact")
GONE: Final = "\0"  # replaces an id that was unpicked
UNCLAIMED: Final = "(unclaimed)"  # kinds of objects an event no longer claims for its subject
EXPLICIT: Final = {"crm.identity.merged": True, "crm.identity.identified": True, "crm.identity.unmerged": False}


Moment = tuple[int, str, str]  # time, source, id


def moment(row: Row) -> Moment:
    """The order of events unless something else decides."""
    return (row.time, row.source, row.id)


def pair(one: Node, other: Node) -> Pair:
    """An undirected pair."""
    return (one, other) if one < other else (other, one)


def nodes(data: dict[str, Any]) -> list[Node]:
    """The ids an event carries, in the order that decides its subject."""
    return [Node(rank, str(data[f"{space}_id"])) for rank, space in enumerate(IDS) if data.get(f"{space}_id")]


def is_gone(node: Node) -> bool:
    """Whether an id was unpicked: it is linked to nothing."""
    return node.text == GONE


def objects(data: dict[str, Any]) -> list[tuple[str, str]]:
    """The objects an event carries, in the order in which they determine its subject."""
    return [(kind, str(data[f"{kind}_id"])) for kind in OBJECTS if data.get(f"{kind}_id")]


def named(text: str, entity: str) -> Node | None:
    """A winner or loser: ``user:u1`` names its space, otherwise the event's entity does."""
    space, colon, rest = text.partition(":")
    if colon and space in IDS:
        return Node(SPACES.index(space), rest)
    return Node(SPACES.index(entity), text) if entity in IDS else None


def star(found: Sequence[Node | None]) -> list[Pair]:
    """The first of several nodes paired with each of the others."""
    first, *rest = found or [None]
    return [
        pair(first, other)
        for other in rest
        if first and other and other != first and not (is_gone(first) or is_gone(other))
    ]


def explicit_pairs(row: Row) -> list[Pair]:
    """The pairs a merged or unmerged event names by winner and losers, else by its ids."""
    data = row.data
    if row.type == "crm.identity.identified" or not data.get("winner_id"):
        return star(nodes(data))
    losers = data.get("loser_ids") or []
    names = [data["winner_id"], *([losers] if isinstance(losers, str) else losers)]
    return star([named(str(name), str(data.get("entity") or "customer")) for name in names])


class Edges:
    """All links and assertions about pairs of ids."""

    def __init__(self, rows: Iterable[Row], match_on: Iterable[str] = ()) -> None:
        self.match_on = match_on
        self.assertions: dict[Pair, list[tuple[int, str, str, str]]] = {}  # (time, id, source, type)
        self.links: dict[Pair, Moment] = {}  # earliest link
        self.beside: dict[Pair, Moment] = {}  # earliest time of ids without a customer that occurred together
        for row in rows:
            self.add(row)

    def add(self, row: Row) -> None:
        """Add the pairs of one event."""
        if row.type in EXPLICIT:
            for found in explicit_pairs(row):
                self.assertions.setdefault(found, []).append((row.time, row.id, row.source, row.type))
        if row.type != "crm.identity.unmerged":
            for found in star(nodes(row.data)):
                self.links[found] = min(self.links.get(found, moment(row)), moment(row))
        if row.type not in ("crm.identity.unmerged", "crm.identity.merged"):
            for field in self.match_on if nodes(row.data) else ():
                if row.data.get(field) and not is_gone(nodes(row.data)[0]):
                    found = pair(nodes(row.data)[0], Node(SPACES.index("match"), f"{field}:{row.data[field]}"))
                    self.links[found] = min(self.links.get(found, moment(row)), moment(row))
            for found in star([node for node in nodes(row.data) if node.space]):
                self.beside[found] = min(self.beside.get(found, moment(row)), moment(row))

    def within(self) -> list[Pair]:
        """Links, and pairs of ids within an account, which make its persons, earliest first."""
        times = dict(self.links)
        for found, at in self.beside.items():
            times[found] = min(times.get(found, at), at)
        return [found for found in self.in_order(times) if found[0].space and found[1].space]

    def is_on(self, found: Pair) -> bool:
        """A pair is off if and only if the latest assertion on it is an unmerge."""
        assertions = self.assertions.get(found)
        return not assertions or EXPLICIT[max(assertions)[3]]

    def merged(self) -> list[Pair]:
        """Explicitly merged pairs, regardless of their kinds."""
        return [found for found in sorted(self.assertions) if self.is_on(found) and self.is_merged(found)]

    def is_merged(self, found: Pair) -> bool:
        """Whether the latest merge or unmerge of a pair is a merge."""
        decisive = [one for one in self.assertions[found] if one[3] != "crm.identity.identified"]
        return bool(decisive) and max(decisive)[3] == "crm.identity.merged"

    def others(self) -> list[Pair]:
        """Linked pairs, earliest link first."""
        return self.in_order(self.links)

    def in_order(self, times: dict[Pair, Moment]) -> list[Pair]:
        """The pairs that are on, earliest first."""
        return [found for _, found in sorted((at, found) for found, at in times.items()) if self.is_on(found)]


class Groups:
    """Disjoint sets of nodes, each named by its smallest member."""

    def __init__(self) -> None:
        self.parent: dict[Node, Node] = {}

    def name(self, node: Node) -> Node:
        """The name of a node's set."""
        while (up := self.parent.get(node, node)) != node:
            self.parent[node] = self.parent.get(up, up)
            node = up
        return node

    def join(self, one: Node, other: Node) -> None:
        """Join two sets. The smaller name wins, so the name is always the smallest member."""
        first, second = sorted((self.name(one), self.name(other)))
        if first != second:
            self.parent[second] = first


class People:
    """Subjects and persons of a tenant, according to all given rows."""

    def __init__(self, rows: Sequence[Row], *, account: bool = False, match_on: Iterable[str] = ()) -> None:
        edges = Edges(rows, match_on)
        self.account = account  # customers are accounts: their persons are identified by the other ids
        merged = edges.merged()
        self.groups = Ranks(merged, edges.others())
        without = [found for found in merged if found[0].space and found[1].space]
        self.apart = Ranks(without, edges.within())  # the same without customers
        self.edges = edges
        self.leads = Groups()
        for one, other in merged:
            if one.space == other.space == SPACES.index("lead"):
                self.leads.join(one, other)
        self.owners = owners(rows)

    def conflicts(self) -> list[int]:
        """The earliest time of each link that would join two customers, users or leads, and was set aside."""
        refused, times = {*self.groups.refused}, dict(self.edges.links)
        if self.account:
            refused |= {*self.apart.refused}
            for found, at in self.edges.beside.items():
                times[found] = min(times.get(found, at), at)
        return [times[found][0] for found in refused]

    def subject_of_object(self, kind: str, text: str) -> str:
        """The subject of a deal, order, …: its owner's, else itself."""
        owner = self.owners.get((kind, text))
        return str(self.groups.name(owner[1])) if owner else f"{kind}:{text}"

    def subject(self, row: Row) -> str:
        """The subject of an event."""
        if ids := nodes(row.data):
            return str(self.groups.name(ids[0]))
        for kind, text in objects(row.data):
            return self.subject_of_object(kind, text)
        return f"event:{row.source} {row.id}"

    def person(self, row: Row) -> str:
        """The person of an event."""
        contact = row.data.get("contact_id")
        if contact:
            return f"contact:{contact}"
        node = self.own(row)
        return str(self.apart.name(node)) if node else self.subject(row)

    def own(self, row: Row) -> Node | None:
        """In accounts, the id that identifies the event's person: user, else lead, else visitor."""
        found = {node.space: node for node in nodes(row.data)} if self.account else {}
        return next(
            (found[SPACES.index(space)] for space in ("user", "lead", "anonymous") if SPACES.index(space) in found),
            None,
        )

    def lead_key(self, row: Row) -> str:
        """The key of the leads of an event's person: the person itself; for a contact, its subject."""
        node = None if row.data.get("contact_id") else self.own(row)
        return str(self.apart.name(node)) if node else self.subject_of_person(row)

    def lead_keys(self, lead: Node) -> set[str]:
        """The owners of a lead: its subject and, in accounts, its person."""
        return {str(self.groups.name(lead)), *([str(self.apart.name(lead))] if self.account else [])}

    def subject_of_person(self, row: Row) -> str:
        """The subject whose segments apply to an event's person."""
        node = None if row.data.get("contact_id") else self.own(row)
        return str(self.groups.name(self.apart.name(node))) if node else self.buyer(row)

    def buyer(self, row: Row) -> str:
        """The subject whose path to purchase a touch belongs to: the contact's, else the event's own."""
        contact = row.data.get("contact_id")
        return self.subject_of_object("contact", str(contact)) if contact else self.subject(row)

    def lead(self, lead_id: str) -> Node:
        """A lead's node; merged leads share one."""
        return self.leads.name(Node(SPACES.index("lead"), lead_id))


def owners(rows: Iterable[Row]) -> dict[tuple[str, str], tuple[Moment, Node]]:
    """Each object's owner: the first id of the latest event that carries the object and an id."""
    found: dict[tuple[str, str], tuple[Moment, Node]] = {}
    for row in rows:
        ids = nodes(row.data)
        for thing in objects(row.data) if ids and not is_gone(ids[0]) else ():
            if thing[1] == GONE or thing[0] in row.data.get(UNCLAIMED, ()):
                continue
            found[thing] = max(found.get(thing, (moment(row), ids[0])), (moment(row), ids[0]))
    return found
