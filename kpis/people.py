"""Subjects and persons: which ids belong together, what is known of them, and when they were there.

Facts keep the id they came with for ever. What is derived here per *root* (the subject's name) is made again from those
facts whenever ids are linked or un-linked: the sets of minutes behind the distinct counts, and the segments a subject
falls in by its current source, owner, country and traits.
"""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from kpis.cells import Segments
from kpis.identity import KINDS, Identity
from kpis.ledger import Ledger
from kpis.presence import BASES, Presence
from kpis.touches import BOT, BY_CODE, CHANNELS, CODES, Touches

NODE_SPACES: Final = tuple(f"{kind}:" for kind in KINDS)
CONTACT: Final = "contact:"
IDENTIFIED: Final = (*NODE_SPACES, CONTACT)  # who can be a visitor
PAGE: Final = CODES["page.viewed"]
VISITORS: Final = BASES.number("visitors")
SESSIONS: Final = BASES.number("sessions")
LED: Final = BASES.number("visitors_led")  # visitors whose subject became a lead later
ENGAGED: Final = {channel: BASES.number(f"engaged.{channel}") for channel in CHANNELS}
ENGAGED_ANY: Final = BASES.number("engaged")
SEGMENTED: Final = frozenset({VISITORS, SESSIONS, LED})
SEGMENTED_GROUPS: Final = frozenset({"order", "lead", "late", "late_views"})
SUBJECT_GROUPS: Final = ("customer",)  # groups of facts named by their subject: made again when its ids change

VISITOR: Final = (VISITORS, None)
ENGAGED_KEYS: Final = tuple(
    ((ENGAGED[kind.channel], None), (ENGAGED_ANY, None)) if kind.channel else () for kind in BY_CODE
)

Said = list[Any]  # [t, source, id, value]
SetKey = tuple[int, Any]  # base, session
Times = "array[int]"


