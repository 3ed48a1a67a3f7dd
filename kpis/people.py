"""Subjects and persons: which ids belong together, and what is known of them.

Facts keep the id they came with for ever. What is derived here per *root* (the subject's name) is made again from those
facts whenever ids are linked or un-linked: the segments a subject falls in by its current source, owner, country and
traits, and the sets of minutes behind the distinct counts (kpis.person_sets).
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any, Final

from kpis.cells import Segments
from kpis.identity import Identity
from kpis.ledger import Ledger
from kpis.names import CONTACT, NODE_SPACES, WITHIN, segment_of, split_within
from kpis.person_sets import PersonSets
from kpis.slices import Work
from kpis.touches import Touches, restored_touches

# Groups of facts named by their subject: made again when its ids change.
PERSON_GROUPS: Final = ("person", "landing")  # the same, named by their person
SUBJECT_GROUPS: Final = ("customer", "score", "acquisition", "late_touches", "mrr", "hits", "forms")
SEGMENTED_GROUPS: Final = frozenset(
    {"order", "contract", "lead", "closing", "credit", "late", "late_views", "record", "ticket", "logins"}
)

Said = list[Any]  # [t, source, id, value]


class People:
    """The subjects and persons of one tenant."""

    def __init__(
        self,
        ledger: Ledger,
        segments: Segments,
        dimensions: tuple[str, ...],
        days: Callable[[int], int],
        *,
        account: bool = False,
        match_on: Iterable[str] = (),
    ) -> None:
        self.account = account  # customers are accounts: the other ids tell their persons
        self.identity = Identity(apart=account, match_on=match_on)
        self._roots = self.identity.roots
        self.owners: dict[str, Said] = {}  # object -> [t, source, id, owner's id]
        self.attributes: dict[str, dict[str, Said]] = {}  # id -> dimension -> latest said
        self.touches: dict[str, Touches] = {}
        self.stored_touches: dict[str, dict[int, list[Any]]] = {}  # id -> chunks, while entries are put back
        self.owned: dict[str, dict[str, set[str]]] = {}  # id -> its groups of facts: kind -> keys
        self._ledger = ledger
        self._segments = segments
        self._dimensions = ("source", "owner", "country", *dimensions)
        self.sets = PersonSets(self, segments.everything, days)
        self._codes: dict[str, int] = {}  # root -> code of its segments
        self._latest: dict[str, dict[str, Said]] = {}  # root -> dimension -> latest said of the whole subject
        self._holders: set[str] = set()  # ids and objects with touches, answers or traits of their own
        self._objects: dict[str, set[str]] = {}  # owner's id -> such objects, and its contacts
        self._within: dict[str, set[str]] = {}  # a person's id -> that id within accounts

    # --- who is who

    def subject(self, raw: str) -> str:
        """The subject of an id or object."""
        own = raw if raw.startswith(NODE_SPACES) else self.owner(raw)
        return self._roots.get(own, own)  # as identity.root: every event asks several times

    def owner(self, raw: str) -> str:
        """The id that an object or a person's id in an account belongs to; an id itself."""
        if raw.startswith(NODE_SPACES):
            return raw
        if raw.startswith(WITHIN):
            return split_within(raw)[0]
        said = self.owners.get(raw)
        return said[3] if said else raw

    def person(self, raw: str) -> str:
        """The person of an id: a contact is its own, every other id is its subject; in accounts see Identity."""
        if raw.startswith(CONTACT):
            return raw
        if not self.account:
            return self.subject(raw)
        if raw.startswith(WITHIN):
            return self.identity.person(split_within(raw)[1])
        return self.identity.person(raw) if raw.startswith(NODE_SPACES) else self.subject(raw)

    def leads_of(self, person: str) -> str:
        """Whose leads a person has: its subject's, in accounts its own."""
        return person if self.account and person.startswith(NODE_SPACES) else self.subject(person)

    def raws(self, root: str) -> Iterator[str]:
        """Every id and object whose touches, answers and traits are this subject's, its contacts among them."""
        yield from (members := self.identity.members(root))
        for member in members:
            yield from self._objects.get(member, ())

    def own_raws(self, person: str) -> list[str]:
        """Every id and object whose touches and answers are this person's."""
        if person.startswith(CONTACT):
            return [person]
        if not self.account:
            own = self.subject(person) == person  # an object that got an owner is nobody any more
            return [raw for raw in self.raws(person) if not raw.startswith(CONTACT)] if own else []
        members = self.identity.person_members(person)
        held = [
            raw for member in members for raw in (member, *self._objects.get(member, ()), *self._within.get(member, ()))
        ]
        return [raw for raw in dict.fromkeys(held) if self.person(raw) == person]

    def hold(self, raw: str) -> None:
        """Note that an id has touches or answers of its own: they move when its owner changes."""
        if raw not in self._holders:
            self._holders.add(raw)
            if (owner := self.owner(raw)) != raw:
                self._objects.setdefault(owner, set()).add(raw)
            if raw.startswith(WITHIN):
                self._within.setdefault(split_within(raw)[1], set()).add(raw)

    def segments(self, person: str) -> int:
        """Code of the segments a person or subject falls in, by what was said latest."""
        root = self.subject(person)
        code = self._codes.get(root)
        if code is None:
            latest = self._latest[root] = self._said_last(root)
            said = ((name, latest[name][3] if name in latest else None) for name in self._dimensions)
            code = self._codes[root] = self._segments.code(tuple(segment_of(*pair) for pair in said))
        return code

    def code_of_segments(self, segments: tuple[str, ...]) -> int:
        """The code of a set of segments."""
        return self._segments.code(segments)

    def _said_last(self, root: str) -> dict[str, Said]:
        latest: dict[str, Said] = {}
        for raw in self.raws(root):
            for dimension, said in self.attributes.get(raw, {}).items():
                if dimension not in latest or latest[dimension][:3] < said[:3]:
                    latest[dimension] = said
        return latest

    # --- what changes a subject

    def say(self, raw: str, dimension: str, said: Said) -> bool:
        """Note a value of a dimension; the latest by (time, source, id) holds. Says whether it is kept."""
        held = self.attributes.get(raw, {}).get(dimension)
        if held is not None and held[:3] >= said[:3]:
            return False
        root = self.subject(raw)
        self.segments(root)
        current = self._latest[root].get(dimension)
        if current is None or current[:3] < said[:3]:
            if current is None or current[3] != said[3]:
                self.open_segmented(root)
            else:
                self._latest[root][dimension] = said
        self.attributes.setdefault(raw, {})[dimension] = said
        return True

    def own(self, kind: str, key: str, raw: str | None, previous: str | None) -> None:
        """Move a group of facts from one id to another."""
        if previous is not None:
            self.owned.get(previous, {}).get(kind, set()).discard(key)
        if raw is not None:
            self.owned.setdefault(raw, {}).setdefault(kind, set()).add(key)

    def owned_by(self, root: str, kind: str) -> Iterator[str]:
        """Keys of a subject's groups of one kind."""
        return self._owned_by(self.identity.members(root), kind)

    def owned_by_person(self, person: str, kind: str) -> Iterator[str]:
        """Keys of a person's groups of one kind; those of an account are its subject's."""
        return self._owned_by(self.identity.person_members(person), kind)

    def _owned_by(self, members: Iterable[str], kind: str) -> Iterator[str]:
        for member in members:
            yield from self.owned.get(member, {}).get(kind, ())

    def open_segmented(self, root: str) -> None:
        """Take everything out that falls in a subject's segments, before they change."""
        # In accounts a person may be known by ids of two accounts: sign-ins fall in the segments of its first one.
        persons = self._persons_within(root)
        known = (self.identity.members(root), *map(self.identity.person_members, persons))
        for member in dict.fromkeys(chain.from_iterable(known)):
            for kind, keys in self.owned.get(member, {}).items():
                for key in keys if kind in SEGMENTED_GROUPS else ():
                    self._ledger.open(kind, key)
        self.open_subject(root)
        for person in self._visitors(root):
            self._ledger.open("landing", person)
        for person in self.persons_of(root):
            for kind in PERSON_GROUPS:
                self._ledger.open(kind, person)
            self.sets.withdraw(person)
        self._codes.pop(root, None)

    def _visitors(self, root: str) -> set[str]:
        """Persons who viewed pages in the name of an account, though they may be of another: its conversions count."""
        held = (self._objects.get(member, ()) for member in self.identity.members(root))
        return {self.person(raw) for raw in chain.from_iterable(held) if raw.startswith(WITHIN)}

    def open_subject(self, root: str) -> None:
        """Take out what depends on a subject's ids, contracts and what the CRM says of it, before these change."""
        for kind in SUBJECT_GROUPS:
            self._ledger.open(kind, root)

    def persons_of(self, root: str) -> tuple[str, ...]:
        """A subject as a person, in accounts every person named by one of its ids, and its contacts."""
        return (*self._persons_within(root), *self.contacts(root))

    def _persons_within(self, root: str) -> tuple[str, ...]:
        if not self.account:
            return (root,)
        named = (member for member in self.identity.members(root) if self.identity.person(member) == member)
        return tuple(dict.fromkeys((root, *named)))

    def contacts(self, root: str) -> Iterator[str]:
        for member in self.identity.members(root):
            yield from [raw for raw in self._objects.get(member, ()) if raw.startswith(CONTACT)]

    def regroup(self, nodes: set[str], change: Callable[[], None]) -> None:
        """Change links among these ids: everything of their subjects is taken out, and made again from the facts."""
        roots = {self.identity.root(node) for node in nodes}
        for root in roots:
            self.open_segmented(root)
            self._forget(root)
        change()
        for root in {self.identity.root(node) for node in nodes}:
            self.open_fresh(root)

    def _forget(self, root: str) -> None:
        for person in self._persons_within(root):
            self.sets.forget(person)

    def open_fresh(self, root: str) -> None:
        """Make a subject's sets again; it goes into the numbers when the batch ends."""
        for kind in SUBJECT_GROUPS:
            self._ledger.open_empty(kind, root)
        self._codes.pop(root, None)
        for person in self._persons_within(root):
            for kind in PERSON_GROUPS:
                self._ledger.open_empty(kind, person)
            self.sets.make(person)
        for contact in self.contacts(root):
            self.sets.remake(contact)

    def move_object(self, raw: str, said: Said | None) -> None:
        """Give an object its owner: its touches are that subject's from now on."""
        before = self.owners.get(raw)
        has_touches = raw in self._holders or raw.startswith(CONTACT)
        owners = {entry[3] for entry in (before, said) if entry}
        if not has_touches or (before and said and before[3] == said[3]):
            self._set_owner(raw, said, has_touches)
            return
        # Its touches leave one subject and join another: both are made again from the facts.
        for root in {self.identity.root(owner) for owner in owners} | {raw}:
            self.open_segmented(root)
            self._forget(root)
        self._set_owner(raw, said, has_touches)
        for root in {self.identity.root(owner) for owner in owners} | {self.person(raw)}:
            self.open_fresh(root)

    def _set_owner(self, raw: str, said: Said | None, has_touches: bool) -> None:
        before = self.owners.get(raw)
        if before and has_touches:
            self._objects.get(before[3], set()).discard(raw)
        if said is None:
            return
        self.owners[raw] = said
        if has_touches:
            self._objects.setdefault(said[3], set()).add(raw)

    # --- a restart, and a check

    def restore(self, holders: Iterable[str], stepped: Iterable[str]) -> Work:
        """Make what is derived from restored facts, without touching the numbers. The links are made already."""
        yield from restored_touches(self.touches, self.stored_touches)
        for raw in [*self.touches, *holders, *(raw for raw in self.owners if raw.startswith(CONTACT))]:
            self.hold(raw)
            yield 1
        # Also where nobody was there yet: a late view must find the newest lead and won deal, and who bought was there.
        known: dict[str, None] = {}
        for raw in stepped:
            known.update(dict.fromkeys(self.persons_of(self.subject(raw))))
            known[self.person(self.owner(raw))] = None
            yield 5
        yield from self.sets.restore({**known, **{self.person(raw): None for raw in self.touches}})

    def everyone(self, raws: Iterable[str]) -> set[str]:
        """The persons and subjects of these ids, of all touches and of all owned groups of facts."""
        known = {*raws, *self.touches, *self.owned}
        return {self.person(raw) for raw in known} | {self.subject(raw) for raw in known}
