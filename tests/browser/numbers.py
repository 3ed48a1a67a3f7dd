"""Invented numbers for the page's tests: the same for the same day, believable, and odd where a state needs it."""

import hashlib
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from kpis.catalog import CATALOG, Kpi

TENANTS: Final = {
    "nordbolt": {"tz": "Europe/Berlin", "currency": "EUR", "size": 1.0},
    "kirjo-cloud": {"tz": "Europe/Helsinki", "currency": "EUR", "size": 0.6},
    "tyhja": {"tz": "Europe/Helsinki", "currency": "EUR", "size": 0.0},
}
ROWS: Final = {row.id: row for row in CATALOG}
BASE: Final = {
    "closed_won_value": 486_200,
    "closed_won_deals": 148,
    "win_rate": 0.274,
    "win_rate_value": 0.312,
    "mrr": 41_230,
    "pipeline_velocity": 18_240,
    "sales_cycle_days": 41.2,
    "open_pipeline_value": 1_926_400,
    "open_pipeline": 312,
    "speed_to_lead": 1_420,
    "touches_to_close": 7.4,
    "lead_abandonment_rate": 0.163,
    "follow_ups_per_lead": 2.8,
    "lead_to_opportunity_rate": 0.31,
    "closed_lost_deals": 392,
    "visitors": 41_200,
    "leads": 1_704,
    "signups": 486,
    "traffic_to_lead_rate": 0.0414,
    "new_customers": 131,
    "customer_acquisition_cost": 212,
    "marketing_roi": 3.1,
    "landing_page_conversion_rate": 0.063,
    "clicks_without_conversion_rate": 0.91,
    "email_open_rate": 0.384,
    "email_click_rate": 0.052,
    "email_bounce_rate": 0.011,
    "email_unsubscribe_rate": 0.0034,
    "csat": 0.88,
    "email_complaint_rate": 0.0004,
    "customer_retention_rate": 0.931,
    "customer_churn_rate": 0.019,
    "renewal_rate": 0.88,
    "net_new_mrr": 2_140,
    "mrr_new": 3_100,
    "mrr_expansion": 1_240,
    "mrr_reactivation": 260,
    "mrr_contraction": 640,
    "mrr_churn": 1_820,
    "customer_lifetime_value": 4_870,
    "customer_effort_score": 5.6,
    "net_promoter_score": 33,
    "promoter_share": 0.53,
    "passive_share": 0.27,
    "detractor_share": 0.2,
    "active_customers": 2_412,
    "received": 184_322,
    "churned_customers": 46,
    "tickets_opened": 214,
    "ticket_resolution_hours": 9.4,
    "stickiness": 0.23,
    "orders": 903,
    "customer_engagement_score": 61.5,
    "social_sentiment": 0.21,
    "social_engagement_rate": 0.041,
    "net_revenue": 214_800,
    "social_interactions": 3_180,
    "form_abandonment_rate": 0.44,
    "sales_funnel": 0.0036,
    "bot_rate": 0.061,
    "late_rate": 0.0021,
    "duplicate_rate": 0.004,
    "invalid_rate": 0.0008,
    "conflict_rate": 0,
    "rejected_rate": 0.0009,
    "unpriced_rate": 0.0002,
    "engagement_by_channel": 92_400,
}
UNIT: Final = {
    "ratio": 0.4,
    "money": 12_000,
    "money/day": 900,
    "days": 12,
    "hours": 8,
    "seconds": 900,
    "score": 5,
    "index": 20,
}
FLOW: Final = {"count", "money"}
DAYS: Final = {
    "15m": 0.01,
    "1h": 0.04,
    "24h": 1,
    "today": 0.6,
    "yesterday": 1,
    "7d": 7,
    "week": 4.6,
    "last_week": 7,
    "30d": 30,
    "month": 26.6,
    "last_month": 31,
    "90d": 90,
    "quarter": 57,
    "last_quarter": 92,
    "365d": 365,
    "year": 330,
    "last_year": 365,
    "all": 600,
}
VALUES: Final = {
    "source": ["google", "newsletter", "linkedin", "partner", "direct", "bing", "fair", "podcast", "unknown"],
    "owner": ["anna", "jonas", "mira", "tom"],
    "country": ["DE", "AT", "FR", "PL", "CH", "NL", "unknown", "__other__"],
    "channel": ["email", "page", "form", "call", "meeting", "chat", "social"],
    "campaign": ["spring", "brand", "weekly", "launch", "alliance"],
    "pipeline": ["new", "partner"],
    "stage": ["qualification", "proposal", "negotiation", "contract"],
    "survey": ["onboarding", "yearly"],
    "page": ["/pricing", "/demo", "/webinar"],
}
DIMENSIONS: Final = {
    "subject": ["source", "country", "owner"],
    "deal": ["owner", "source", "country", "pipeline"],
    "stage": ["stage", "owner"],
    "touch": ["channel", "campaign", "source"],
    "acquisition": ["channel", "campaign", "source"],
    "page": ["page", "campaign"],
    "marketing": ["channel", "campaign", "source"],
    "source": ["source", "channel", "campaign"],
    "survey": ["survey", "country"],
    "none": [],
}


