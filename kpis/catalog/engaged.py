"""How engaged customers are."""

from typing import Final

from kpis.catalog.row import Kpi, Vector
from kpis.facts.touches import MENTION_TYPES, SENTIMENT
from kpis.formulas import common as f
from kpis.formulas.common import Step
from kpis.formulas.engagement import score
from models.tenants import TenantSettings

WEIGHTED: Final = tuple(f"crm.{name}" for name in TenantSettings().weights)
EVENTS: Final = (*WEIGHTED, *sorted(type_ + SENTIMENT for type_ in MENTION_TYPES))


def engaged_customers() -> tuple[Kpi, ...]:
    active, warm, hot = (f.level(name) for name in ("active", "tier0", "tier1"))
    counts = {"cold": f.minus(active, warm), "warm": f.minus(warm, hot), "hot": hot}
    tiers = [Step(name, f.count(of), EVENTS) for name, of in counts.items()]
    title = "Customer engagement score"
    of_score = Kpi("customer_engagement_score", title, "score", score, EVENTS, "subject", stock=True, ageing=True)
    return (
        of_score,
        Kpi(
            "engagement_tier",
            "Customers by engagement tier",
            "count",
            Vector("tier", lambda _: tiers),
            EVENTS,
            stock=True,
            direction="neither",
        ),
    )
