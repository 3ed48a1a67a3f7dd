"""The rows of customers and revenue besides the basic ones: MRR, cohorts, renewals, lifetime value."""

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Final

from recount import mrr, renewals
from recount.cohorts import CUSTOMER, Cohorts, MonthlyChurn, simple_lifetime_value
from recount.facts import Figure, tally
from recount.quality import Types
from recount.row import KpiRow
from recount.tenant import Tenant
from recount.windows import UNIT_WINDOWS

SUBSCRIPTION: Final = Types(("crm.subscription.",))
RENEWAL: Final = Types(("crm.renewal.",))
KINDS: Final = (*mrr.GAINS, *mrr.LOSSES)


def recurring_rows(tenant: Tenant) -> list[KpiRow]:
    """MRR, its movements, and the customer value derived from it."""
    recurring = mrr.Recurring(tenant)
    moved = (recurring.moved,)
    lists = (recurring.paid_at_end, tenant.active, MonthlyChurn(tenant).pairs)
    lifetime = simple_lifetime_value(Fraction(str(tenant.settings.margin)))

    def money(kpi: str, formula: Callable[..., Figure]) -> KpiRow:
        return KpiRow(kpi, "money", SUBSCRIPTION, "subject", formula, moved, money_parts=frozenset(PARTS))

    def retention(kind: str) -> KpiRow:
        formula = partial(mrr.retained, net=kind == "net")
        return KpiRow(
            f"{kind}_revenue_retention", "ratio", SUBSCRIPTION, "subject", formula, (recurring.kept,),
            windows=UNIT_WINDOWS, segment_windows=UNIT_WINDOWS, thin=True, money_sides=(True, True),
        )  # fmt: skip

    return [
        KpiRow("mrr", "money", SUBSCRIPTION, "subject", mrr.worth, (recurring.paid_at_end,), "S"),
        KpiRow("arr", "money", SUBSCRIPTION, "subject", mrr.a_year, (recurring.paid_at_end,), "S"),
        KpiRow("average_revenue_per_account", "money", SUBSCRIPTION, "subject", mrr.an_account,
               (recurring.paid_at_end, recurring.payers_at_end), "S", thin=True, money_sides=(True, False)),
        money("net_new_mrr", mrr.net_new),
        *(money(f"mrr_{kind}", mrr.moved(kind)) for kind in KINDS),
        retention("gross"),
        retention("net"),
        KpiRow("quick_ratio", "ratio", SUBSCRIPTION, "subject", mrr.quick_ratio, moved, thin=True,
               money_sides=(True, True)),
        KpiRow("customer_lifetime_value_simple", "money", SUBSCRIPTION, "subject", lifetime, lists, "S", thin=True,
               money_sides=(True, False), money_parts=frozenset({"mrr"})),
    ]  # fmt: skip


PARTS: Final = tuple(f"mrr_{kind}" for kind in KINDS)


def renewal_rows(tenant: Tenant) -> list[KpiRow]:
    """Renewals by their due date."""
    found = renewals.Renewals(tenant)

    def row(suffix: str, formula: Callable[..., Figure]) -> KpiRow:
        sides = (True, True) if suffix[:6] in ("_gross", "_net") else None
        lists = (found.dues, found.orphans)
        return KpiRow(
            f"renewal_rate{suffix}", "ratio", RENEWAL, "subject", formula, lists, thin=True, money_sides=sides
        )

    return [
        row("", renewals.of_closed),
        row("_of_due", renewals.of_due),
        row("_gross", renewals.gross),
        row("_gross_closed", renewals.gross_closed),
        row("_net", renewals.net),
    ]


def cohort_rows(tenant: Tenant) -> list[KpiRow]:
    """Retention by cohort."""
    cohorts = Cohorts(tenant)

    def row(kpi: str, unit: str) -> KpiRow:
        return KpiRow(kpi, "ratio", CUSTOMER, None, tally, (), windows=("all",), thin=True, vector="cohort",
                      steps=cohorts.steps(unit), total=False)  # fmt: skip

    return [row("cohort_retention", "month"), row("cohort_retention_week", "week")]
