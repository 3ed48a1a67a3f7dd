"""Erasure requests, carried out in journal order by rewriting the events before and after them."""

from collections.abc import Iterable, Mapping
from typing import Any

from models.record import Row
from recount.facts import Accepted
from recount.identity import EXPLICIT, GONE, People, is_gone, moment, named, nodes, objects, owners
from recount.mail import fills, message_key
from recount.nodes import SPACES, Node
from recount.parts import of_object, with_taken

MATCH = SPACES.index("match")
HASHES = ("email_hash", "phone_hash")
NO_HASHES: Mapping[tuple[str, str], str] = {}
REQUEST = "crm.privacy.erasure_requested"
Name = tuple[str, str]  # field, id
Ruling = tuple[int, str | None]  # time of the request, surrogate (None: unpicked)


class Erasures:
    """The rulings of all requests so far."""

    def __init__(self, *, account: bool, match_on: tuple[str, ...]) -> None:
        self.account, self.match_on = account, match_on
        self.rulings: dict[Name, list[Ruling]] = {}
        self.rows: list[Row] = []

    def take(self, row: Row) -> None:
        """The next event of the journal."""
        (kept,) = self.treated(
            [row], lambda name: next((s for s in self.rulings.get(name, ()) if row.time <= s[0]), None)
        )
        if any(map(is_gone, nodes(kept.data)[:1])):
            held = owners(self.rows)
            others = {thing for thing in objects(kept.data) if thing in held and held[thing][0] > moment(row)}
            kept = self.alone(without(kept, set(objects(kept.data)) - others), others)
        self.rows.append(kept)
        if row.type == REQUEST:
            self.carry_out(row)

    def alone(self, row: Row, others: set[tuple[str, str]]) -> Row:
        """An event whose first id is unpicked, without other ids unless they are known to belong to another subject."""
        groups = People(self.rows, account=self.account, match_on=self.match_on).groups
        fields = [field_of(node)[0] for node in nodes(row.data)[1:] if groups.name(node).space]
        if ("contact", str(row.data.get("contact_id"))) not in others and row.data.get("contact_id"):
            fields.append("contact_id")
        return row._replace(data={**row.data, **dict.fromkeys(fields, GONE)})

    def carry_out(self, row: Row) -> None:
        """Erase the whole subject of the request's id, as linked at this point."""
        people = People(self.rows, account=self.account, match_on=self.match_on)
        first = next(iter(nodes(row.data)), None)
        groups = people.apart if self.account and first and first.space else people.groups
        known = {node for other in self.rows for node in mentioned(other)} | ({first} if first else set())
        ids = {node for node in known if first and groups.name(node) == groups.name(first)}
        ids = {node for node in ids if not (groups is people.apart and node.space == 0)}
        owned = [thing for thing, owner in people.owners.items() if owner[1] in ids]
        names = [field_of(node) for node in sorted(ids)] + [
            ("contact_id", text) for kind, text in owned if kind == "contact"
        ]
        if row.data.get("contact_id"):
            names.append(("contact_id", str(row.data["contact_id"])))
        unpick = row.data.get("mode") == "unpick"
        surrogates: dict[Name, Ruling] = {
            name: (row.time, None if unpick else f"erased {row.source} {row.id} {number:06}")
            for number, name in enumerate(dict.fromkeys(names))
        }
        gone = {thing for thing in owned if thing[0] != "contact"} if unpick else set()
        many = {("message", text) for text in self.to_many()}
        hashes = {
            (field, other.data[field]): f"erased {row.id} {field} {other.data[field]}"
            for other in self.rows
            for field in self.match_on
            if other.data.get(field) and first
            and groups.name(Node(MATCH, f"{field}:{other.data[field]}")) == groups.name(first)
        }  # fmt: skip
        self.rows = [without(other, gone - many, gone) for other in self.treated(self.rows, surrogates.get, hashes)]
        for name, ruling in surrogates.items():
            self.rulings[name] = sorted([*self.rulings.get(name, []), ruling], key=lambda one: one[0])

    def to_many(self) -> list[str]:
        """Messages to several recipients, which belong to no single subject."""
        keys = {message_key(row) for row in self.rows if fills(row) and of_object(row, "message")}
        texts = [text for text, _ in keys]
        return [text for text in set(texts) if texts.count(text) > 1]

    def treated(self, rows: Iterable[Row], ruling_on: Any, hashes: Mapping[Name, str] = NO_HASHES) -> list[Row]:
        """Events with the rulings on their ids applied."""
        found = []
        for row in rows:
            data = dict(row.data)
            ids = [
                *map(field_of, nodes(data)),
                *([("contact_id", str(data["contact_id"]))] if data.get("contact_id") else []),
            ]
            rulings = {name: ruling for name in ids if (ruling := ruling_on(name)) is not None}
            data |= {name[0]: GONE if ruling[1] is None else ruling[1] for name, ruling in rulings.items()}
            for field in HASHES:
                if data.get(field) and ((ids and ids[0] in rulings) or (field, data[field]) in hashes):
                    data[field] = hashes.get((field, data[field])) if ids and ids[0] in rulings else None
            if row.type in EXPLICIT and data.get("winner_id") and not self.merge(data, ruling_on):
                data |= {"winner_id": None, "loser_ids": []}
            found.append(row._replace(data=data))
        return found

    def merge(self, data: dict[str, Any], ruling_on: Any) -> bool:
        """Apply rulings to a merge; False if nothing is left of it."""

        def renamed(one: Any) -> str | None:
            node = named(str(one), str(data.get("entity") or "customer"))
            ruling = ruling_on(field_of(node)) if node else None
            if ruling is None:
                return str(one)
            return f"{SPACES[node.space]}:{ruling[1]}" if node and ruling[1] else None

        losers = data.get("loser_ids") or []
        data["winner_id"] = renamed(data["winner_id"])
        data["loser_ids"] = [new for one in ([losers] if isinstance(losers, str) else losers) if (new := renamed(one))]
        return bool(data["winner_id"] and data["loser_ids"])


def without(row: Row, gone: set[tuple[str, str]], unclaimed: Iterable[tuple[str, str]] = ()) -> Row:
    """An event without its statements on some objects, and without its ownership of others."""
    of = set(objects(row.data))
    kinds = [{kind for kind, _ in of.intersection(things)} for things in (unclaimed, gone)]
    return row._replace(data=with_taken(row.data, *kinds)) if any(kinds) else row


def field_of(node: Node) -> Name:
    """The field that carries an id."""
    return f"{SPACES[node.space]}_id", node.text


def mentioned(row: Row) -> list[Node]:
    """Every id an event mentions."""
    data = row.data
    known = [node for node in nodes(data) if not is_gone(node)]
    if row.type not in EXPLICIT:
        return known
    losers = data.get("loser_ids") or []
    names = [data.get("winner_id"), *([losers] if isinstance(losers, str) else losers)]
    merged = [named(str(name), str(data.get("entity") or "customer")) for name in names if name]
    return [*known, *(node for node in merged if node)]


def erased(accepted: Accepted, *, account: bool, match_on: tuple[str, ...]) -> Accepted:
    """The accepted events after all requests."""
    if not any(row.type == REQUEST for row in accepted.rows):
        return accepted
    erasures = Erasures(account=account, match_on=match_on)
    for row in accepted.rows:
        erasures.take(row)
    return accepted._replace(rows=erasures.rows)
