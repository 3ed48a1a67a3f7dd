"""What each member of a number counts for.

A member's figure is the KPI's formula over its rows alone; members that add nothing are left out. `Ranked` formulas
give n and numerator of all members at once, so figures are only computed for members that are shown.
"""

from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator
from dataclasses import replace
from typing import Any, Final, NamedTuple, cast

import numpy as np

from kpis.catalog.inputs import INPUTS
from kpis.cells.cells import Cells
from kpis.facts.stages import StayAges
from kpis.formulas.common import Figure, Number
from kpis.formulas.ranked import rank_of
from kpis.formulas.view import Tables, View
from kpis.query.gather import Gatherer
from kpis.query.many_members import NEVER, ManyMembers
from kpis.query.member_cells import MemberCells, Reach
from kpis.query.question import Question
from kpis.query.readings import LISTED, WHOLE, reading
from kpis.query.rows import Held, Member
from kpis.query.wanted import Wanted
from kpis.tenant.readings import deal_stays

FIGURE: Final = 25  # units of work
TOGETHER: Final = 1000  # figures whose rows are looked up together
BY_TABLE: Final = frozenset({"landing_page_conversion_rate"})  # its ranks are those of pages


class Counted(NamedTuple):
    """A member that adds something. ``size``: its numerator, to sort by; ``at``: minute it counts by, if known."""

    member: Member
    place: int
    n: int
    size: Number
    at: int | None


class Counting:
    """The members of a number, and what each counts for."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.found: list[Counted] = []
        self.ranked = False  # found by sums of cells: all amounts are in the reporting currency then
        self._figures: dict[int, Figure] = {}
        self._formula = reading(question)
        kpi, tenant = question.kpi, question.state.tenant
        segments = None if kpi.id in WHOLE else frozenset(question.segments)
        self._gatherer = Gatherer(tenant, Wanted(kpi, question.window, segments, only=True))
        self._rows = self._gatherer.rows
        self._reach = Reach(tenant.cells, tenant.sets)

    def figures(self, some: Iterable[Counted]) -> Iterator[tuple[Counted, Figure]]:
        """Members with their exact figures."""
        chosen = list(some)
        self._make(one.place for one in chosen)
        return ((one, self._figures[one.place]) for one in chosen)

    def run(self) -> Generator[int, None, None]:
        """Find the members; yields units of work."""
        if self.question.kpi.id in LISTED:
            self._list_spenders()
            return
        if self.question.kpi.rows == "page" and self.question.segment:
            self._list_visitors()
            return
        yield from self._gatherer.gather()
        view = self.question.board.view(self.question.window, *self.question.segments)
        many = ManyMembers(view, self._rows, self._reach)
        newest = many.newest().tolist()
        ranks = None if self.question.kpi.id in BY_TABLE else rank_of(self._formula, many)
        yield FIGURE + len(newest)
        self.ranked = ranks is not None
        if ranks is None:
            yield from self._by_figures(range(len(newest)), newest)
            return
        counts = np.flatnonzero((ranks.n != 0) | (ranks.numerator != 0))
        for place in counts.tolist():
            self._keep(place, ranks.n.item(place), ranks.numerator.item(place), newest)
        yield 2 * len(counts)
        # Members that are only open or unpriced: their figures decide.
        yield from self._by_figures(np.flatnonzero(ranks.shown & (ranks.n == 0) & (ranks.numerator == 0)), newest)

    def _by_figures(self, places: Iterable[Any], newest: list[int]) -> Generator[int, None, None]:
        places = [int(place) for place in places]
        for start in range(0, len(places), TOGETHER):
            some = places[start : start + TOGETHER]
            self._make(some)
            for place in some:
                figure = self._figures[place]
                if figure.n or figure.numerator or figure.denominator or figure.unpriced:
                    self._keep(place, figure.n, figure.numerator, newest)
                else:
                    del self._figures[place]
            yield FIGURE * len(some)

    def _keep(self, place: int, n: int, numerator: Number, newest: list[int]) -> None:
        at = None if newest[place] == NEVER else newest[place]
        self.found.append(Counted(self._rows.members[place], place, n, numerator, at))

    def _make(self, places: Iterable[int]) -> None:
        missing = [place for place in places if place not in self._figures]
        for place, held in self._rows.held(missing).items() if missing else ():
            view = self._view(self._rows.members[place], held)
            self._figures[place] = self._formula(view)

    def _view(self, member: Member, held: Held) -> View:
        """What formulas read of one member."""
        question = self.question
        tables = replace(
            question.tables, cells=cast(Cells, MemberCells(self._reach, held)),
            sums=defaultdict(lambda: defaultdict(dict)), ages=self._ages(member, question.tables),
        )  # fmt: skip
        return View(tables, question.window, question.segments)

    def _ages(self, member: Member, tables: Tables) -> StayAges | None:
        """How long a deal has been in its stage."""
        if "stay_open" not in INPUTS[self.question.kpi.id].bases or tables.ages is None:
            return None
        tenant = self.question.state.tenant
        found = StayAges(lambda key: deal_stays(tenant, key))
        found.changed.add(member[1])
        return found

    def _list_spenders(self) -> None:
        """List customers by what they spent: of an RFM segment, or behind a median."""
        question = self.question
        table, kpi = question.view.spenders, question.kpi
        if kpi.vector is None:
            for root, since, unpriced in table.customers(question.window, question.segments):
                self._list(root, Figure(None, None, None, 1, unpriced), since)
            return
        for root, unpriced in table.members(question.window.end, question.segment[kpi.vector.key]):
            self._list(root, Figure(1, 1, None, 1, unpriced), None)

    def _list_visitors(self) -> None:
        """List the visitors of a page; of several pages together, once for each page they viewed."""
        question, pages = self.question, self.question.state.tenant.landings.pages
        paths = {segment.partition("=")[2] for segment in question.segments}
        for person, minute, count in pages.visits(question.window, paths):
            figure = Figure(None, count.converted, count.visitors, count.visitors, open=count.open)
            self._list(person, figure, minute, "person")

    def _list(self, root: str, figure: Figure, at: int | None, kind: str = "customer") -> None:
        place = len(self.found)
        self._figures[place] = figure
        self.found.append(Counted((kind, root), place, figure.n, figure.numerator, at))
