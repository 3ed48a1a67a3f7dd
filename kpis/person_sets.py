"""When persons were there: the sets of minutes behind the distinct counts, a person and a thing done each.

The sets are derived from the touches, which keep the id they came with: what joins or leaves a person, or moves its
steps to a won deal, makes its sets again.
"""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kpis.cells import Rows
from kpis.identity import KINDS
from kpis.presence import BASES, Presence
from kpis.touches import BOT, BY_CODE, CHANNELS, CODES, LOGINS, Touches
from kpis.zone import Zone

if TYPE_CHECKING:
    from kpis.people import People

IDENTIFIED: Final = (*(f"{kind}:" for kind in KINDS), "contact:", "within:")  # who can be a visitor
PAGE: Final = CODES["page.viewed"]
VISITORS: Final = BASES.number("visitors")
SESSIONS: Final = BASES.number("sessions")
LED: Final = BASES.number("visitors_led")  # visitors whose subject became a lead later
BUYERS: Final = BASES.number("buyers")
STEPPED: Final = (LED, BASES.number("visitors_opportunity"), BASES.number("visitors_won"))
USERS: Final = BASES.number("users", local=True)  # who signed in
ENGAGED: Final = {channel: BASES.number(f"engaged.{channel}") for channel in CHANNELS}
ENGAGED_ANY: Final = BASES.number("engaged")
SEGMENTED: Final = frozenset({VISITORS, SESSIONS, LED, BUYERS, USERS})

VISITOR: Final = (VISITORS, None)
BUYER: Final = (BUYERS, None)
ENGAGED_KEYS: Final = tuple(
    ((ENGAGED[kind.channel], None), (ENGAGED_ANY, None)) if kind.channel else () for kind in BY_CODE
)

NOT_ASKED: Final = -1

SetKey = tuple[int, Any]  # base, session or user


class Steps(NamedTuple):
    """When a subject last became a lead, an opportunity, and won a deal, ms; None: never."""

    lead: int | None = None
    opportunity: int | None = None
    won: int | None = None


NO_STEPS: Final = Steps()


