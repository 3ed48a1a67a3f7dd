"""The catalogue: one row per KPI. Everything else about a KPI is derived from its row.

A row states what is counted (a formula over measures), in which windows and segments, and which event types it matches.
``rows`` decides what a segment is: the deal's own, the subject's current values, or the touch's own.
"""

from typing import Final

from kpis.catalog.acquisition import acquisition
from kpis.catalog.activity import activity
from kpis.catalog.conversions import conversions
from kpis.catalog.customers import customers
from kpis.catalog.deals import cycles, deals
from kpis.catalog.engaged import engaged_customers
from kpis.catalog.engagement import touches
from kpis.catalog.mail import mail
from kpis.catalog.perception import perception, scores
from kpis.catalog.quality import quality
from kpis.catalog.revenue import cohorts, recurring, renewals
from kpis.catalog.row import Kpi, Vector, matches
from kpis.catalog.sales import closing, funnel, response, stages
from kpis.catalog.social import social
from kpis.catalog.spending import spending
from kpis.catalog.traffic import traffic
from kpis.catalog.users import users
from kpis.formulas.common import Step

__all__ = ["CATALOG", "Kpi", "Step", "Vector", "matches"]

CATALOG: Final = (
    *traffic(),
    *acquisition(),
    *conversions(),
    *deals(),
    *cycles(),
    *stages(),
    *closing(),
    *funnel(),
    *response(),
    *customers(),
    *spending(),
    *recurring(),
    *renewals(),
    *cohorts(),
    *mail(),
    *touches(),
    *perception(),
    *scores(),
    *quality(),
    *activity(),
    *users(),
    *engaged_customers(),
    *social(),
)
