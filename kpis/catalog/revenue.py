"""Recurring revenue, renewals and cohorts."""

from collections.abc import Iterator
from functools import partial
from typing import Final, Literal

from kpis.calendar.window_names import BY_UNIT
from kpis.catalog.row import Kpi, Vector
from kpis.facts.event_types import CUSTOMERS
from kpis.facts.mrr_movements import GAINS, LOSSES
from kpis.formulas import common as f
from kpis.formulas import revenue as r
from kpis.formulas.common import Step
from kpis.formulas.view import View

SUBSCRIPTIONS: Final = ("crm.subscription.",)
RENEWALS: Final = ("crm.renewal.",)
MOVEMENTS: Final = frozenset(f"mrr_{kind}" for kind in (*GAINS, *LOSSES))
BOTH: Final = (True, True)


def recurring() -> tuple[Kpi, ...]:
    def money(id_: str, title: str, formula: f.Formula, *, down: bool = False) -> Kpi:
        good: Literal["up", "down"] = "down" if down else "up"
        return Kpi(id_, title, "money", formula, SUBSCRIPTIONS, "subject", direction=good, money_parts=MOVEMENTS)

    def level(id_: str, title: str, formula: f.Formula) -> Kpi:
        return Kpi(id_, title, "money", formula, SUBSCRIPTIONS, "subject", stock=True)

    def retention(kind: str, title: str) -> Kpi:
        formula, windows = r.retained(net=kind == "net"), BY_UNIT
        name = f"{kind}_revenue_retention"
        return Kpi(name, title, "ratio", formula, SUBSCRIPTIONS, "subject", windows=windows, money_sides=BOTH)

    return (
        level("mrr", "Monthly recurring revenue (MRR)", f.money_level("mrr")),
        level("arr", "Annual recurring revenue (ARR)", r.annual),
        Kpi(
            "average_revenue_per_account",
            "Average revenue per account (ARPA)",
            "money",
            r.per_account,
            SUBSCRIPTIONS,
            "subject",
            stock=True,
            shape="ratio",
            money_sides=(True, False),
        ),
        money("net_new_mrr", "Net new MRR", r.net_new),
        *(
            money(f"mrr_{kind}", f"{kind.capitalize()} MRR", r.movement(kind), down=kind in LOSSES)
            for kind in (*GAINS, *LOSSES)
        ),
        retention("gross", "Gross revenue retention (GRR)"),
        retention("net", "Net revenue retention (NRR)"),
        Kpi("quick_ratio", "SaaS quick ratio", "ratio", r.quick_ratio, SUBSCRIPTIONS, "subject", money_sides=BOTH),
        Kpi(
            "customer_lifetime_value_simple",
            "Customer lifetime value, churn-based",
            "money",
            r.simple_lifetime_value,
            SUBSCRIPTIONS,
            "subject",
            stock=True,
            shape="ratio",
            money_sides=(True, False),
            money_parts=frozenset({"mrr"}),
        ),
    )


def renewals() -> tuple[Kpi, ...]:
    def rate(suffix: str, title: str, formula: f.Formula, sides: tuple[bool, bool] | None = None) -> Kpi:
        return Kpi(f"renewal_rate{suffix}", title, "ratio", formula, RENEWALS, "subject", money_sides=sides)

    gross, net = partial(r.renewed_money, "renewal_kept"), r.renewed_money("renewal_renewed", "renewal_target")
    return (
        rate("", "Renewal rate", r.renewed("completed", "lost")),
        rate("_of_due", "Renewal rate, of all due", r.renewed("due")),
        rate("_gross", "Gross renewal rate by value", gross("renewal_target"), BOTH),
        rate("_gross_closed", "Gross renewal rate by value, closed only", gross("renewal_target_closed"), BOTH),
        rate("_net", "Net renewal rate by value", net, BOTH),
    )


def cohorts() -> tuple[Kpi, ...]:
    def row(id_: str, unit: str) -> Kpi:
        def steps(view: View) -> Iterator[Step]:
            return (Step(key, formula, CUSTOMERS) for key, formula in r.cohorts(unit, view))

        title = f"Cohort retention, {unit}ly"
        return Kpi(id_, title, "ratio", Vector("cohort", steps), CUSTOMERS, windows=("all",))

    return row("cohort_retention", "month"), row("cohort_retention_week", "week")
