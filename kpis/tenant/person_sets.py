"""When persons were present: the sets of minutes behind the distinct counts, one per person and activity.

The sets are derived from the touches, which keep their source id. If a person gains or loses ids, or its funnel steps
move, its sets are rebuilt.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Final, Protocol

from kpis.calendar.zone import Zone
from kpis.cells.cells import Rows
from kpis.cells.distinct import BASES, EVERY_KIND, NO_NEIGHBOUR, SUFFIXES, Presence
from kpis.cells.measures import Keeps
from kpis.facts.page_paths import PAGES, page_only, path_and_click
from kpis.facts.touches import BOT, BY_CODE, CHANNELS, LOGINS, NOTHING, PAGE, Touches
from kpis.identity.ids import KINDS
from kpis.slices import Work
from kpis.tenant.facts import TenantFacts
from kpis.tenant.lead_groups import NO_STEPS, Steps, latest_steps
from kpis.tenant.page_views import PageViews
from kpis.tenant.purchases import order_minutes

IDENTIFIED: Final = (*(f"{kind}:" for kind in KINDS), "contact:", "within:")  # ids of possible visitors
VISITORS: Final = BASES.number("visitors")
SESSIONS: Final = BASES.number("sessions")
LED: Final = BASES.number("visitors_led")  # visitors before their subject became a lead
BUYERS: Final = BASES.number("buyers")
AGAIN: Final = BASES.number("buyers_again")
STEPPED: Final = (LED, BASES.number("visitors_opportunity"), BASES.number("visitors_won"))
USERS: Final = BASES.number("users")  # persons who signed in
LANDED: Final = BASES.number("landed", young=True)  # visitors of landing pages
ENGAGED: Final = {channel: BASES.number(f"engaged.{channel}") for channel in CHANNELS}
ENGAGED_ANY: Final = BASES.number("engaged")
CONVERTED: Final = BASES.number("landed.hit")  # visitors of landing pages who converted
SEGMENTED: Final = frozenset({VISITORS, SESSIONS, LED, BUYERS, AGAIN, USERS})
VISITOR: Final = (VISITORS, None)
BUYER: Final = (BUYERS, None)
BUYER_AGAIN: Final = (AGAIN, None)
LANDING: Final = (LANDED, None)
ENGAGED_KEYS: Final = tuple(
    ((ENGAGED[kind.channel], None), (ENGAGED_ANY, None)) if kind.channel else () for kind in BY_CODE
)
NOT_ASKED: Final = -1
PRESENT: Final = 40  # units of work of a minute of presence: about fifty deltas
FIRST: Final = NO_NEIGHBOUR  # the session had no view before
SetKey = tuple[int, Any]  # base, session or user


@lru_cache(maxsize=1024)
def counted(keeps: Keeps) -> tuple[frozenset[int], frozenset[int]]:
    """The bases to count, and the kinds of windows to count them in."""
    if keeps.everything:
        return frozenset(range(len(BASES.names))), EVERY_KIND
    names = {number: name for number, name in enumerate(BASES.names) if keeps.wants(name)}
    windows = enumerate(SUFFIXES)
    kinds = {kind for kind, suffix in windows if any(keeps.wants_window(one, suffix) for one in names.values())}
    return frozenset(names), frozenset(kinds)


class LandingListener(Protocol):
    """Callbacks for views of landing pages as they are counted. Minutes are sorted; see `PersonSets.follow`."""

    pages: PageViews
    young: int
    """How long a view is young, minutes."""

    def viewed(self, person: str, raw: str) -> None:
        """An id's newest touch is a view, and has been counted."""

    def put(self, person: str, times: "array[int]", minute: int) -> None:
        """A minute is about to be added to a person's landing page views."""

    def take(self, person: str, times: "array[int]", minute: int) -> None:
        """A minute was removed from them."""

    def leave(self, person: str, minute: int) -> None:
        """A session no longer begins at this minute, as an earlier view has arrived."""


