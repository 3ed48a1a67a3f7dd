"""The rows of customer spending."""

from collections.abc import Callable, Sequence
from typing import Final

from recount import spending as s
from recount.facts import Fact, Figure, remembered, share, with_guests
from recount.quality import Types
from recount.row import KpiRow
from recount.tenant import Tenant
from recount.windows import PAIR_WINDOWS

COSTS: Final = Types(("crm.cost.recorded", "crm.subscription.", "crm.order.", "crm.customer.", "crm.deal.won"))
NAMES: Final = {
    "orders": ("crm.order.",),
    "deals": ("crm.deal.",),
    "both": ("crm.order.", "crm.deal."),
}


def per_customer(sales: Sequence[Fact], customers: Sequence[Fact], guests: Sequence[Fact]) -> Figure:
    """Orders per customer."""
    return with_guests(share(sales, customers), guests)


def spending_rows(tenant: Tenant) -> list[KpiRow]:
    """First business, lifetime value, transactions, refunds, and recency, frequency and money."""
    spending, wanted = s.Spending(tenant), tenant.settings.revenue_from
    revenue, first = (
        Types(NAMES[wanted]),
        Types((*NAMES[wanted], *([] if wanted == "deals" else ["crm.subscription."]))),
    )
    buyers, orders = remembered(spending.buyers), s.ORDERS
    about = (True, False)

    def lifetime(suffix: str, formula: Callable[..., Figure]) -> KpiRow:
        return KpiRow(
            f"customer_lifetime_value{suffix}", "money", revenue, "subject", formula, (spending.customers,), "L",
            thin=True, money_sides=about,
        )  # fmt: skip

    return [
        KpiRow("new_business_revenue", "money", first, "subject", s.amounts, (spending.first_business,)),
        lifetime("", s.mean_value),
        lifetime("_median", spending.median),
        KpiRow(
            "transactions_per_customer", "number", orders, "subject", per_customer,
            (spending.sales, buyers, tenant.revenue.guests), thin=True,
        ),
        KpiRow(
            "transactions_per_customer_all", "number", orders, "subject", per_customer,
            (spending.sales, spending.known, tenant.revenue.guests), thin=True,
        ),
        KpiRow(
            "repeat_purchase_rate", "ratio", orders, "subject", share, (remembered(spending.buyers_again), buyers),
            thin=True,
        ),
        KpiRow(
            "repeat_purchase_rate_cohort", "ratio", orders, "subject", s.ordered_twice, (spending.joined,), thin=True,
        ),
        KpiRow("days_between_orders", "days", orders, "subject", s.middle_gap, (spending.gaps,), thin=True),
        KpiRow("days_between_orders_mean", "days", orders, "subject", s.mean_gap, (spending.gaps,), thin=True),
        KpiRow(
            "customer_retention_cost", "money", COSTS, None, s.retention_cost,
            (tenant.acquisition.retention_cost, tenant.pairs), windows=PAIR_WINDOWS, thin=True, money_sides=about,
        ),
        KpiRow("revenue_adjustments", "money", orders, "subject", s.amounts, (spending.changes,)),
        KpiRow(
            "rfm_segment", "count", orders, None, lambda: Figure(None, None, None, 0), (), "S",
            vector="rfm", steps=spending.cells, total=False,
        ),
    ]  # fmt: skip
