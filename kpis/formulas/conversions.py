"""Formulas of clicks, forms and landing pages: outcomes, and how many are still undecided."""

from typing import Final

import numpy as np

from kpis.calendar.windows import DAY
from kpis.cells.measures import YOUNG
from kpis.cells.segments import EVERYTHING
from kpis.formulas.common import Count, Figure, Formula, ratio
from kpis.formulas.ranked import Many, Ranked, Ranks, rank_of, ranks
from kpis.formulas.view import View
from kpis.tenant.page_views import NO_VISITORS, PAGED, PageCount


def with_open(formula: Formula, still: Count) -> Formula:
    """The same formula with the number that is still open."""

    def figure(view: View) -> Figure:
        return formula(view)._replace(open=still(view))

    def rank(many: Many) -> Ranks | None:
        found = rank_of(formula, many)
        return found and found._replace(shown=found.shown | (still(many) != 0))

    return Ranked(figure, rank)


def dropped(base: str, outcome: str) -> Formula:
    """The share that came to nothing, of those whose time is over."""

    decided = ratio(lambda view: view.flow(f"{base}.{outcome}"), lambda view: view.flow(base))
    return with_open(decided, lambda view: view.level(f"{base}.open"))


def _landing(view: View) -> Figure:
    """The share of the visitors of landing pages, or of one page, who converted."""
    view.note(PAGED)
    whole = view.segments == (EVERYTHING,)
    all_, hit, open_ = _landed(view) if whole else view.page_count()
    return Figure(hit / all_ if all_ else None, hit, all_, all_, open=open_)


def _landing_rank(many: Many) -> Ranks:
    pages = many.page_counts()
    counts = [pages.get(path, NO_VISITORS) for path in many.values_of_segments]
    visitors, hit, open_ = np.array(counts, dtype=np.int64).reshape(-1, 3).T
    return ranks(many, visitors, hit, open_)


landing: Final = Ranked(_landing, _landing_rank)


def _landed(view: View) -> PageCount:
    return PageCount(view.marked("landed"), view.marked("landed.hit"), _open(view))


def _open(view: View) -> int:
    """Visitors whose last view is younger than the conversion window, without a converted one in the window."""
    window = view.window
    if window.start is not None and window.start >= window.end_quarter * 15 - view.settings.conversion_days * DAY:
        return view.marked("landed") - view.marked("landed.hit")  # in so short a window every view is young
    return view.level(f"landed@{YOUNG}") - view.marked("landed.both")