def wave(*names: Any) -> float:
    """A number in [0, 1) that only depends on the names."""
    digest = hashlib.sha256("/".join(map(str, names)).encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def text(row: Kpi, value: float | None) -> Any:
    """As a document has it: money is text, counts are whole."""
    if value is None:
        return None
    if row.unit in ("money", "money/day"):
        return f"{value:.2f}"
    return round(value) if row.unit == "count" else round(value, 4 if row.unit == "ratio" else 2)


def is_stock(row: Kpi) -> bool:
    """Whether longer windows do not hold more."""
    return row.stock or row.unit not in FLOW or row.id in ("customer_lifetime_value", "customer_acquisition_cost")


def size(tenant: str, row: Kpi, window: str) -> float:
    """The value of a window; 30d is what BASE says."""
    base = BASE.get(row.id, UNIT.get(row.unit, 140)) * (TENANTS[tenant]["size"] if row.unit in FLOW else 1)  # type: ignore[operator]
    jitter = (
        1 if row.id.endswith("er_share") or row.id == "passive_share" else 0.94 + 0.12 * wave(tenant, row.id, window)
    )
    return float(base * jitter * (1 if is_stock(row) else DAYS[window] / 30))


def local_day(tenant: str, now: datetime) -> date:
    """Today, there."""
    return now.astimezone(ZoneInfo(str(TENANTS[tenant]["tz"]))).date()


def buckets(tenant: str, step: str, now: datetime, count: int) -> list[str]:
    """The newest starts of buckets; the last one runs."""
    day = local_day(tenant, now)
    if step == "hour":
        hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        return [f"{hour - timedelta(hours=back):%Y-%m-%dT%HZ}" for back in reversed(range(count))]
    if step == "day":
        return [str(day - timedelta(days=back)) for back in reversed(range(count))]
    if step == "week":
        monday = day - timedelta(days=day.weekday())
        return [str(monday - timedelta(weeks=back)) for back in reversed(range(count))]
    months = day.year * 12 + day.month - 1
    return [f"{at // 12}-{at % 12 + 1:02d}" for at in range(months - count + 1, months + 1)]


def point(tenant: str, row: Kpi, step: str, bucket: str, *, running: bool) -> Any:
    """One value of a series; weekends are quiet, and some KPIs have gaps."""
    if row.id == "csat" and wave(bucket, "gap") < 0.12:
        return None
    per = {"hour": 1 / 24, "day": 1, "week": 7, "month": 30.4}[step]
    base = size(tenant, row, "30d") * (1 if is_stock(row) else per / 30)
    weekend = step == "day" and date.fromisoformat(bucket).weekday() >= 5 and not is_stock(row)
    shape = (0.75 + 0.5 * wave(tenant, row.id, bucket)) * (0.35 if weekend else 1)
    calm = shape if not is_stock(row) else 0.9 + 0.2 * wave(tenant, row.id, bucket)
    age = {"hour": 1 / 24, "day": 1, "week": 7, "month": 30}[step]
    trend = 1 - 0.25 * min(age * (len(bucket) % 3), 1) * wave(tenant, row.id, "trend")
    return text(row, base * calm * trend * (0.6 if running and not is_stock(row) else 1))
