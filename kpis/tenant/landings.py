"""Landing pages: their visitors, those who converted, and those who still may.

Presence is in `person_sets`, the counts of each page are in `page_views`. This module finds the views that a conversion
followed, and how long visitors who have converted are also young. A visitor is *young* while they have a view younger
than the conversion window, and *open* if young without a converted view in the KPI's window.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from kpis.calendar.intervals import Interval, union
from kpis.calendar.windows import DAY, MINUTE_MS
from kpis.cells.deltas import DAY_MS, Delta, distinct_deltas
from kpis.cells.distinct import young_until
from kpis.facts.landing_pages import both_deltas, hit_deltas
from kpis.facts.page_paths import page_only, path_and_click
from kpis.facts.touches import Touches
from kpis.slices import Work
from kpis.tenant.conversions import Conversions
from kpis.tenant.facts import TenantFacts
from kpis.tenant.page_views import PAGED, PageViews
from kpis.tenant.person_sets import IDENTIFIED, PersonSets

PACKED_MINUTE: Final = MINUTE_MS << 12  # a minute in a packed touch


class Landings:
    """The landing pages of one tenant: which views of a person were converted.

    Changes are emitted as they arrive. When ids are linked, the person's group ``landing`` is retracted and re-emitted.
    """

    def __init__(self, tenant: TenantFacts, sets: PersonSets, conversions: Conversions) -> None:
        self.pages = PageViews(tenant.settings.conversion_days, partial(tenant.cells.touch, PAGED))
        self.converted: dict[str, array[int]] = {}  # person -> minutes of converted landing page views
        self.by_click: dict[str, set[str]] = {}  # click id -> source ids that viewed a page with it
        self._clicks: dict[str, set[str]] = {}  # source id -> its click ids
        self._done: dict[str, bytearray] = {}  # source id -> flags: which of its touches are converted views
        self._tenant = tenant
        self._sets = sets
        self._conversions = conversions
        self.young = tenant.settings.conversion_days * DAY  # how long a view is young, minutes
        self._within = tenant.settings.conversion_days * DAY_MS

    def view(self, raw: str, page: int) -> None:
        """Note the click id with which an id viewed a page."""
        if click := path_and_click(page)[1]:
            self._note_click(raw, click)

    def _note_click(self, raw: str, click: str) -> None:
        self.by_click.setdefault(click, set()).add(raw)
        self._clicks.setdefault(raw, set()).add(click)

    def move(self, raw: str, new: str | None) -> None:
        """Move the views of an id to another (None: remove them)."""
        self._done.pop(raw, None)
        self.converted.pop(raw, None)
        self.pages.move(raw, new)
        clicks = self._clicks.pop(raw, set())
        for click in clicks:
            self.by_click[click].remove(raw)
            if not self.by_click[click]:
                del self.by_click[click]
            if new is not None:
                self._note_click(new, click)

    def viewed(self, person: str, raw: str) -> None:
        """Process a counted view: a conversion that follows it may already have arrived."""
        place = len(self._tenant.people.touches[raw].packed) - 1
        self._note_page(self.pages.viewed, raw, place)
        self.pages.belongs(raw, person)
        self._convert(person, raw, place)

    def _note_page(self, note: Callable[[str, int, int], None], raw: str, place: int) -> None:
        """Note a view, or a converted view, for its page if the page has its own counts."""
        touches = self._tenant.people.touches[raw]
        if self._sets.followed(touches.pages[place]):
            note(raw, page_only(touches.pages[place]), touches.packed[place] // PACKED_MINUTE)

    def restore(self) -> Work:
        """Build the indexes from the touches and conversions."""
        people, wanted = self._tenant.people, "landing" not in self._tenant.ledger.unwanted
        found: dict[str, None] = {}
        for raw, touches in people.touches.items():
            if wanted and raw.startswith(IDENTIFIED):
                for place in np.flatnonzero(touches.views).tolist():
                    self._note_page(self.pages.viewed, raw, place)
            for page in set(touches.pages):
                if page >= 0:
                    self.view(raw, page)
            if raw in self._clicks:
                found[people.person(raw)] = None
            yield 10 + 2 * len(touches.packed)
        for raw in self._conversions.raws if wanted else ():
            found.update(dict.fromkeys(people.person(one) for one in people.raws(people.subject(raw))))
            yield 1
        for person in found if wanted else ():
            self.note(person)
            yield 40

    def convert(self, root: str, time: int, click: str | None) -> None:
        """Apply a conversion (ms) of a subject, or with a click id, to the views in the days before it."""
        people = self._tenant.people
        raws = dict.fromkeys((*people.raws(root), *(self.by_click.get(click, ()) if click else ())))
        for raw in raws:
            touches = people.touches.get(raw)
            if touches is not None and raw.startswith(IDENTIFIED):
                for place in self._views(raw, touches, time).tolist():
                    self._convert(people.person(raw), raw, place)

    def _views(self, raw: str, touches: Touches, conversion: int) -> NDArray[np.int64]:
        """Indexes of an id's unconverted views that a conversion (ms) may follow."""
        ages = conversion - (touches.numbers >> 12)
        views = (ages >= 0) & (ages < self._within) & touches.views
        done = self._done.get(raw, b"")
        views[: len(done)] &= np.frombuffer(done, dtype=np.uint8) == 0
        return np.flatnonzero(views)

    def _convert(self, person: str, raw: str, place: int) -> None:
        """Count a view as converted, if it is. If its person is retracted, the re-emission will find it."""
        tenant = self._tenant
        if tenant.ledger.is_open("landing", person):
            return
        touches = tenant.people.touches[raw]
        time, page = touches.packed[place] >> 12, touches.pages[place]
        if not self._conversions.followed(tenant.people.subject(raw), time, path_and_click(page)[1]):
            return
        self._mark_done(raw, place)
        note = touches.notes[place]
        if self._sets.lands(person, time, None if note < 0 else touches.table[note], page):
            self._hit(person, time // MINUTE_MS)

    def _mark_done(self, raw: str, place: int) -> None:
        self._note_page(self.pages.converted, raw, place)
        done = self._done.setdefault(raw, bytearray())
        if place >= len(done):
            done.extend(bytes(place + 1 - len(done)))
        done[place] = 1

    def _hit(self, person: str, minute: int) -> None:
        """Add a minute to a person's converted landing page views."""
        held = self.converted.setdefault(person, array("q"))
        at = bisect_left(held, minute)
        if at == len(held) or held[at] != minute:
            self._both(person, held, at, minute, 1)
            self._sets.convert(held, minute)

    def _both(self, person: str, held: "array[int]", at: int, minute: int, sign: int) -> None:
        """Emit the deltas of ``landed.both`` for a converted minute, at index ``at`` among the person's others."""
        tenant = self._tenant
        young = partial(self._young_in, self._sets.landed(person))
        around = (held[at - 1] if at else None, held[at] if at < len(held) else None)
        deltas = hit_deltas("landed.both", minute, around, young, tenant.zone)
        tenant.ledger.add_deltas(tenant.sets.everything, deltas, sign)

    def leave(self, person: str, minute: int) -> None:
        """Update a minute at which a session no longer begins: it may no longer have a converted landing page view."""
        held = self.converted.get(person, ())
        at = bisect_left(held, minute)
        if at == len(held) or held[at] != minute or self._tenant.ledger.is_open("landing", person):
            return
        assert isinstance(held, array)
        if not self._hit_at(person, minute):
            self._sets.unconvert(held, minute)
            self._both(person, held, at, minute, -1)

    def _hit_at(self, person: str, minute: int) -> bool:
        """Whether a person has a converted landing page view at a minute."""
        people = self._tenant.people
        for raw in people.own_raws(person):
            touches, done = people.touches.get(raw), self._done.get(raw, b"")
            if touches is None:
                continue
            packed = touches.numbers[: len(done)]
            seen = (packed // PACKED_MINUTE == minute) & (np.frombuffer(done, dtype=np.uint8) == 1)
            for place in np.flatnonzero(seen).tolist():
                (time, _, _, session), page = next(touches.at((place,))), touches.pages[place]
                if self._sets.lands(person, time, session, page):
                    return True
        return False

    def _ends(self, view: int) -> int:
        """When a view ceases to be young, minutes."""
        return young_until(view, self.young)

    def _young_in(self, views: "array[int]", start: int, end: int) -> Iterator[Interval]:
        """The parts of a span of minutes in which a visitor with these views is young."""
        while start < end:
            at = bisect_right(views, start)
            if not at or (leaving := self._ends(views[at - 1])) <= start:
                if at == len(views):
                    return
                start = views[at]
                continue
            begin = start
            while start < leaving:
                start = leaving
                leaving = self._ends(views[bisect_right(views, start) - 1]) if start < end else start
            yield begin, min(start, end)

    def note(self, person: str) -> "array[int]":
        """Recompute and store the minutes of a person's converted landing page views."""
        sets = self._sets
        found = {hit[0] // MINUTE_MS for hit in self._hits(person) if sets.lands(person, *hit)}
        converted = array("q", sorted(found))
        if converted:
            self.converted[person] = converted
        else:
            self.converted.pop(person, None)
        return converted

    def _hits(self, person: str) -> Iterator[tuple[int, Any, int]]:
        """(ms, session, page) of a person's views that a conversion followed."""
        people, conversions = self._tenant.people, self._conversions
        of: dict[str, list[int]] = {}  # subject -> its conversions; with accounts there may be several subjects
        for raw in people.own_raws(person):
            touches = people.touches.get(raw)
            self._done.pop(raw, None)
            self.pages.reconsider(raw)
            if touches is None or not raw.startswith(IDENTIFIED):
                continue
            subject = people.subject(raw)
            times = of[subject] if subject in of else of.setdefault(subject, conversions.of(subject))
            if not times and conversions.by_click.keys().isdisjoint(self._clicks.get(raw, ())):
                continue
            for place in np.flatnonzero(touches.views).tolist():
                time, page = touches.packed[place] >> 12, touches.pages[place]
                if conversions.follow(times, time, path_and_click(page)[1]):
                    self._mark_done(raw, place)
                    note = touches.notes[place]
                    yield time, None if note < 0 else touches.table[note], page

    def deltas(self, person: str) -> Iterator[Delta]:
        """A person's contribution: windows with a converted view, and when the person is also young."""
        yield from self._deltas(person, self.note(person))

    def held(self, person: str) -> Iterator[Delta]:
        """The same from the stored minutes, between batches."""
        return self._deltas(person, self.converted.get(person, array("q")))

    def _deltas(self, person: str, minutes: "array[int]") -> Iterator[Delta]:
        zone = self._tenant.zone
        if minutes:
            yield from distinct_deltas("landed.hit", (minute * MINUTE_MS for minute in minutes), zone)
            landed = self._sets.landed(person)
            spans = union((one, self._ends(one)) for one in landed)
            yield from both_deltas("landed.both", spans, minutes, zone)

    def put(self, person: str, times: "array[int]", minute: int) -> None:
        """Emit the change for a new minute with a landing page view, if the person has converted views."""
        self._landed(person, times, minute, 1)

    def take(self, person: str, times: "array[int]", minute: int) -> None:
        """Emit the change for a minute that no longer has a landing page view."""
        self._landed(person, times, minute, -1)

    def _landed(self, person: str, times: "array[int]", minute: int, sign: int) -> None:
        tenant = self._tenant
        minutes = self.converted.get(person)
        if not minutes or tenant.ledger.is_open("landing", person):
            return
        at = bisect_left(times, minute)
        if at < len(times) and times[at] == minute:
            return
        start, end = minute, self._ends(minute)
        if at:
            start = max(start, self._ends(times[at - 1]))
        if at < len(times):
            end = min(end, times[at])
        if start < end:
            deltas = both_deltas("landed.both", [(start, end)], minutes, tenant.zone)
            tenant.ledger.add_deltas(tenant.sets.everything, deltas, sign)
