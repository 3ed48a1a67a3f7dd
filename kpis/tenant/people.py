"""Subjects and persons: which ids belong together, and what is known of them.

Facts keep the id they came with for ever. What is derived here per *root* (the subject's name) is made again from those
facts whenever ids are linked or un-linked: the segments a subject falls in by its current source, owner, country and
traits. What is kept per *person* beside (kpis.tenant.person_sets) hears of it as a `PersonListener`.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from sys import intern
from typing import Any, Final, Protocol

from kpis.cells.ledger import Ledger
from kpis.cells.segments import Segments
from kpis.facts.touches import Touches, restored_touches
from kpis.identity.forest import Component, Pair
from kpis.identity.ids import CONTACT, NODE_SPACES, WITHIN, segment_of, split_within
from kpis.identity.links import Identity, Link, rank
from kpis.slices import Work

# Groups of facts named by their subject: made again when its ids change.
PERSON_GROUPS: Final = ("person", "landing")  # the same, named by their person
SUBJECT_GROUPS: Final = ("customer", "score", "acquisition", "late_touches", "mrr", "hits", "forms")
SEGMENTED_GROUPS: Final = frozenset(
    {"order", "contract", "lead", "closing", "credit", "late", "late_views", "record", "ticket", "logins"}
)
LONG: Final = 16  # objects of a subject that are remembered beyond the batch
REMEMBERED: Final = ("order", "deal")  # kinds of objects of which it is remembered what was read
Said = list[Any]  # [t, source, id, value]


class PersonListener(Protocol):
    """Who keeps something per person, and hears of what changes it."""

    def withdraw(self, person: str) -> None:
        """What is kept of a person is about to fall in other segments."""

    def renew(self, person: str) -> None:
        """A person has other ids, or is about to have: what is kept of it is made again."""


class People:
    """The subjects and persons of one tenant."""

    def __init__(
        self,
        ledger: Ledger,
        segments: Segments,
        dimensions: tuple[str, ...],
        *,
        account: bool = False,
        match_on: Iterable[str] = (),
    ) -> None:
        self.account = account  # customers are accounts: the other ids tell their persons
        self.identity = Identity(apart=account, match_on=match_on, watch=self)
        self._components = self.identity.of
        self._listener: PersonListener
        self._regrouping: Callable[[Iterable[str]], None]
        self.owners: dict[str, Said] = {}  # object -> [t, source, id, owner's id]
        self.attributes: dict[str, dict[str, Said]] = {}  # id -> dimension -> latest said
        self.touches: dict[str, Touches] = {}
        self.stored_touches: dict[str, dict[int, list[Any]]] = {}  # id -> chunks, while entries are put back
        self.owned: dict[str, dict[str, set[str]]] = {}  # id -> its groups of facts: kind -> keys
        # Root, kind of object -> what was read of a subject's, as long as its ids and objects stay; of one batch only.
        self.remembered: dict[tuple[str, str], list[Any]] = {}
        self._ledger = ledger
        self._segments = segments
        self.dimensions = ("source", "owner", "country", *dimensions)
        self._codes: dict[str, int] = {}  # root -> code of its segments
        self._latest: dict[str, dict[str, Said]] = {}  # root -> dimension -> latest said of the whole subject
        self._holders: set[str] = set()  # ids and objects with touches, answers or traits of their own
        self._objects: dict[str, set[str]] = {}  # owner's id -> such objects, and its contacts
        self._within: dict[str, set[str]] = {}  # a person's id -> that id within accounts
        self._things: dict[str, set[str]] | None = None  # owner's id -> all it owns; made when it is first asked for
        # Of a batch: subjects all of whose groups are out of the numbers, and those whose sets are made again, too.
        self._opened: set[str] = set()
        self._renewed: set[str] = set()
        self._is_fresh: bool | None = None  # whether two that are joined were taken out; None: one is split
        self._pair: Pair = ("", "")  # the link that is changed,
        self._reached: set[str] | None = None  # and in accounts the ids that it reaches, taken out

    def follow(self, listener: PersonListener, regrouping: Callable[[Iterable[str]], None]) -> None:
        """Set, once, who hears of persons, and what is done before the subjects of some ids are made again."""
        self._listener, self._regrouping = listener, regrouping

    # --- who is who

    def subject(self, raw: str) -> str:
        """The subject of an id or object."""
        own = raw if raw.startswith(NODE_SPACES) else self.owner(raw)
        found = self._components.get(own)  # as identity.root: every event asks several times
        return own if found is None else found.name

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
        if raw in self._holders:
            return
        self._holders.add(raw)
        if (owner := self.owner(raw)) != raw:
            self._objects.setdefault(owner, set()).add(raw)
        self.identity.note_facts(owner)
        if raw.startswith(WITHIN):
            self._within.setdefault(person := split_within(raw)[1], set()).add(raw)
            self.identity.note_facts(person)
        if raw.startswith(CONTACT) and (root := self.identity.root(owner)) in self._opened:
            self._open_person(raw, renew=root in self._renewed)

    def segments(self, person: str) -> int:
        """Code of the segments a person or subject falls in, by what was said latest."""
        root = self.subject(person)
        code = self._codes.get(root)
        if code is None:
            latest = self._last_words(root)
            said = ((name, latest[name][3] if name in latest else None) for name in self.dimensions)
            code = self._codes[root] = self._segments.code(tuple(segment_of(*pair) for pair in said))
        return code

    def _last_words(self, root: str) -> dict[str, Said]:
        latest = self._latest.get(root)
        if latest is None:
            latest = self._latest[root] = self._said_last(root)
        return latest

    def traits(self, root: str) -> dict[str, Any]:
        """What was said latest of a subject, by dimension; between batches."""
        return {name: said[3] for name, said in sorted(self._last_words(root).items())}

    def code_of_segments(self, segments: tuple[str, ...]) -> int:
        """The code of a set of segments."""
        return self._segments.code(segments)

    def _said_last(self, root: str) -> dict[str, Said]:
        return _latest_of([self.attributes[raw] for raw in self.raws(root) if raw in self.attributes])

    # --- what changes a subject

    def say(self, raw: str, dimension: str, said: Said) -> bool:
        """Note a value of a dimension; the latest by (time, source, id) holds. Says whether it is kept."""
        held = self.attributes.get(raw, {}).get(dimension)
        if held is not None and held[:3] >= said[:3]:
            return False
        root = self.subject(raw)
        latest = self._last_words(root)
        current = latest.get(dimension)
        if current is None or current[:3] < said[:3]:
            if current is None or current[3] != said[3]:
                self.open_segmented(root)
                self._codes.pop(root, None)
            latest[dimension] = said
        if raw not in self.attributes:
            self.attributes[raw] = {}
            self.identity.note_facts(self.owner(raw))
        self.attributes[raw][dimension] = said
        return True

    def own(self, kind: str, key: str, raw: str | None, previous: str | None) -> None:
        """Move a group of facts from one id to another."""
        if previous is not None:
            self.owned.get(previous, {}).get(kind, set()).discard(key)
        if raw is None or key in (keys := self.owned.setdefault(raw, {}).setdefault(kind, set())):
            return
        keys.add(key)
        self.identity.note_facts(raw)
        if kind in SEGMENTED_GROUPS and self.identity.root(raw) in self._opened:
            self._ledger.open_empty(kind, key)  # where it came from elsewhere it is open already

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
        """Take everything out that falls in a subject's segments, before they change. Once a batch."""
        if root in self._opened:
            return
        # In accounts a person may be known by ids of two accounts: sign-ins fall in the segments of its first one.
        persons = self._persons_within(root)
        known = (self.identity.members(root), *map(self.identity.person_members, persons if self.account else ()))
        self._ledger.open_all(
            (kind, key)
            for member in dict.fromkeys(chain.from_iterable(known))
            for kind, keys in self.owned.get(member, {}).items() if kind in SEGMENTED_GROUPS
            for key in keys
        )  # fmt: skip
        self.open_subject(root)
        for person in self._visitors(root):
            self._ledger.open("landing", person)
        for person in self.persons_of(root):
            self._open_person(person, renew=False)
        if not self.account:  # there a subject's persons change also where nothing else of it does
            self._opened.add(root)

    def _open_person(self, person: str, *, renew: bool) -> None:
        """Take what is counted of a person out. ``renew``: its sets are made again when the batch ends."""
        for kind in PERSON_GROUPS:
            self._ledger.open(kind, person)
        self._listener.withdraw(person)
        if renew:
            self._listener.renew(person)

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

    def things(self, raw: str) -> set[str]:
        """The objects and contacts that an id owns."""
        if self._things is None:
            self._things = {}
            for thing, said in self.owners.items():
                self._things.setdefault(said[3], set()).add(thing)
        return self._things.get(raw, set())

    def within(self, raw: str) -> set[str]:
        """The names of accounts with one of their persons, in which an id is either."""
        held = (*self._within.get(raw, ()), *self._objects.get(raw, ()))
        return {one for one in held if one.startswith(WITHIN)}

    def replace(self, names: dict[str, str | None]) -> set[str]:
        """Put other names in the place of ids, objects and contacts (None: gone), after the links among them.

        Returns the things whose owners changed, old and new ones. Call it between ``take_out`` of what there was and
        ``put_fresh`` of what there is.
        """
        held = [raw for raw in names if self._unhold(raw) or raw.startswith(CONTACT)]
        changed = self._replace_owners(names)
        for raw, new in names.items():
            self._within.pop(raw, None)
            self._forget_words(raw)
            self._opened.discard(raw)  # whoever has that id from now on is somebody else
            self._renewed.discard(raw)
            for known in (self._objects, self.owned, self.touches):
                _rename(known, raw, new)
        for new in [names[raw] for raw in held]:
            if new is not None:
                self._put_fresh_person(new)
                self.hold(new)
        for new in names.values():
            if new is not None and self.has_facts(new):
                self.identity.note_facts(new)
        return changed

    def _unhold(self, raw: str) -> bool:
        """Undo ``hold``; says whether there was anything to undo."""
        self._objects.get(self.owner(raw), set()).discard(raw)
        if raw.startswith(WITHIN):
            self._within.get(split_within(raw)[1], set()).discard(raw)
        known = raw in self._holders
        self._holders.discard(raw)
        return known

    def _replace_owners(self, names: dict[str, str | None]) -> set[str]:
        found = {thing for raw in names for thing in self.things(raw)} | (names.keys() & self.owners.keys())
        changed = set(found)
        for thing in found:
            said = self.owners.pop(thing)
            self.things(said[3]).discard(thing)
            new, owner = names.get(thing, thing), names.get(said[3], said[3])
            if new is not None and owner is not None:
                self._own_thing(new, [*said[:3], intern(owner)])
                changed.add(new)
        for raw in names:
            if self._things is not None and not self._things.get(raw, True):
                del self._things[raw]
        return changed

    def _own_thing(self, thing: str, said: Said) -> None:
        self.owners[thing] = said
        if self._things is not None:
            self._things.setdefault(said[3], set()).add(thing)

    # --- components that change: see kpis.identity.forest.Watch

    def relink(self, pair: Pair, say: Callable[[Link], Any]) -> bool:
        """Let a link hear what an event says; whatever that changes is taken out before. Says whether it was news."""
        self._pair, self._reached = pair, None
        news = self.identity.change(pair, say)
        if self._reached is not None:
            for root in {self.identity.root(node) for node in self._reached}:
                self.put_fresh(root)
        self._pair, self._reached = ("", ""), None
        return news

    def has_facts(self, node: str) -> bool:
        """Whether an id has facts of its own, or may have had."""
        return any(node in held for held in (self._holders, self.owned, self._objects, self._within, self.attributes))

    def joining(self, one: Component, other: Component) -> None:
        """Two are about to be one: both are taken out. Where one has no facts, only a change of name is a change."""
        if self.account:
            self._join_accounts(one, other)
            return
        both, facts = (one, other), [each for each in (one, other) if each.facts]
        name = min((each.name for each in both), key=rank)
        self._is_fresh = len(facts) == 2 or (len(facts) == 1 and facts[0].name != name)
        words = [self._last_words(each.name) for each in facts]
        if self._is_fresh:
            for each in facts:
                self.splitting(each)
        for each in both if self._is_fresh else (each for each in both if not each.facts):
            self._forget_words(each.name)
        if self._is_fresh:
            self._latest[name] = _latest_of(words)

    def splitting(self, one: Component) -> None:
        """One is about to be another one: all that is counted of it is taken out. Once a batch."""
        if self.account:
            self._open_reach()
        elif one.facts and one.name not in self._renewed:
            self._regrouping(one.members)
            self.take_out(one.name)
            self._renewed.add(one.name)
        self._is_fresh = None

    def made(self, one: Component) -> None:
        """One has other ids now."""
        if self.account or not one.facts:
            return
        if self._is_fresh is None:  # it was split
            self._forget_words(one.name)
        if self._is_fresh is not False:
            self.put_fresh(one.name)
            self._opened.add(one.name)
            self._renewed.add(one.name)

    def _join_accounts(self, one: Component, other: Component) -> None:
        """An id that came without facts or other links changes nothing where it does not give its name."""
        name = min(one.name, other.name, key=rank)
        for each in (one, other):
            if len(each.members) == 1 and not each.facts and each.name != name and self.identity.is_alone(each.name):
                return
        self._open_reach()

    def _open_reach(self) -> None:
        """In accounts persons may be of several subjects: all that links reach is taken out."""
        if self._reached is None:
            nodes = self._reached = self.identity.reach(*self._pair)
            self._regrouping(nodes)
            for root in {self.identity.root(node) for node in nodes}:
                self.take_out(root)

    def take_out(self, root: str) -> None:
        """Take a subject out whose ids are about to change; its sets are made again from the facts."""
        self.open_segmented(root)
        for person in self.persons_of(root):
            self._listener.renew(person)
        self._forget_words(root)

    def put_fresh(self, root: str) -> None:
        """A subject has other ids: it goes into the numbers when the batch ends."""
        self.forget(root)
        for kind in SUBJECT_GROUPS:
            self._ledger.open_empty(kind, root)
        for person in self.persons_of(root) if self.account else (root,):
            self._put_fresh_person(person)

    def _put_fresh_person(self, person: str) -> None:
        for kind in PERSON_GROUPS:
            self._ledger.open_empty(kind, person)
        self._listener.renew(person)

    def forget(self, root: str) -> None:
        """Remember nothing of what a subject owns: that is about to change, or has changed."""
        for kind in REMEMBERED:
            self.remembered.pop((root, kind), None)

    def forget_short(self) -> None:
        """Remember only what is long to read again."""
        self.remembered = {key: held for key, held in self.remembered.items() if len(held) >= LONG}

    def _forget_words(self, root: str) -> None:
        self.forget(root)
        self._codes.pop(root, None)
        self._latest.pop(root, None)

    def finish(self) -> None:
        """A batch ends: nothing is out of the numbers any more."""
        self._opened.clear()
        self._renewed.clear()

    def move_object(self, raw: str, said: Said | None) -> None:
        """Give an object its owner: its touches are that subject's from now on."""
        before = self.owners.get(raw)
        has_touches = raw in self._holders or raw.startswith(CONTACT)
        owners = {entry[3] for entry in (before, said) if entry}
        if not has_touches or (before and said and before[3] == said[3]):
            self._set_owner(raw, said, has_touches)
            return
        # Its touches leave one subject and join another: both are made again from the facts.
        roots = {self.identity.root(owner) for owner in owners}
        for root in roots | {raw}:
            self.take_out(root)
        self._set_owner(raw, said, has_touches)
        for root in roots | {self.person(raw)}:
            self.put_fresh(root)

    def _set_owner(self, raw: str, said: Said | None, has_touches: bool) -> None:
        before = self.owners.get(raw)
        if before and has_touches:
            self._objects.get(before[3], set()).discard(raw)
        if said is None:
            return
        if before and self._things is not None:
            self.things(before[3]).discard(raw)
        self._own_thing(raw, said)
        if has_touches:
            self._objects.setdefault(said[3], set()).add(raw)
            self.identity.note_facts(said[3])

    # --- a restart, and a check

    def restore(self, holders: Iterable[str]) -> Work:
        """Make what is derived from restored facts, without touching the numbers. The links are made already."""
        yield from restored_touches(self.touches, self.stored_touches)
        for raw in [*self.touches, *holders, *(raw for raw in self.owners if raw.startswith(CONTACT))]:
            self.hold(raw)
            yield 1

    def everyone(self, raws: Iterable[str]) -> set[str]:
        """The persons and subjects of these ids, of all touches and of all owned groups of facts."""
        known = {*raws, *self.touches, *self.owned}
        return {self.person(raw) for raw in known} | {self.subject(raw) for raw in known}


def _rename(known: dict[str, Any], name: str, new: str | None) -> None:
    found = known.pop(name, None)
    if found is not None and new is not None:
        known[new] = found


def _latest_of(said: list[dict[str, Said]]) -> dict[str, Said]:
    """The latest of what was said of each dimension."""
    found: dict[str, Said] = {}
    for words in said:
        for dimension, word in words.items():
            if dimension not in found or found[dimension][:3] < word[:3]:
                found[dimension] = word
    return found
