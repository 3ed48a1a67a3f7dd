"""Orders and customers."""

from kpis.calendar.window_names import BY_UNIT, FROM_A_DAY
from kpis.catalog.row import Kpi, Unit
from kpis.facts.event_types import CUSTOMERS, ORDERS
from kpis.formulas import common as f


def customers() -> tuple[Kpi, ...]:
    lost, start, leaves, new = f.marked("lost"), f.at_start("active"), f.flow("leaves"), f.flow("new_customers")
    bought = f.ratio(f.marked("lost_bought"), f.at_start("active_bought"))

    def churn(id_: str, title: str, formula: f.Formula, events: tuple[str, ...] = CUSTOMERS) -> Kpi:
        unit: Unit = "count" if id_.startswith("churned") else "ratio"
        up = id_ == "customer_retention_rate"
        once = id_ == "churned_customers"
        return Kpi(
            id_,
            title,
            unit,
            formula,
            events,
            "subject",
            windows=FROM_A_DAY,
            segments_in=BY_UNIT,
            direction="up" if up else "down",
            once=once,
        )

    return (
        Kpi(
            "orders",
            "Orders",
            "count",
            f.with_part(f.count(f.flow("orders")), "guests", f.flow("guests")),
            ORDERS,
            "subject",
        ),
        Kpi("net_revenue", "Net revenue", "money", f.money("net"), ORDERS, "subject"),
        Kpi("new_customers", "New customers", "count", f.count(new), CUSTOMERS, "subject"),
        Kpi("reactivations", "Customer reactivations", "count", f.count(f.flow("reactivations")), CUSTOMERS, "subject"),
        Kpi(
            "active_customers",
            "Active customers",
            "count",
            f.count(f.level("active")),
            CUSTOMERS,
            "subject",
            stock=True,
        ),
        churn("churned_customers", "Churned customers", f.count(lost)),
        churn("churned_customers_events", "Churn events", f.count(leaves)),
        churn("customer_churn_rate", "Customer churn rate", f.ratio(lost, start)),
        churn("customer_churn_rate_stripe", "Customer churn rate (Stripe method)", f.ratio(leaves, f.plus(start, new))),
        churn("customer_churn_rate_baremetrics", "Customer churn rate (Baremetrics method)", f.ratio(leaves, start)),
        churn(
            "customer_churn_rate_inactivity", "Customer churn rate, by inactivity", bought, ("crm.order.", "crm.deal.")
        ),
        churn("customer_retention_rate", "Customer retention rate", f.ratio(f.minus(start, lost), start)),
    )
