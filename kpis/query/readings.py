"""What a member counts for: mostly the KPI's own formula over the member's rows alone.

That is right where n and numerator are sums of measures: counts, ratios, means and money. The few other KPIs are listed
here, with a replacement or the reason why there is none.
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
WHOLE: Final = frozenset(READINGS)  # these also read other segments
# Products of other numbers: a deal's or customer's part depends on all others. What to look at instead.
FACTORS: Final = "win_rate, closed_won_value and sales_cycle_days_mean"
PRODUCTS: Final = {
    "pipeline_velocity": f"see the deals of open_pipeline, and of {FACTORS}",
    "pipeline_velocity_closed": f"see the deals of {FACTORS}",
    "pipeline_velocity_worked": f"see the deals of open_pipeline, and of {FACTORS}",
    "leak_point": "see the steps of sales_funnel",
    "customer_lifetime_value_simple": "see the customers of mrr, active_customers and churned_customers",
}
# About the stream itself, whose records are not kept one by one.
REFUSED: Final = frozenset({"conflict_rate", "invalid_rate", "rejected_rate"})
LISTED: Final = frozenset({"rfm_segment", "customer_lifetime_value_median"})  # by the table of spenders


def reading(question: Question) -> Callable[[View], Figure]:
    """The formula over one member's rows. Raises `Refused` where members cannot be listed."""
    kpi = question.kpi
    _check(kpi)
    return READINGS.get(kpi.id) or question.formula


def _check(kpi: Kpi) -> None:
    if kpi.id in REFUSED:
        raise Refused(f"{kpi.id} counts records as they arrive: list the refused ones with crmkpi dlq ls")
    if kpi.quality:
        raise Refused(f"{kpi.id} counts records as they arrive, which are not listed: see its history by day or hour")
    if kpi.id in PRODUCTS:
        raise Refused(f"{kpi.id} is a product of several numbers, not a sum over members: {PRODUCTS[kpi.id]}")


def can_list(kpi: Kpi) -> bool:
    """Whether the members of a KPI can be listed at all."""
    try:
        _check(kpi)
    except Refused:
        return False
    return True