class People:
    """The subjects and persons of one tenant."""

    def __init__(
        self, ledger: Ledger, segments: Segments, dimensions: tuple[str, ...], days: Callable[[int], int]
    ) -> None:
        self.identity = Identity()
        self.owners: dict[str, Said] = {}  # object -> [t, source, id, owner's id]
        self.attributes: dict[str, dict[str, Said]] = {}  # id -> dimension -> latest said
        self.touches: dict[str, Touches] = {}
        self.stored_touches: dict[str, dict[int, list[Any]]] = {}  # id -> chunks, while entries are put back
        self.owned: dict[str, set[tuple[str, str]]] = {}  # id -> its groups of facts: (kind, key)
        self.latest_lead: dict[str, int] = {}  # root -> newest lead, ms
        self.latest_lead_of: Callable[[str], int | None] = lambda root: None
        self._ledger = ledger
        self._segments = segments
        self._dimensions = ("source", "owner", "country", *dimensions)
        self._day = days
        self._presence = Presence()
        self._sets: dict[str, dict[SetKey, array[int]]] = {}  # person -> set -> minutes
        self._withdrawn: set[str] = set()  # persons whose sets are out of the numbers until the batch ends
        self._codes: dict[str, int] = {}  # root -> code of its segments
        self._latest: dict[str, dict[str, Said]] = {}  # root -> dimension -> latest said of the whole subject
        self._holders: set[str] = set()  # ids and objects with touches, answers or traits of their own
        self._objects: dict[str, set[str]] = {}  # owner's id -> such objects, and its contacts

    # --- who is who

    def subject(self, raw: str) -> str:
        """The subject of an id or object."""
        if raw.startswith(NODE_SPACES):
            return self.identity.root(raw)
        said = self.owners.get(raw)
        return self.identity.root(said[3]) if said else raw

    def person(self, raw: str) -> str:
        """The person of an id: a contact is its own, every other id is its subject."""
        return raw if raw.startswith(CONTACT) else self.subject(raw)

    def raws(self, root: str) -> Iterator[str]:
        """Every id and object whose touches, answers and traits are this subject's, its contacts among them."""
        yield from (members := self.identity.members(root))
        for member in members:
            yield from self._objects.get(member, ())

    def own_raws(self, person: str) -> list[str]:
        """Every id and object whose touches and answers are this person's."""
        if person.startswith(CONTACT):
            return [person]
        return [raw for raw in self.raws(person) if not raw.startswith(CONTACT)]

    def hold(self, raw: str) -> None:
        """Note that an id has touches or answers of its own: they move when its owner changes."""
        if raw not in self._holders:
            self._holders.add(raw)
            owner = self.owners.get(raw)
            if owner:
                self._objects.setdefault(owner[3], set()).add(raw)

    def segments(self, person: str) -> int:
        """Code of the segments a person or subject falls in, by what was said latest."""
        root = self.subject(person)
        code = self._codes.get(root)
        if code is None:
            latest = self._latest[root] = self._said_last(root)
            said = ((name, latest[name][3] if name in latest else None) for name in self._dimensions)
            code = self._codes[root] = self._segments.code(tuple(segment_of(*pair) for pair in said))
        return code

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
            self.owned.get(previous, set()).discard((kind, key))
        if raw is not None:
            self.owned.setdefault(raw, set()).add((kind, key))

    def owned_by(self, root: str, kind: str) -> Iterator[str]:
        """Keys of a subject's groups of one kind."""
        for member in self.identity.members(root):
            for found, key in self.owned.get(member, ()):
                if found == kind:
                    yield key

    def open_segmented(self, root: str) -> None:
        """Take everything out that falls in a subject's segments, before they change."""
        for member in self.identity.members(root):
            for group in self.owned.get(member, ()):
                if group[0] in SEGMENTED_GROUPS:
                    self._ledger.open(*group)
        for kind in SUBJECT_GROUPS:
            self._ledger.open(kind, root)
        for person in self.persons_of(root):
            self._ledger.open("person", person)
            self.withdraw(person)
        self._codes.pop(root, None)

    def persons_of(self, root: str) -> tuple[str, ...]:
        """A subject as a person, and its contacts."""
        return (root, *self.contacts(root))

    def contacts(self, root: str) -> Iterator[str]:
        for member in self.identity.members(root):
            yield from [raw for raw in self._objects.get(member, ()) if raw.startswith(CONTACT)]

    def regroup(self, nodes: set[str], change: Callable[[], None]) -> None:
        """Change links among these ids: everything of their subjects is taken out, and made again from the facts."""
        roots = {self.identity.root(node) for node in nodes}
        for root in roots:
            self.open_segmented(root)
            self._sets.pop(root, None)
        change()
        for root in {self.identity.root(node) for node in nodes}:
            self.open_fresh(root)

    def open_fresh(self, root: str) -> None:
        """Make a subject's sets again; it goes into the numbers when the batch ends."""
        for kind in SUBJECT_GROUPS:
            self._ledger.open_empty(kind, root)
        self._ledger.open_empty("person", root)
        self._codes.pop(root, None)
        self._sets[root] = self._made(root)
        self._withdrawn.add(root)
        for contact in self.contacts(root):
            self.remake(contact)

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
            self._sets.pop(root, None)
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

    # --- presence

    def touch(self, raw: str, time: int, kind: int, flags: int, note: Any) -> int:
        """Keep a touch of an id; a human one puts its person into the sets it belongs to. Returns its chunk."""
        touches = self.touches.get(raw)
        if touches is None:
            touches = self.touches[raw] = Touches()
            self.hold(raw)
        chunk = touches.add(time, kind, flags, note)
        if not flags & BOT:
            person = self.person(raw)
            sets = self._sets.get(person)
            if sets is None:
                sets = self._sets[person] = {}
            minute = time // 60_000
            for key in self._keys(person, time, kind, note, raw.startswith(IDENTIFIED)):
                times = sets.get(key)
                if times is None:
                    times = sets[key] = array("q")
                if person in self._withdrawn:
                    put_sorted(times, minute)
                else:
                    self._presence.put(key[0], self._code_of(person, key), times, minute)
        return chunk

    def _keys(self, person: str, time: int, kind: int, session: Any, identified: bool) -> tuple[SetKey, ...]:
        """The sets a human touch belongs to."""
        engaged = ENGAGED_KEYS[kind]
        if kind != PAGE or not identified:
            return engaged
        visit = (SESSIONS, session if session is not None else self._day(time // 60_000))
        lead = self.latest_lead.get(person)
        if lead is None or time > lead:
            return (*engaged, VISITOR, visit)
        return (*engaged, VISITOR, visit, (LED, None))

    def _code_of(self, person: str, key: SetKey) -> int:
        return self.segments(person) if key[0] in SEGMENTED else self._segments.everything

    def _made(self, person: str) -> "dict[SetKey, array[int]]":
        """A person's sets, from the facts alone."""
        found: dict[SetKey, set[int]] = {}
        self._note_lead(person)
        for raw in self.own_raws(person):
            identified = raw.startswith(IDENTIFIED)
            for time, kind, flags, note in self.touches.get(raw, ()):
                if not flags & BOT:
                    for key in self._keys(person, time, kind, note, identified):
                        found.setdefault(key, set()).add(time // 60_000)
        return {key: array("q", sorted(minutes)) for key, minutes in found.items()}

    def _note_lead(self, person: str) -> None:
        lead = self.latest_lead_of(self.subject(person))
        if lead is None:
            self.latest_lead.pop(person, None)
        else:
            self.latest_lead[person] = lead

    def withdraw(self, person: str) -> None:
        """Take a person's sets out of the numbers until the batch ends."""
        if person in self._withdrawn:
            return
        self._withdrawn.add(person)
        self._whole(person, -1)

    def remake(self, person: str) -> None:
        """Make a person's sets again from the facts, because its newest lead moved."""
        self.withdraw(person)
        self._sets[person] = self._made(person)

    def _whole(self, person: str, sign: int) -> None:
        for key, times in self._sets.get(person, {}).items():
            self._presence.whole(key[0], self._code_of(person, key), times, sign)

    def close(self) -> None:
        """Put what was withdrawn back, as it is now."""
        for person in self._withdrawn:
            self._whole(person, 1)
        self._withdrawn.clear()

    def flush(self, zone: Any) -> None:
        """Turn changed presence into the ledger's rows."""
        self._presence.flush(self._ledger.rows, zone)

    def restore(self, holders: Iterable[str], leads: Iterable[str]) -> None:
        """Make the sets from restored facts, without touching the numbers. The links are made already."""
        self.touches = {raw: Touches.restored(chunks) for raw, chunks in self.stored_touches.items()}
        self.stored_touches = {}
        for raw in [*self.touches, *holders, *(raw for raw in self.owners if raw.startswith(CONTACT))]:
            self.hold(raw)
        # Also where nobody was there yet: a view that comes late must find the newest lead.
        led = {person for lead in leads for person in self.persons_of(self.subject(lead))}
        for person in {self.person(raw) for raw in self.touches} | led:
            self._sets[person] = self._made(person)

    def everyone(self, raws: Iterable[str]) -> set[str]:
        """The persons and subjects of these ids, of all touches and of all owned groups of facts."""
        known = {*raws, *self.touches, *self.owned}
        return {self.person(raw) for raw in known} | {self.subject(raw) for raw in known}

    def recount(self) -> None:
        """Put all presence into the numbers once more, for a check of the cells."""
        for person in self._sets:
            self._whole(person, 1)


def put_sorted(times: "array[int]", minute: int) -> None:
    """Put a minute into sorted minutes, once."""
    at = bisect_left(times, minute)
    if at == len(times) or times[at] != minute:
        times.insert(at, minute)


def segment_of(dimension: str, value: Any) -> str:
    """A segment's text. Missing is `unknown`; other values as text, at most 200 characters."""
    if value is None or value == "":
        return f"{dimension}=unknown"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"{dimension}={text[:200]}"
