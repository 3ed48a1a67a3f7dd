"""What a member counts for: mostly the KPI's own formula over the member's rows alone.

That is right where n and numerator are sums of the measures, which is so for counts, ratios, means and money. The few
others are listed here, each with what serves instead, or with why nothing does.
"""

from collections.abc import Callable
from typing import Final

from kpis.catalog import Kpi
from kpis.formulas.common import Figure, Formula
from kpis.formulas.view import View
from kpis.query.question import Question, Refused


def _share(view: View) -> Figure:
    """Every new customer is in the denominator of every source's share."""
    all_ = view.whole().flow("sourced")
    return Figure(None, view.flow("sourced"), all_, all_)


READINGS: Final[dict[str, Formula]] = {"customer_source_share": _share}
WHOLE: Final = frozenset(READINGS)  # read what is in other segments, too
# Their numerators are products of sums: whose members to ask for instead.
PRODUCTS: Final = {
    "pipeline_velocity": "closed_won_deals",
    "pipeline_velocity_closed": "closed_won_deals",
    "pipeline_velocity_worked": "closed_won_deals",
    "customer_lifetime_value_simple": "mrr",
}
LISTED: Final = frozenset({"rfm_segment", "customer_lifetime_value_median"})  # by the table of spenders


def reading(question: Question) -> Callable[[View], Figure]:
    """The formula over one member's rows. Raises `Refused` where members cannot be listed."""
    kpi = question.kpi
    _check(kpi, question.segment)
    return READINGS.get(kpi.id) or question.formula


def _check(kpi: Kpi, segment: dict[str, str]) -> None:
    if kpi.quality:
        raise Refused(f"{kpi.id} counts events as they arrive: there is no list of them")
    if kpi.id in PRODUCTS:
        raise Refused(f"{kpi.id} is a product of several numbers: ask for the members of {PRODUCTS[kpi.id]}")
    if kpi.rows == "page" and segment:
        raise Refused(f"the members of {kpi.id} cannot be listed by page: ask without a segment")


def can_list(kpi: Kpi) -> bool:
    """Whether the members of a KPI can be listed at all."""
    try:
        _check(kpi, {})
    except Refused:
        return False
    return True
