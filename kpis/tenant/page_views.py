"""Who viewed which page when, for the counts of each page.

There are many pages and few of their counts are ever read, so windows are counted on demand, from a table in memory
that is derived from the facts. A view keeps its source id, whose current person is looked up.
"""

from array import array
from collections.abc import Callable, Collection, Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from kpis.calendar.windows import DAY, Window
from kpis.cells.cells import EVER
from kpis.facts.page_paths import PAGES

Ints = NDArray[np.int32]
PAGED: Final = "landed.page"  # pseudo-measure of formulas that read the table
FOUND_KEPT: Final = 64  # windows with cached counts
ID, PAGE, MINUTE, GENERATION = range(4)


class PageCount(NamedTuple):
    """A page's visitors in a window: all, those with a converted view in it, and the others who may still convert."""

    visitors: int = 0
    converted: int = 0
    open: int = 0


NO_VISITORS: Final = PageCount()


class Log:
    """Append-only rows of (id, page, minute); all rows of an id can be dropped at once."""

    def __init__(self) -> None:
        self._rows: Ints = np.zeros((0, 4), dtype=np.int32)
        self._new = array("i")
        self._generations: dict[int, int] = {}  # id -> how often its rows were dropped

    def add(self, id_: int, page: int, minute: int) -> None:
        """Append a row."""
        self._new.extend((id_, page, minute, self._generations.get(id_, 0)))

    def drop(self, id_: int) -> None:
        """Drop all rows of an id."""
        self._generations[id_] = self._generations.get(id_, 0) + 1

    def rows(self, ids: int) -> Ints:
        """All rows not dropped. ``ids``: the number of ids."""
        if self._new:
            self._rows = np.concatenate([self._rows, np.array(self._new, dtype=np.int32).reshape(-1, 4)])
            self._new = array("i")
        if self._generations:
            generations = np.zeros(ids, dtype=np.int32)
            generations[list(self._generations)] = list(self._generations.values())
            self._rows = self._rows[self._rows[:, GENERATION] == generations[self._rows[:, ID]]]
        return self._rows


class PageViews:
    """The page views of one tenant. ``changed`` is called on every change."""

    def __init__(self, conversion_days: int, changed: Callable[[], None] = lambda: None) -> None:
        self._changed = changed
        self._young = conversion_days * DAY
        self._ids: dict[str, int] = {}
        self._persons = array("i")  # id -> person
        self._views, self._hits = Log(), Log()
        self._pages: set[int] = set()
        self._table: Table | None = None
        self._minutes: Ints | None = None

    def viewed(self, raw: str, page: int, minute: int) -> None:
        """Add a view."""
        self._views.add(self._number(raw), page, minute)
        self._pages.add(page)
        self._change()

    def converted(self, raw: str, page: int, minute: int) -> None:
        """Mark a view as converted."""
        self._hits.add(self._number(raw), page, minute)
        self._change()

    def reconsider(self, raw: str) -> None:
        """Unmark all converted views of an id."""
        if raw in self._ids:
            self._hits.drop(self._ids[raw])
            self._change()

    def move(self, name: str, new: str | None) -> None:
        """Rename an id or a person (None: remove its views)."""
        number = self._ids.pop(name, None)
        if number is None:
            return
        if new is not None:
            self._ids[new] = number
            return
        for log in (self._views, self._hits):
            log.drop(number)
        self._change()

    def belongs(self, raw: str, person: str) -> None:
        """Set the person of an id."""
        self._persons[self._number(raw)] = self._number(person)
        self._change()

    def _change(self) -> None:
        self._table = self._minutes = None
        self._changed()

    def _number(self, name: str) -> int:
        found = self._ids.get(name)
        if found is None:
            found = self._ids[name] = len(self._persons)
            self._persons.append(found)
        return found

    def segments(self) -> Iterator[str]:
        """The segment of every page ever viewed."""
        return (f"page={PAGES.names[page]}" for page in self._pages)

    def minutes(self) -> Ints:
        """Minutes in which any page was viewed, sorted."""
        if self._minutes is None:
            self._minutes = np.unique(self._views.rows(len(self._persons))[:, MINUTE])
        return self._minutes

    def _current_table(self) -> "Table":
        if self._table is None:
            ids = len(self._persons)
            self._table = Table(self._views.rows(ids), self._hits.rows(ids), np.array(self._persons))
        return self._table

    def counts(self, window: Window) -> dict[str, PageCount]:
        """The counts of every page viewed in a window, by path."""
        return self._current_table().counts(*self._minutes_of(window))

    def visits(self, window: Window, paths: Collection[str]) -> Iterator[tuple[str, int, PageCount]]:
        """Visitors of some pages in a window: (person, minute of newest view, number of pages in each count)."""
        names = {number: name for name, number in self._ids.items()}
        for person, minute, count in self._current_table().visits(*self._minutes_of(window), paths):
            yield names[person], minute, count

    def _minutes_of(self, window: Window) -> tuple[int, int, int]:
        """A window's start and end, and the minute from which a view in it is young."""
        start = EVER if window.start is None else window.start
        return start, window.end, max(start, window.end_quarter * 15 - self._young)


