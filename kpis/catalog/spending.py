"""What customers spend, and what keeping them costs."""

from kpis.calendar.window_names import FROM_A_DAY
from kpis.catalog.row import Kpi, Vector
from kpis.facts.event_types import CUSTOMERS, ORDERS
from kpis.formulas import common as f
from kpis.formulas import spending as s


def spending() -> tuple[Kpi, ...]:
    guests, first = f.flow("guests"), ("crm.order.", "crm.subscription.")
    orders = f.minus(f.flow("orders"), guests)
    buyers, known = (
        f.with_part(f.ratio(orders, customers), "guests", guests)
        for customers in (f.marked("buyers"), f.level("new_customers"))
    )

    def lifetime(suffix: str, title: str, formula: f.Formula) -> Kpi:
        return Kpi(
            f"customer_lifetime_value{suffix}",
            title,
            "money",
            formula,
            ORDERS,
            "subject",
            lifetime=True,
            revenue=True,
            shape="ratio",
            money_sides=(True, False),
        )

    def buying(suffix: str, title: str, formula: f.Formula) -> Kpi:
        return Kpi(f"transactions_per_customer{suffix}", title, "number", formula, ORDERS, "subject")

    def again(suffix: str, title: str, formula: f.Formula) -> Kpi:
        return Kpi(f"repeat_purchase_rate{suffix}", title, "ratio", formula, ORDERS, "subject")

    def gap(suffix: str, title: str, formula: f.Formula) -> Kpi:
        return Kpi(f"days_between_orders{suffix}", title, "days", formula, ORDERS, "subject", direction="down")

    return (
        Kpi(
            "new_business_revenue",
            "New business revenue",
            "money",
            f.money("new_business"),
            first,
            "subject",
            revenue=True,
        ),
        lifetime("", "Customer lifetime value (CLV)", s.lifetime_value),
        lifetime("_median", "Customer lifetime value (CLV), median", s.median_value),
        Kpi(
            "customer_retention_cost",
            "Customer retention cost",
            "money",
            s.retention_cost,
            ("crm.cost.recorded", *CUSTOMERS),
            windows=FROM_A_DAY,
            direction="down",
            shape="ratio",
            money_sides=(True, False),
        ),
        buying("", "Orders per buyer", buyers),
        buying("_all", "Orders per customer", known),
        again("", "Repeat purchase rate", f.ratio(f.marked("buyers_again"), f.marked("buyers"))),
        again("_cohort", "Repeat purchase rate, cohort", f.ratio(f.flow("repeaters"), f.flow("new_customers"))),
        gap("", "Days between orders, median", s.gap_median),
        gap("_mean", "Days between orders, mean", s.gap_mean),
        Kpi(
            "average_order_value",
            "Average order value (AOV)",
            "money",
            s.order_value,
            ORDERS,
            "subject",
            shape="ratio",
            money_sides=(True, False),
        ),
        Kpi("revenue_adjustments", "Refunds and cancellations", "money", f.money("adjustments"), ORDERS, "subject"),
        Kpi(
            "rfm_segment",
            "Customers by RFM segment",
            "count",
            Vector("rfm", s.rfm),
            ORDERS,
            stock=True,
            direction="neither",
        ),
    )