class PersonSets:
    """The sets of every person of one tenant."""

    def __init__(self, people: "People", everything: int, days: Callable[[int], int]) -> None:
        self.bought_of: Callable[[str], Iterable[int]] = lambda root: ()  # when a subject's orders were, minutes
        self.steps: dict[str, Steps] = {}  # person -> those of its subject, where there are any
        self.steps_of: Callable[[str], Steps] = lambda root: NO_STEPS
        self._people = people
        self._everything = everything
        self._day = days
        self._presence = Presence()
        self._sets: dict[str, dict[SetKey, array[int]]] = {}  # person -> set -> minutes
        self._withdrawn: set[str] = set()  # persons whose sets are out of the numbers until the batch ends

    def touch(self, raw: str, time: int, kind: int, flags: int, note: Any) -> int:
        """Keep a touch of an id; a human one puts its person into the sets it belongs to. Returns its chunk."""
        people = self._people
        touches = people.touches.get(raw)
        if touches is None:
            touches = people.touches[raw] = Touches()
            people.hold(raw)
        chunk = touches.add(time, kind, flags, note)
        if not flags & BOT:
            person = people.person(raw)
            self._put(person, self._keys(person, time, kind, note, raw.startswith(IDENTIFIED)), time // 60_000)
        return chunk

    def buy(self, subject: str, minute: int) -> None:
        """Put a subject among the buyers of a minute."""
        self._put(subject, (BUYER,), minute)

    def _put(self, person: str, keys: tuple[SetKey, ...], minute: int) -> None:
        sets = self._sets.get(person)
        if sets is None:
            sets = self._sets[person] = {}
        withdrawn, segments = person in self._withdrawn, NOT_ASKED
        for key in keys:
            times = sets.get(key)
            if times is None:
                times = sets[key] = array("q")
            if withdrawn:
                put_sorted(times, minute)
            elif key[0] not in SEGMENTED:
                self._presence.put(key[0], self._everything, times, minute)
            else:
                if segments == NOT_ASKED:
                    segments = self._people.segments(person)
                self._presence.put(key[0], segments, times, minute)

    def _keys(self, person: str, time: int, kind: int, session: Any, identified: bool) -> tuple[SetKey, ...]:
        """The sets a human touch belongs to."""
        engaged = ENGAGED_KEYS[kind]
        if kind in LOGINS:
            return ((USERS, session),)
        if kind != PAGE or not identified:
            return engaged
        visit = (SESSIONS, session if session is not None else self._day(time // 60_000))
        steps = self.steps.get(person)
        if steps is None:
            return (*engaged, VISITOR, visit)
        later = [(base, None) for base, at in zip(STEPPED, steps, strict=True) if at is not None and time <= at]
        return (*engaged, VISITOR, visit, *later)

    def _code_of(self, person: str, key: SetKey) -> int:
        return self._people.segments(person) if key[0] in SEGMENTED else self._everything

    def _made(self, person: str) -> "dict[SetKey, array[int]]":
        """A person's sets, from the facts alone."""
        found: dict[SetKey, set[int]] = {}
        self._note_steps(person)
        for raw in self._people.own_raws(person):
            identified = raw.startswith(IDENTIFIED)
            for time, kind, flags, note in self._people.touches.get(raw, ()):
                if not flags & BOT:
                    for key in self._keys(person, time, kind, note, identified):
                        found.setdefault(key, set()).add(time // 60_000)
        if person == self._people.subject(person):
            found[BUYER] = set(self.bought_of(person))
        return {key: array("q", sorted(minutes)) for key, minutes in found.items() if minutes}

    def _note_steps(self, person: str) -> None:
        steps = self.steps_of(self._people.leads_of(person))
        if steps == NO_STEPS:
            self.steps.pop(person, None)
        else:
            self.steps[person] = steps

    def step(self, raw: str) -> None:
        """Make the sets of an id's persons again where they came to a step since, or no more."""
        people = self._people
        root, whose = people.subject(raw), people.person(people.owner(raw))
        if any(self.steps_of(one) != self.steps.get(one, NO_STEPS) for one in (root, whose)):
            for person in {*people.persons_of(root), whose}:
                self.remake(person)

    def withdraw(self, person: str) -> None:
        """Take a person's sets out of the numbers until the batch ends."""
        if person in self._withdrawn:
            return
        self._withdrawn.add(person)
        self._whole(person, -1)

    def remake(self, person: str) -> None:
        """Make a person's sets again from the facts, because its steps or an order moved."""
        self.withdraw(person)
        self._sets[person] = self._made(person)

    def forget(self, person: str) -> None:
        """Drop the sets of a subject whose ids are about to change, after they were withdrawn."""
        self._sets.pop(person, None)

    def make(self, person: str) -> None:
        """Make the sets of a subject whose ids changed; they go into the numbers when the batch ends."""
        self._sets[person] = self._made(person)
        self._withdrawn.add(person)

    def _whole(self, person: str, sign: int) -> None:
        for key, times in self._sets.get(person, {}).items():
            self._presence.whole(key[0], self._code_of(person, key), times, sign)

    def close(self) -> None:
        """Put what was withdrawn back, as it is now."""
        for person in self._withdrawn:
            self._whole(person, 1)
        self._withdrawn.clear()

    def restore(self, persons: Iterable[str]) -> None:
        """Make the sets of these persons from restored facts, without touching the numbers."""
        for person in persons:
            self._sets[person] = self._made(person)

    def flush(self, rows: Rows, zone: Zone) -> None:
        """Turn changed presence into a batch's rows."""
        self._presence.flush(rows, zone)

    def recount(self) -> None:
        """Put all presence into the numbers once more, for a check of the cells."""
        for person in self._sets:
            self._whole(person, 1)


def put_sorted(times: "array[int]", minute: int) -> None:
    """Put a minute into sorted minutes, once."""
    at = bisect_left(times, minute)
    if at == len(times) or times[at] != minute:
        times.insert(at, minute)
