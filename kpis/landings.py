"""Landing pages: visitors of them, those who converted, and those of whom it is open.

Who was there is presence (kpis.person_sets). What is worked out here are the views that a conversion followed, and for
how long a visitor who still may convert is one who has converted already: a visitor is open while a view of theirs is
younger than the conversion window, unless a converted view lies in the window asked for.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Container, Iterator
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from kpis.ledger import Contribution
from kpis.marks import EVERY, FOREVER, MINUTE_MS, Interval, Mark, distinct_marks, intersect, leaves, level_marks, union
from kpis.pages import path_and_click
from kpis.person_sets import IDENTIFIED, LANDED, PAGE, PAGED, SetKey
from kpis.presence import NARROW
from kpis.touches import BOT
from kpis.zone import Zone, bucket_after, bucket_start

if TYPE_CHECKING:
    from kpis.tenant import Tenant

LONG: Final = ("30d", "90d", "365d")
NEVER: Final = FOREVER // MINUTE_MS
NAMES: Final = {LANDED: "landed", PAGED: "landed.page"}


class Landings:
    """The landing pages of one tenant: which views of a person were converted."""

    def __init__(self, tenant: "Tenant") -> None:
        self.converted: dict[str, dict[SetKey, list[int]]] = {}  # person -> set -> minutes of converted views
        self.by_click: dict[str, set[str]] = {}  # click id -> ids that viewed a page by it
        self._tenant = tenant
        self._young = f"{tenant.settings.conversion_days}d"

    def view(self, raw: str, time: int, page: int) -> None:
        """A view is about to be counted: where a conversion may follow it, its person is opened."""
        tenant, click = self._tenant, path_and_click(page)[1]
        if click:
            self.by_click.setdefault(click, set()).add(raw)
        if tenant.conversions.may_follow(tenant.people.subject(raw), time, click):
            tenant.ledger.open("person", tenant.people.person(raw))

    def restore(self) -> None:
        """Make what is derived from the touches and conversions."""
        people = self._tenant.people
        found: set[str] = set()
        for raw, touches in people.touches.items():
            for page in set(touches.pages):
                if page >= 0 and (click := path_and_click(page)[1]):
                    self.by_click.setdefault(click, set()).add(raw)
                    found.add(people.person(raw))
        for raw in self._tenant.conversions.raws:
            found.update(people.person(one) for one in people.raws(people.subject(raw)))
        for person in found:
            self.note(person)

    def open(self, root: str, click: str | None) -> None:
        """Take out whom a conversion of a subject, or by a click, may be of."""
        people = self._tenant.people
        for raw in (*people.raws(root), *(self.by_click.get(click, ()) if click else ())):
            self._tenant.ledger.open("person", people.person(raw))

    def open_person(self, person: str) -> None:
        """Take a person out, whose first views move."""
        self._tenant.ledger.open("person", person)

    def note(self, person: str) -> dict[SetKey, list[int]]:
        """Which of a person's views were converted, kept until it changes."""
        found: dict[SetKey, set[int]] = {}
        for time, session, page in self._hits(person):
            minute = time // MINUTE_MS
            for key in self._tenant.people.sets.landings(person, time, session, page):
                found.setdefault(key, set()).add(minute)
        converted = {key: sorted(minutes) for key, minutes in found.items()}
        if converted:
            self.converted[person] = converted
        else:
            self.converted.pop(person, None)
        return converted

    def _hits(self, person: str) -> Iterator[tuple[int, Any, int]]:
        """(time ms, session, page) of a person's views that a conversion followed."""
        people, conversions = self._tenant.people, self._tenant.conversions
        for raw in people.own_raws(person):
            touches = people.touches.get(raw)
            if touches is None or not raw.startswith(IDENTIFIED):
                continue
            times = conversions.of(people.subject(raw))
            clicks = any(raw in ids for click, ids in self.by_click.items() if click in conversions.by_click)
            if not times and not clicks:
                continue
            packed = np.array(touches.packed, dtype=np.int64)
            views = np.flatnonzero((packed >> 4 & 0xFF == PAGE) & (packed & BOT == 0))
            for place in views.tolist():
                time, page = touches.packed[place] >> 12, touches.pages[place]
                if conversions.follow(times, time, path_and_click(page)[1]):
                    note = touches.notes[place]
                    yield time, None if note < 0 else touches.table[note], page

    def marks(self, person: str) -> Contribution:
        """Windows in which a person has a converted view, and where such a person is young, too."""
        tenant = self._tenant
        for key, minutes in self.note(person).items():
            name, segments = NAMES[key[0]], tenant.people.sets.landing_code(key)
            windows = EVERY if key[0] == LANDED else NARROW
            instants = (minute * MINUTE_MS for minute in minutes)
            for mark in distinct_marks(f"{name}.hit", instants, tenant.zone, windows):
                yield segments, mark
            spans = [(one, leaves(self._young, one, tenant.zone)) for one in tenant.people.sets.minutes(person, key)]
            for mark in both_marks(f"{name}.both", union(spans), minutes, tenant.zone, windows):
                yield segments, mark

    def put(self, person: str, key: SetKey, times: "array[int]", minute: int) -> None:
        """A view at a minute joins a set: where its person has converted views, that is a change of its own."""
        tenant = self._tenant
        minutes = self.converted.get(person, {}).get(key)
        if not minutes or tenant.ledger.is_open("person", person):
            return
        at = bisect_left(times, minute)
        if at < len(times) and times[at] == minute:
            return
        start, end = minute, leaves(self._young, minute, tenant.zone)
        if at:
            start = max(start, leaves(self._young, times[at - 1], tenant.zone))
        if at < len(times):
            end = min(end, times[at])
        if start < end:
            windows = EVERY if key[0] == LANDED else NARROW
            marks = both_marks(f"{NAMES[key[0]]}.both", [(start, end)], minutes, tenant.zone, windows)
            tenant.ledger.marks(tenant.people.sets.landing_code(key), marks)


