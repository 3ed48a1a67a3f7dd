"""The examples of targets: attainment, pace, projection, and where the funnel leaks."""

from math import log
from typing import Final

from models.settings import TenantSettings
from recount.windows import DAY
from tests.feed import Feed, ms
from tests.property.example_stories import Stage
from tests.property.stories_sales import funnel

JUNE: Final = ms("2026-06-01")


def aim(kpi: str, window: str, value: str | None, when: str = "2026-06-01", **segment: str) -> dict[str, object]:
    """What `Feed.add` takes for a target."""
    return {"kind": "target.set", "time": when, "kpi": kpi, "window": window, "value": value, "segment": segment}


def forty_orders(feed: Feed) -> None:
    """40 of the 100 orders of the month, in its first half."""
    feed.add(**aim("orders", "month", "100"))  # type: ignore[arg-type]
    for number in range(40):
        feed.add("order.completed", JUNE + number * DAY // 4, order_id=f"o{number}", customer_id=f"c{number}",
                 amount=1000, currency="EUR")  # fmt: skip


def raised(feed: Feed) -> None:
    """A later target holds, and a late word about an earlier one does not."""
    feed.add(**aim("orders", "month", "160", "2026-06-10"))  # type: ignore[arg-type]
    feed.add(**aim("orders", "month", "1", "2026-06-09"), received="2026-06-15")  # type: ignore[arg-type]


def withdrawn(feed: Feed) -> None:
    """There is none any more."""
    feed.add(**aim("orders", "month", None, "2026-06-12"))  # type: ignore[arg-type]


def money(feed: Feed) -> None:
    """400.00 of 1,000.00; and none of a KPI of which nothing is aimed at."""
    feed.add(**aim("net_revenue", "month", "1000"))  # type: ignore[arg-type]
    feed.add(**aim("average_order_value", "month", "0"))  # type: ignore[arg-type]


def losses(feed: Feed) -> None:
    """Ten customers of hundred leave, five were too many already; a rate has no pace."""
    feed.add(**aim("churned_customers", "month", "5"))  # type: ignore[arg-type]
    feed.add(**aim("customer_churn_rate", "month", "0.05"))  # type: ignore[arg-type]
    for number in range(100):
        feed.add("customer.created", "2026-05-01", customer_id=f"c{number}")
    for number in range(10):
        feed.add("customer.churned", "2026-06-05", customer_id=f"c{number}")


def leaking(feed: Feed) -> None:
    """2,000 visitors, 40 leads, 20 opportunities, 4 won; of 3, 40 and 35 percent."""
    funnel(feed)
    for step, value in (("lead", "0.03"), ("opportunity", "0.4"), ("won", "0.35")):
        feed.add(**aim("sales_funnel", "month", value, step=step))  # type: ignore[arg-type]


def on_target(feed: Feed) -> None:
    """Together the steps let through what they should."""
    feed.add(**aim("sales_funnel", "month", "0.1", "2026-06-02", step="won"))  # type: ignore[arg-type]


GAPS: Final = [log(0.02 / 0.03), log(0.5 / 0.4), log(0.2 / 0.35)]
# Monday to Friday without Friday the 5th: 21 of June's 22 workdays, 10 of them in the first half.
WORKDAYS: Final = TenantSettings.model_validate(
    {"workdays": [1, 2, 3, 4, 5], "work_hours": ["09:00", "17:00"], "holidays": ["2026-06-05"],
     "targets": [{"kpi": "orders", "window": "quarter", "value": 80}]}
)  # fmt: skip
TARGET_SETTINGS: Final = {"pace by workdays": WORKDAYS}
TARGET_EXAMPLES: Final[dict[str, list[Stage]]] = {
    "attainment": [
        Stage(forty_orders, "month", "2026-06-16", {
            "orders.target.value": 100.0, "orders.target.attainment": 0.4, "orders.target.pace": 0.8,
            "orders.target.projection": 80.0, "orders.parts.projection": 80.0, "orders.target.elapsed": 0.5,
            "orders.target.since": "2026-06-01T00:00:00.000Z",
        }),
        Stage(raised, "month", "2026-06-16", {"orders.target.value": 160.0, "orders.target.attainment": 0.25}),
        Stage(money, "month", "2026-06-16", {
            "net_revenue.target.value": "1000.00", "net_revenue.target.attainment": 0.4,
            "net_revenue.target.projection": "800.00", "average_order_value.target.attainment": None,
        }),
        Stage(withdrawn, "month", "2026-06-16", {"orders.target": None, "orders.parts.projection": None}),
    ],
    "lower is better": [
        Stage(losses, "month", "2026-06-16", {
            "churned_customers.target.attainment": 0.5, "churned_customers.target.pace": 0.25,
            "customer_churn_rate.target.attainment": 0.5, "customer_churn_rate.target.pace": None,
        }),
    ],
    "pace by workdays": [
        Stage(forty_orders, "month", "2026-06-16", {
            "orders.target.elapsed": 10 / 21, "orders.target.pace": 0.84, "orders.target.projection": 84.0,
        }),
        Stage(lambda feed: None, "quarter", "2026-06-16", {
            "orders.target.value": 80.0, "orders.target.since": None, "orders.target.attainment": 0.5,
        }),
    ],
    "leak": [
        Stage(leaking, "month", "2026-06-20", {
            "leak_point": GAPS[2] / sum(GAPS), "leak_point.parts.step": "won", "leak_point.n": 20,
            "sales_funnel[step=won].target.attainment": 0.2 / 0.35, "sales_funnel[step=visitor].target": None,
        }),
        Stage(on_target, "month", "2026-06-20", {"leak_point": None, "leak_point.status": "no_data"}),
    ],
}  # fmt: skip