class PersonSets:
    """The sets of every person of one tenant."""

    def __init__(self, facts: TenantFacts) -> None:
        self.steps: dict[str, Steps] = {}  # person -> its funnel steps, if any
        self._facts = facts
        self._people = facts.people
        self._everything = facts.sets.everything
        self._day = facts.zone.day
        self._presence = Presence()
        self._sets: dict[str, dict[SetKey, array[int]]] = {}  # person -> set -> minutes
        self._firsts: dict[str, dict[Any, int]] = {}  # person -> session or local day -> its first view, ms
        self._page_codes: dict[int, int] = {}
        self._listed: frozenset[str] = frozenset()
        self._counted, self._kinds = counted(facts.keeps)
        self._engaged = tuple(tuple(key for key in keys if key[0] in self._counted) for keys in ENGAGED_KEYS)
        self._visited = not self._counted.isdisjoint((VISITORS, *STEPPED))  # steps are derived from a visitor's minutes
        self._lands = LANDED in self._counted
        self._landings: LandingListener
        self._withdrawn: set[str] = set()  # persons whose sets are retracted until the batch ends
        self._unbuilt: set[str] = set()  # those whose sets are rebuilt when it ends

    def follow(self, landings: LandingListener, listed: tuple[str, ...]) -> None:
        """Set, once, the listener for landing page views, and their paths (none: each session's entry page)."""
        self._landings = landings
        self._listed = frozenset(listed)

    def followed(self, page: int) -> bool:
        """Whether a page has its own counts."""
        return not self._listed or path_and_click(page)[0] in self._listed

    def page_code(self, page: int) -> int:
        """The code of a page's segment."""
        found = self._page_codes.get(page)
        if found is None:
            if len(self._page_codes) > 50_000:
                self._page_codes.clear()
            path = PAGES.names[page_only(page)]
            found = self._page_codes[page] = self._facts.sets.code((f"page={path}",))
        return found

    def landed(self, person: str) -> "array[int]":
        """The minutes of a person's landing page views."""
        return self._sets.get(person, {}).get(LANDING, array("q"))

    def lands(self, person: str, time: int, session: Any, page: int) -> bool:
        """Whether a view is of a landing page: one of those listed or, if none are, the first of its session."""
        return self.followed(page) and (bool(self._listed) or self._enters(person, time, session))

    def _enters(self, person: str, time: int, session: Any) -> bool:
        """Whether the session has no earlier view."""
        return time <= self._firsts[person][self._visit(time, session)[1]]

    def _visit(self, time: int, session: Any) -> SetKey:
        return SESSIONS, session if session is not None else self._day(time // 60_000)

    def touch(self, raw: str, time: int, kind: int, flags: int, note: Any, page: int = NOTHING) -> int:
        """Store a touch; if it is human, add its minute to the person's sets. Returns the number of its chunk."""
        people = self._people
        touches = people.touches.get(raw)
        if touches is None:
            touches = people.touches[raw] = Touches()
            people.hold(raw)
        if flags & BOT:
            return touches.add(time, kind, flags, note, page)
        person, minute = people.person(raw), time // 60_000
        lands = kind == PAGE and self._lands and raw.startswith(IDENTIFIED)
        visit = self._visit(time, note) if kind == PAGE and raw.startswith(IDENTIFIED) else None
        if person in self._unbuilt:
            chunk = touches.add(time, kind, flags, note, page)
            if lands:
                self._landings.viewed(person, raw)
            return chunk
        entry = self._entry(person, visit[1], time) if lands and visit is not None else None
        chunk = touches.add(time, kind, flags, note, page)
        self._put(person, self._keys(person, time, kind, note, visit), minute)
        if lands:
            if entry is not None or (self._listed and self.followed(page)):
                self._put(person, (LANDING,), minute)
            self._landings.viewed(person, raw)
            if entry not in (None, FIRST):
                self._leave(person, entry)
        return chunk

    def _entry(self, person: str, visit: Any, time: int) -> int | None:
        """If a view is now its session's first: the minute of the previous first view, or FIRST if none; else None."""
        if self._listed:
            return None
        firsts = self._firsts.setdefault(person, {})
        known = firsts.get(visit)
        if known is not None and time >= known:
            return None
        firsts[visit] = time
        return FIRST if known is None else known // 60_000

    def _leave(self, person: str, minute: int) -> None:
        """Remove a minute at which a session no longer begins, unless another session begins there."""
        if all(first // 60_000 != minute for first in self._firsts[person].values()):
            times = self._sets[person][LANDING]
            if person in self._withdrawn:
                times.remove(minute)
            else:
                self._presence.take(LANDED, self._everything, times, minute)
            self._landings.take(person, times, minute)
        self._landings.leave(person, minute)

    def convert(self, times: "array[int]", minute: int) -> None:
        """Add a minute to a person's converted landing page views."""
        self._presence.put(CONVERTED, self._everything, times, minute)

    def unconvert(self, times: "array[int]", minute: int) -> None:
        """Remove a minute from them."""
        self._presence.take(CONVERTED, self._everything, times, minute)

    def buy(self, subject: str, minute: int, again: int | None) -> None:
        """Add a subject to the buyers of a minute; ``again``: the minute of its order that is now a repeat order."""
        if subject in self._unbuilt:
            return
        if BUYERS in self._counted:
            self._put(subject, (BUYER,), minute)
        if again is not None and AGAIN in self._counted:
            self._put(subject, (BUYER_AGAIN,), again)

    def _put(self, person: str, keys: tuple[SetKey, ...], minute: int) -> None:
        sets = self._sets.get(person)
        if sets is None:
            sets = self._sets[person] = {}
        withdrawn, segments = person in self._withdrawn, NOT_ASKED
        for key in keys:
            times = sets.get(key)
            if times is None:
                times = sets[key] = array("q")
            if key is LANDING:
                self._landings.put(person, times, minute)
            if withdrawn:
                put_sorted(times, minute)
            elif key[0] not in SEGMENTED:
                self._presence.put(key[0], self._everything, times, minute)
            else:
                if segments == NOT_ASKED:
                    segments = self._people.segments(person)
                self._presence.put(key[0], segments, times, minute)

    def _keys(self, person: str, time: int, kind: int, session: Any, visit: SetKey | None) -> tuple[SetKey, ...]:
        """The sets that a human touch belongs to; ``visit``: the key of a page view's session."""
        counted, found = self._counted, self._engaged[kind]
        if kind in LOGINS:
            return ((USERS, session),) if USERS in counted else ()
        if visit is None:
            return found
        if self._visited:
            found = (*found, VISITOR)
        if SESSIONS in counted:
            found = (*found, visit)
        steps = self.steps.get(person)
        if steps is None:
            return found
        later = zip(STEPPED, steps, strict=True)
        return (*found, *((base, None) for base, at in later if at is not None and time <= at and base in counted))

    def _code_of(self, person: str, key: SetKey) -> int:
        return self._people.segments(person) if key[0] in SEGMENTED else self._everything

    def _build(self, person: str) -> "dict[SetKey, array[int]]":
        """A person's sets, from the facts alone."""
        found: dict[SetKey, set[int]] = {}
        firsts: dict[Any, int] = {}
        self._note_steps(person)
        for raw in self._people.own_raws(person):
            if self._lands:
                self._landings.pages.belongs(raw, person)
            identified = raw.startswith(IDENTIFIED)
            touches = self._people.touches.get(raw)
            for (time, kind, flags, note), page in zip(touches, touches.pages, strict=True) if touches else ():
                if not flags & BOT:
                    visit = self._visit(time, note) if kind == PAGE and identified else None
                    keys = self._keys(person, time, kind, note, visit)
                    if visit is not None and self._lands:
                        if self._listed and self.followed(page):
                            keys += (LANDING,)
                        firsts[visit[1]] = min(time, firsts.get(visit[1], time))
                    for key in keys:
                        found.setdefault(key, set()).add(time // 60_000)
        if not self._listed and self._lands:
            self._firsts[person] = firsts
            found[LANDING] = {time // 60_000 for time in firsts.values()}
        if not self._counted.isdisjoint((BUYERS, AGAIN)) and person == self._people.subject(person):
            minutes = order_minutes(self._facts, person)
            found |= {BUYER: set(minutes)} if BUYERS in self._counted else {}
            found |= {BUYER_AGAIN: set(minutes[1:])} if AGAIN in self._counted else {}
        return {key: array("q", sorted(minutes)) for key, minutes in found.items() if minutes}

    def _note_steps(self, person: str) -> None:
        steps = latest_steps(self._facts, self._people.leads_of(person))
        if steps == NO_STEPS:
            self.steps.pop(person, None)
        else:
            self.steps[person] = steps

    def step(self, raw: str) -> None:
        """Update the sets of an id's persons whose funnel steps have changed."""
        people = self._people
        root, whose = people.subject(raw), people.person(people.owner(raw))
        if any(latest_steps(self._facts, one) != self.steps.get(one, NO_STEPS) for one in (root, whose)):
            for person in {*people.persons_of(root), whose, *people.contacts(whose)}:
                self._take_steps(person)

    def _take_steps(self, person: str) -> None:
        """Recount a person's views up to each funnel step that has moved."""
        if person in self._unbuilt:
            return
        before = self.steps.get(person, NO_STEPS)
        self._note_steps(person)
        after = self.steps.get(person, NO_STEPS)
        for base, old, new in zip(STEPPED, before, after, strict=True) if person in self._sets else ():
            if old != new and base in self._counted:
                self._replace(person, (base, None), self._viewed_until(person, new))

    def _replace(self, person: str, key: SetKey, times: "array[int]") -> None:
        """Replace the minutes of a person's set; usually some are only appended."""
        sets = self._sets[person]
        known = sets.pop(key, array("q"))
        if person not in self._withdrawn:
            code = self._code_of(person, key)
            if times[: len(known)] == known:
                for minute in times[len(known) :]:
                    self._presence.put(key[0], code, known, minute)
            else:
                self._presence.whole(key[0], code, known, -1)
                self._presence.whole(key[0], code, times, 1)
        if times:
            sets[key] = times

    def _viewed_until(self, person: str, at: int | None) -> "array[int]":
        """The minutes of a person's views up to an instant (ms)."""
        minutes = self._sets[person].get(VISITOR, array("q"))
        if at is None:
            return array("q")
        end = bisect_left(minutes, at // 60_000)
        cut = end < len(minutes) and minutes[end] == at // 60_000 and self._viewed_in(person, minutes[end], at)
        return minutes[: end + cut]

    def _viewed_in(self, person: str, minute: int, until: int) -> bool:
        """Whether a person viewed a page in a minute, up to and including an instant (ms)."""
        held = (self._people.touches.get(raw) for raw in self._people.own_raws(person) if raw.startswith(IDENTIFIED))
        return any(touches.viewed(minute * 60_000, until) for touches in held if touches is not None)

    def withdraw(self, person: str) -> None:
        """Retract a person's sets until the batch ends."""
        if person in self._withdrawn:
            return
        self._withdrawn.add(person)
        self._whole(person, -1)

    def rebuild(self, person: str) -> None:
        """Rebuild a person's sets from the facts, as an order moved."""
        self.withdraw(person)
        if person not in self._unbuilt:
            self._sets[person] = self._build(person)

    def renew(self, person: str) -> None:
        """Retract and drop the sets of a person whose ids change; they are rebuilt when the batch ends."""
        self._withdrawn.add(person)
        self._unbuilt.add(person)
        self._sets.pop(person, None)
        self._firsts.pop(person, None)

    def drop(self, person: str) -> None:
        """Forget a person, after its sets were withdrawn."""
        for known in (self._sets, self._firsts, self.steps):
            known.pop(person, None)
        self._withdrawn.discard(person)
        self._unbuilt.discard(person)

    def settle(self) -> None:
        """Rebuild the sets of persons whose ids changed in the batch."""
        for person in self._unbuilt:
            if self._people.person(person) == person:
                self._sets[person] = self._build(person)
        self._unbuilt.clear()

    def _whole(self, person: str, sign: int) -> None:
        for key, times in self._sets.get(person, {}).items():
            self._presence.whole(key[0], self._code_of(person, key), times, sign)

    def close(self) -> None:
        """Re-emit the withdrawn sets as they are now."""
        for person in self._withdrawn:
            self._whole(person, 1)
        self._withdrawn.clear()

    def restore(self, stepped: Iterable[str]) -> Work:
        """Build the sets from restored facts without changing any cell. ``stepped``: leads, deals and orders."""
        people = self._people
        # Persons without touches, too: a late view needs the latest lead and won deal, and a purchase is presence.
        known: dict[str, None] = {}
        for raw in stepped:
            known.update(dict.fromkeys(people.persons_of(people.subject(raw))))
            known[people.person(people.owner(raw))] = None
            yield 5
        for person in {**known, **{people.person(raw): None for raw in people.touches}}:
            sets = self._sets[person] = self._build(person)
            yield 40 + 3 * sum(map(len, sets.values()))

    def flush(self, rows: Rows, zone: Zone) -> None:
        """Add the changed presence to a batch's rows."""
        self._presence.flush(rows, zone, self._landings.young, self._kinds)

    def present(self, bases: frozenset[int]) -> Iterator[tuple[str, int, "array[int]"]]:
        """(person, base, minutes) of the sets with these bases, between batches."""
        for person, sets in self._sets.items():
            for (base, _), times in sets.items():
                if base in bases:
                    yield person, base, times

    def recount(self) -> Work:
        """Emit all presence again, for a check of the cells. Call `flush` after each slice."""
        for person, sets in self._sets.items():
            self._whole(person, 1)
            yield 1 + PRESENT * sum(map(len, sets.values()))


def put_sorted(times: "array[int]", minute: int) -> None:
    """Insert a minute into sorted minutes, unless it is there."""
    at = bisect_left(times, minute)
    if at == len(times) or times[at] != minute:
        times.insert(at, minute)
