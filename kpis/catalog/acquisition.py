"""What customers cost, where they come from, and what marketing brings in."""

from fractions import Fraction
from typing import Final

from kpis.calendar.window_names import BY_DAY
from kpis.catalog.row import Kpi
from kpis.facts.event_types import CUSTOMERS, DEALS, MARKETING, ORDERS
from kpis.formulas import acquisition as f
from kpis.formulas.common import Formula

COST: Final = ("crm.cost.recorded",)
UNATTRIBUTED: Final = frozenset({"unattributed"})
MODELS: Final = {
    "": ("linear", "linear"),
    "_first": ("first", "first touch"),
    "_last": ("last", "last touch"),
    "_position": ("position", "position-based"),
}


def acquisition() -> tuple[Kpi, ...]:
    return (*_costs(), *_marketing(), *_customers())


def _costs() -> tuple[Kpi, ...]:
    def cost(suffix: str, title: str, formula: Formula) -> Kpi:
        return Kpi(
            f"customer_acquisition_cost{suffix}",
            title,
            "money",
            formula,
            (*COST, *CUSTOMERS),
            "acquisition",
            BY_DAY,
            direction="down",
            shape="ratio",
            money_sides=(True, False),
        )

    return (
        cost("", "Customer acquisition cost (CAC)", f.acquisition_cost()),
        cost("_lagged", "CAC, lagged by one month", f.acquisition_cost(lagged=True)),
    )


def _marketing() -> tuple[Kpi, ...]:
    def row(id_: str, title: str, formula: Formula) -> Kpi:
        return Kpi(
            id_,
            title,
            "ratio",
            formula,
            (*COST, *MARKETING, *ORDERS, *DEALS),
            "marketing",
            BY_DAY,
            money_sides=(True, True),
            money_parts=UNATTRIBUTED,
        )

    roi = [
        row(f"marketing_roi{suffix}", f"Marketing ROI, {title}", f.marketing(model, less_cost=True))
        for suffix, (model, title) in MODELS.items()
    ]
    margin = f.marketing("linear", less_cost=True, margin=True)
    roas = [
        row(f"return_on_ad_spend{suffix}", f"Return on ad spend, {title}", f.marketing(model, less_cost=False))
        for suffix, (model, title) in MODELS.items()
    ]
    return (*roi, row("marketing_roi_margin", "Marketing ROI, on margin", margin), *roas)


def _customers() -> tuple[Kpi, ...]:
    def days(suffix: str, title: str, formula: Formula) -> Kpi:
        events = (*MARKETING, *ORDERS, *DEALS)
        return Kpi(f"time_to_purchase_days{suffix}", title, "days", formula, events, "subject", direction="down")

    events = (*CUSTOMERS, *MARKETING)
    return (
        Kpi("customer_source_share", "New customers by source", "ratio", f.source_share, events, "source"),
        days("", "Time to first purchase, median", f.time_to_purchase(Fraction(1, 2))),
        days("_p90", "Time to first purchase, 90th percentile", f.time_to_purchase(Fraction(9, 10))),
        days("_mean", "Time to first purchase, mean", f.mean_time_to_purchase),
        days("_censored", "Time to first purchase, incl. non-buyers", f.purchase_survival),
    )
