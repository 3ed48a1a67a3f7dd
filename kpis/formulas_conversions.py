"""Formulas of clicks, forms and landing pages: what came of them, and of how many it is not known yet."""

from dataclasses import replace

from kpis.cells import EVERYTHING
from kpis.formulas import Count, Figure, Formula, marked, ratio
from kpis.view import View
from kpis.windows import MINUTE_MS, QUARTER_WINDOWS


def with_open(formula: Formula, still: Count) -> Formula:
    """The same with how many are open beside it."""

    def figure(view: View) -> Figure:
        return replace(formula(view), open=still(view))

    return figure


def dropped(base: str, outcome: str) -> Formula:
    """How many came to nothing, of those whose time is over."""

    def decided(view: View) -> Figure:
        return ratio(lambda v: v.flow(f"{base}.{outcome}"), lambda v: v.flow(base))(view)

    return with_open(decided, lambda view: view.level(f"{base}.open"))


def landing(view: View) -> Figure:
    """Visitors of landing pages who converted; of a page, of those who viewed it."""
    base = "landed" if view.segments == (EVERYTHING,) else "landed.page"
    found = ratio(marked(f"{base}.hit"), marked(base))(view)
    return replace(found, open=_open(view, base))


def _open(view: View, base: str) -> int:
    """Visitors whose last view is younger than the conversion window, without a converted one in the window."""
    window, length = view.window, f"{view.settings.conversion_days}d"
    quarter = -(-window.end_ms // (15 * MINUTE_MS)) * 15
    if window.start is not None and window.start >= quarter - QUARTER_WINDOWS[length]:
        return view.marked(base) - view.marked(f"{base}.hit")  # everybody in so short a window is young
    return view.level(f"{base}@{length}") - view.marked(f"{base}.both")
