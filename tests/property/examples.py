"""Which results the examples and scenarios state."""

from typing import Final

from models.settings import TenantSettings
from tests.property import example_stories as s
from tests.property.example_stories import HELSINKI, Stage
from tests.property.stories_acquisition import ACQUISITION_EXAMPLES, ACQUISITION_SETTINGS
from tests.property.stories_activity import ACTIVITY_EXAMPLES
from tests.property.stories_conversions import CONVERSION_EXAMPLES
from tests.property.stories_engagement import ENGAGEMENT_EXAMPLES
from tests.property.stories_orders import ORDER_EXAMPLES, ORDER_SETTINGS
from tests.property.stories_revenue import REVENUE_EXAMPLES
from tests.property.stories_sales import SALES_EXAMPLES
from tests.property.stories_scores import SCORE_EXAMPLES, SCORE_SETTINGS
from tests.property.stories_spending import SPENDING_EXAMPLES, SPENDING_SETTINGS
from tests.property.stories_targets import TARGET_EXAMPLES, TARGET_SETTINGS

TRAFFIC: Final = {"traffic_to_lead_rate": 0.02, "traffic_to_lead_rate_session": 0.016, "visitors_per_lead": 50.0}
CHURN: Final = {
    "churned_customers": 10, "churned_customers_events": 11, "customer_churn_rate": 0.1,
    "customer_churn_rate_stripe": 11 / 120, "customer_churn_rate_baremetrics": 0.11, "customer_retention_rate": 0.9,
}  # fmt: skip
MAIL: Final = {"email_open_rate": 47 / 138, "email_open_rate_raw": 88 / 138, "email_open_rate_adjusted": 47 / 97}
QUALITY: Final = {
    "received": 1000, "duplicate_rate": 0.012, "conflict_rate": 0.003, "invalid_rate": 0.005, "rejected_rate": 0.008,
    "late_rate": 0.02,
}  # fmt: skip
VELOCITY: Final = {"pipeline_velocity": "2000.00", "win_rate": 0.25, "sales_cycle_days_mean": 60.0}
EXAMPLES: Final[dict[str, list[Stage]]] = {
    **ACQUISITION_EXAMPLES,
    **ACTIVITY_EXAMPLES,
    **ENGAGEMENT_EXAMPLES,
    **CONVERSION_EXAMPLES,
    **ORDER_EXAMPLES,
    **REVENUE_EXAMPLES,
    **SPENDING_EXAMPLES,
    **SCORE_EXAMPLES,
    **SALES_EXAMPLES,
    **TARGET_EXAMPLES,
    "traffic to lead": [Stage(s.traffic, "month", "2026-06-20", TRAFFIC)],
    "signups": [Stage(s.signups, "month", "2026-06-20", {"signups": 112})],
    "lead to opportunity": [
        Stage(s.leads_of_june, "month", "2026-07-01",
              {"lead_to_opportunity_rate": 0.15, "lead_to_opportunity_rate_cohort": 0.1}),
        Stage(s.leads_of_june_in_july, "last_month", "2026-07-20",
              {"lead_to_opportunity_rate": 0.15, "lead_to_opportunity_rate_cohort": 0.175}),
    ],
    "win rate": [Stage(s.win_rate, "month", "2026-06-20",
                       {"win_rate": 0.4, "win_rate_value": 0.6, "win_rate_incl_stale": 12 / 35})],
    "closed deals": [Stage(s.closed_deals, "month", "2026-06-20", {"closed_won_deals": 4, "open_pipeline": 1})],
    "pipeline velocity": [Stage(s.velocity, "month", "2026-06-20", VELOCITY)],
    "sales cycle": [Stage(s.cycle, "month", "2026-06-20", {"sales_cycle_days": 20.0, "sales_cycle_days_mean": 40.0})],
    "churn": [
        Stage(s.churn, "month", "2026-06-20", {**CHURN, "active_customers": 109, "reactivations": 0}),
        Stage(s.return_of_three, "month", "2026-06-20", {**CHURN, "active_customers": 112, "reactivations": 3}),
    ],
    "promoters": [Stage(s.promoters, "month", "2026-06-20",
                        {"net_promoter_score": 30.0, "promoter_share": 0.5, "detractor_share": 0.2})],
    "mail": [Stage(s.mail, "month", "2026-06-20", MAIL)],
    "complaints": [Stage(s.complaints, "last_month", "2026-07-20", {"email_complaint_rate": 0.025})],
    "quality": [Stage(s.quality, "month", "2026-06-20", QUALITY)],
    "scenario 1": [Stage(s.scenario_1, "month", "2026-06-20",
                         {"orders": 1, "net_revenue": "10.00", "duplicate_rate": 0.5, "conflict_rate": 0.25})],
    "scenario 2": [
        Stage(s.orders_of_a_day, "yesterday", "2026-06-11T12:00:00Z", {"orders": 4}),
        Stage(s.late_order, "yesterday", "2026-06-11T12:00:00Z",
              {"orders": 5, "orders.late_revised": 1, "orders.state": "corrected"}),
        Stage(lambda feed: None, "yesterday", "2026-06-13T12:00:00Z",
              {"orders": 0, "orders.late_revised": 0, "orders.state": "final"}),
    ],
    "scenario 3": [
        Stage(s.ten_visitors, "month", "2026-06-20", {"traffic_to_lead_rate": 0.1}),
        Stage(s.pair("identified", "2026-06-11"), "month", "2026-06-20", {"traffic_to_lead_rate": 1 / 9}),
        Stage(s.pair("unmerged", "2026-06-12"), "month", "2026-06-20", {"traffic_to_lead_rate": 0.1}),
    ],
    "scenario 4": [
        Stage(s.deals_of_may, "last_month", "2026-06-20", {"win_rate": 0.6}),
        Stage(s.reopened, "last_month", "2026-06-20", {"win_rate": 0.5}),
        Stage(lambda feed: None, "month", "2026-06-20", {"win_rate": 1.0}),
    ],
    "scenario 5": [
        Stage(s.orders_of_may, "last_month", "2026-06-20", {"net_revenue": "170.00", "orders": 2}),
        Stage(s.refund, "last_month", "2026-06-20", {"net_revenue": "50.00", "orders": 1}),
    ],
    "scenario 6": [Stage(s.leave_and_return, "month", "2026-07-01",
                         {"customer_churn_rate": 0.0, "churned_customers_events": 1,
                          "customer_churn_rate_stripe": 0.01, "reactivations": 1})],
    "scenario 7, spring": [Stage(s.around("2026-03-29T20:59:59Z", "2026-03-29T21:00:00Z"), "yesterday",
                                 "2026-03-30T09:00:00Z", {"orders": 1}),
        Stage(lambda feed: None, "today", "2026-03-30T09:00:00Z", {"orders": 1})],
    "scenario 7, autumn": [Stage(s.around("2026-10-25T21:59:59Z", "2026-10-25T22:00:00Z"), "yesterday",
                                 "2026-10-26T10:00:00Z", {"orders": 1}),
        Stage(lambda feed: None, "today", "2026-10-26T10:00:00Z", {"orders": 1})],
    "scenario 8": [Stage(s.late_version, "month", "2026-06-20", {"win_rate": 1.0, "closed_won_deals": 1})],
    "scenario 10": [
        Stage(s.priced, "month", "2026-06-20", {"closed_won_value": "800.00", "closed_won_deals": 1}),
        Stage(s.without_rate, "month", "2026-06-20",
              {"closed_won_value": "800.00", "closed_won_value.unpriced": 1, "closed_won_value.status": "partial",
               "closed_won_deals": 2}),
    ],
    "weekend": [
        Stage(s.weekend, "month", "2026-06-20", {"net_revenue": "50.00", "net_revenue.unpriced": 2, "orders": 4}),
        Stage(s.rate_told_late, "month", "2026-06-20", {"net_revenue": "97.00", "net_revenue.unpriced": 1}),
    ],
}  # fmt: skip
SETTINGS: Final = {
    "scenario 7, spring": HELSINKI, "scenario 7, autumn": HELSINKI, **SPENDING_SETTINGS, **SCORE_SETTINGS,
    **ACQUISITION_SETTINGS, **ORDER_SETTINGS, **TARGET_SETTINGS, "revenue retention": HELSINKI,
    "churn by plan": TenantSettings(dimensions=("plan",)), "another plan in the next month": HELSINKI,
    "dates without a time": TenantSettings(tz="America/Los_Angeles"),
}  # fmt: skip


def settings_of(name: str) -> TenantSettings:
    """The tenant's settings of an example."""
    return SETTINGS.get(name, TenantSettings())
