"""Visitors, leads and what they become."""

from kpis.catalog.row import Kpi
from kpis.facts.event_types import TRAFFIC
from kpis.formulas import common as f
from kpis.formulas.view import View


def traffic() -> tuple[Kpi, ...]:
    visitors, leads = f.marked("visitors"), f.flow("leads")
    sessions, led, opportunities = f.marked("sessions"), f.marked("visitors_led"), f.flow("opportunities")
    period, cohort = f.ratio(opportunities, leads), f.ratio(f.flow("opportunities_of_leads"), leads)

    def choose(view: View) -> f.Formula:
        return cohort if view.settings.lead_to_opportunity_basis == "cohort" else period

    by_setting = f.chosen(choose)

    view, lead, both = ("crm.page.viewed",), ("crm.lead.",), ("crm.lead.", "crm.deal.created")
    signup = ("crm.user.signed_up", "crm.identity.")
    return (
        Kpi("visitors", "Unique visitors", "count", f.count(visitors), view, "subject", once=True),
        Kpi("leads", "New leads", "count", f.count(leads), lead, "subject"),
        Kpi("signups", "Sign-ups", "count", f.count(f.flow("signups")), signup, "subject"),
        Kpi("traffic_to_lead_rate", "Visitor-to-lead rate", "ratio", f.ratio(leads, visitors), TRAFFIC, "subject"),
        Kpi(
            "traffic_to_lead_rate_session",
            "Session-to-lead rate",
            "ratio",
            f.ratio(leads, sessions),
            TRAFFIC,
            "subject",
        ),
        Kpi(
            "traffic_to_lead_rate_cohort",
            "Visitor-to-lead rate, cohort",
            "ratio",
            f.ratio(led, visitors),
            TRAFFIC,
            "subject",
        ),
        Kpi(
            "visitors_per_lead",
            "Visitors per lead",
            "number",
            f.ratio(visitors, leads),
            TRAFFIC,
            "subject",
            direction="down",
        ),
        Kpi("lead_to_opportunity_rate", "Lead-to-opportunity rate", "ratio", by_setting, both, "subject"),
        Kpi("lead_to_opportunity_rate_cohort", "Lead-to-opportunity rate, cohort", "ratio", cohort, both, "subject"),
    )
