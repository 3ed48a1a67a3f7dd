"""Formulas of clicks, forms and landing pages: what came of them, and of how many it is not known yet."""

from dataclasses import replace

from kpis.formulas import Count, Figure, Formula, ratio
from kpis.view import View


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
