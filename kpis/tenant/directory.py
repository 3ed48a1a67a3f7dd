"""The directory: which ids, objects and contacts are one subject or one person, and which facts each owns.

Facts keep their source id for ever. Subjects and persons are looked up from it on every read, so that ids can be linked
and unlinked. A subject's id (``root``) is the first of its ids by rank.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from kpis.cells.segments import Segments
from kpis.facts.touches import Touches
from kpis.identity.ids import CONTACT, NODE_SPACES, WITHIN, split_within
from kpis.identity.links import Identity
from kpis.tenant.owners import Owners
from kpis.tenant.traits import Traits


class Directory:
    """One tenant's directory. ``account``: customers are accounts, and the other ids identify their persons."""

    def __init__(self, identity: Identity, segments: Segments, dimensions: tuple[str, ...], *, account: bool) -> None:
        self.account = account
        self.identity = identity
        self._components = identity.of
        self.owners = Owners()
        self.owner = self.owners.owner
        self.traits = Traits(segments, dimensions, self.raws)
        self._codes = self.traits.codes
        self.touches: dict[str, Touches] = {}
        self.owned: dict[str, dict[str, set[str]]] = {}  # id -> its groups of facts: kind -> keys
        self.holders: set[str] = set()  # ids and objects with their own touches or answers
        self.objects: dict[str, set[str]] = {}  # owner's id -> those objects, and its contacts
        self.within: dict[str, set[str]] = {}  # a person's id -> the ids of that person within accounts

    def has_facts(self, node: str) -> bool:
        """Whether an id has, or may have had, its own facts."""
        return any(node in held for held in (self.holders, self.owned, self.objects, self.within, self.traits.of))

    def subject(self, raw: str) -> str:
        """The subject of an id or object."""
        own = raw if raw.startswith(NODE_SPACES) else self.owner(raw)
        found = self._components.get(own)  # identity.root, inlined: every event calls this several times
        return own if found is None else found.name

    def person(self, raw: str) -> str:
        """The person of an id: for a contact itself, else its subject. For accounts see Identity.person."""
        if raw.startswith(CONTACT):
            return raw
        if not self.account:
            return self.subject(raw)
        if raw.startswith(WITHIN):
            return self.identity.person(split_within(raw)[1])
        return self.identity.person(raw) if raw.startswith(NODE_SPACES) else self.subject(raw)

    def leads_of(self, person: str) -> str:
        """The subject or person whose leads count for a person: its subject; with accounts, itself."""
        return person if self.account and person.startswith(NODE_SPACES) else self.subject(person)

    def segments(self, person: str) -> int:
        """The code of a person's or subject's segments, by the latest assertions."""
        root = self.subject(person)
        code = self._codes.get(root)
        return self.traits.code(root) if code is None else code

    # --- what belongs to a subject

    def raws(self, root: str) -> Iterator[str]:
        """Every id and object with touches, answers or traits of this subject, including its contacts."""
        yield from (members := self.identity.members(root))
        for member in members:
            yield from self.objects.get(member, ())

    def contacts(self, root: str) -> Iterator[str]:
        """A subject's contacts."""
        for member in self.identity.members(root):
            yield from [raw for raw in self.objects.get(member, ()) if raw.startswith(CONTACT)]

    def owned_by(self, root: str, kind: str) -> Iterator[str]:
        """The keys of a subject's groups of one kind."""
        return self._owned_by(self.identity.members(root), kind)

    def accounts_of(self, raw: str) -> set[str]:
        """The ids of persons within accounts in which an id is the account or the person."""
        held = (*self.within.get(raw, ()), *self.objects.get(raw, ()))
        return {one for one in held if one.startswith(WITHIN)}

    # --- what belongs to a person

    def persons_of(self, root: str) -> tuple[str, ...]:
        """A subject's persons: itself, its contacts and, with accounts, every person named by one of its ids."""
        return (*self.persons_within(root), *self.contacts(root))

    def persons_within(self, root: str) -> tuple[str, ...]:
        """The same without its contacts."""
        if not self.account:
            return (root,)
        named = (member for member in self.identity.members(root) if self.identity.person(member) == member)
        return tuple(dict.fromkeys((root, *named)))

    def visitors(self, root: str) -> set[str]:
        """Persons who acted for an account. They may belong to another, but its conversions count for them."""
        held = (self.objects.get(member, ()) for member in self.identity.members(root))
        return {self.person(raw) for raw in chain.from_iterable(held) if raw.startswith(WITHIN)}

    def own_raws(self, person: str) -> list[str]:
        """Every id and object with touches or answers of this person."""
        if person.startswith(CONTACT):
            return [person]
        if not self.account:
            own = self.subject(person) == person  # an object with an owner is not a person itself
            return [raw for raw in self.raws(person) if not raw.startswith(CONTACT)] if own else []
        members = self.identity.person_members(person)
        held = [
            raw for member in members for raw in (member, *self.objects.get(member, ()), *self.within.get(member, ()))
        ]
        return [raw for raw in dict.fromkeys(held) if self.person(raw) == person]

    def owned_by_person(self, person: str, kind: str) -> Iterator[str]:
        """The keys of a person's groups of one kind; for an account, its subject's."""
        return self._owned_by(self.identity.person_members(person), kind)

    def _owned_by(self, members: Iterable[str], kind: str) -> Iterator[str]:
        for member in members:
            yield from self.owned.get(member, {}).get(kind, ())

    def everyone(self, raws: Iterable[str]) -> set[str]:
        """The persons and subjects of these ids, and of every id with touches or groups of facts."""
        known: Iterable[Any] = {*raws, *self.touches, *self.owned}
        return {self.person(raw) for raw in known} | {self.subject(raw) for raw in known}