class Table:
    """Views grouped by (person, page)."""

    def __init__(self, views: Ints, hits: Ints, persons: Ints) -> None:
        def keys(rows: Ints) -> NDArray[np.int64]:
            return persons[rows[:, ID]].astype(np.int64) << 32 | rows[:, PAGE]

        self._minutes, self._hit_minutes = views[:, MINUTE], hits[:, MINUTE]
        pairs, self._pairs = np.unique(keys(views), return_inverse=True)
        self._hit_pairs = np.searchsorted(pairs, keys(hits))
        # Renumbered, as page codes are shared by all tenants and can be high.
        self._codes, self._pages = np.unique(pairs & 0xFFFF_FFFF, return_inverse=True)
        self._persons = pairs >> 32
        self._found: dict[tuple[int, int, int], dict[str, PageCount]] = {}

    def counts(self, start: int, end: int, young: int) -> dict[str, PageCount]:
        """Counts by path for minutes in [start, end); those with a view from minute ``young`` on may still convert."""
        key = (start, end, young)
        if key not in self._found:
            every, converted, open_ = (np.bincount(self._pages[each]) for each in self._pairs_in(start, end, young))
            if len(self._found) >= FOUND_KEPT:
                self._found.clear()
            self._found[key] = {
                PAGES.names[self._codes[page]]: PageCount(int(every[page]), _at(converted, page), _at(open_, page))
                for page in np.flatnonzero(every).tolist()
            }
        return self._found[key]

    def visits(
        self, start: int, end: int, young: int, paths: Collection[str]
    ) -> Iterator[tuple[int, int, PageCount]]:  # fmt: skip
        """The same by visitor, for some pages: (person, minute of newest view, number of pages)."""
        codes = [place for place, code in enumerate(self._codes.tolist()) if PAGES.names[code] in paths]
        own = np.isin(self._pages, codes)
        seen = (self._minutes >= start) & (self._minutes < end)
        newest = np.full(len(self._pages), EVER, dtype=np.int64)
        np.maximum.at(newest, self._pairs[seen], self._minutes[seen])
        persons, places = np.unique(self._persons[own], return_inverse=True)
        counts = [np.bincount(places, weights=each[own]) for each in self._pairs_in(start, end, young)]
        last = np.full(len(persons), EVER, dtype=np.int64)
        np.maximum.at(last, places, newest[own])
        for person, minute, *numbers in zip(persons.tolist(), last.tolist(), *counts, strict=True):
            if numbers[0]:
                yield person, minute, PageCount(*map(int, numbers))

    def _pairs_in(self, start: int, end: int, young: int) -> tuple[NDArray[np.bool_], ...]:
        """Masks of pairs: those in the window, those converted, and the others that may still convert."""
        visitors, late = (self._with(self._pairs, self._minutes, first, end) for first in (start, young))
        hit = self._with(self._hit_pairs, self._hit_minutes, start, end)
        return visitors, hit, late & ~hit

    def _with(self, pairs: NDArray[np.int64], minutes: Ints, start: int, end: int) -> NDArray[np.bool_]:
        """Which pairs have a minute in [start, end)."""
        found = np.zeros(len(self._pages), dtype=np.bool_)
        found[pairs[(minutes >= start) & (minutes < end)]] = True
        return found


def _at(counts: NDArray[np.int64], page: int) -> int:
    return int(counts[page]) if page < len(counts) else 0