def both_marks(
    base: str, spans: list[Interval], converted: list[int], zone: Zone, windows: Container[str]
) -> Iterator[Mark]:
    """While a visitor is young (disjoint spans of minutes) and has a converted view in the window, for long windows."""
    for name in LONG:
        if name not in windows:
            continue
        stays = [
            (minute, leaves(name, minute, zone))
            for start, end in spans
            for minute in converted[max(bisect_right(converted, start) - 1, 0) : bisect_left(converted, end)]
        ]
        yield from level_marks(f"{base}@{name}", _instants(intersect(spans, union(stays))))
    yield from level_marks(f"{base}@all", _instants(intersect(spans, [(converted[0], NEVER)])))
    for bucket in ("week", "month", "quarter", "year"):
        if bucket not in windows:
            continue
        for start, end in spans:
            yield from _bucket_marks(f"{base}@{bucket}", bucket, start, end, converted, zone)


def _bucket_marks(measure: str, bucket: str, start: int, end: int, converted: list[int], zone: Zone) -> Iterator[Mark]:
    """The same inside each calendar bucket that the span touches."""
    opens = bucket_start(zone.day(start), bucket)
    while zone.midnight(opens) < end:
        after = bucket_after(opens, bucket)
        low, high = zone.midnight(opens), zone.midnight(after)
        at = bisect_left(converted, low)
        if at < len(converted) and converted[at] < min(end, high):
            yield Mark(measure, max(start, low, converted[at]) * MINUTE_MS, 1)
            if end < high:
                yield Mark(measure, end * MINUTE_MS, -1)
        opens = after


def _instants(spans: list[Interval]) -> list[Interval]:
    return [(start * MINUTE_MS, end * MINUTE_MS if end < NEVER else FOREVER) for start, end in spans]
