"""The rows: the lists each KPI counts, its formula, its windows and segments."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Final

from models.record import Row
from recount import figures as f
from recount.acquisition_rows import acquisition_rows
from recount.activity import activity_rows
from recount.conversions import conversion_rows
from recount.customer_rows import cohort_rows, recurring_rows, renewal_rows
from recount.engagement import engagement_rows
from recount.facts import Fact, Figure, Source, share, tally
from recount.flagged import flagged_rows
from recount.perception import bucket_share, score
from recount.quality import Types, arrived
from recount.row import KpiRow
from recount.sales_rows import sales_rows
from recount.scores import score_rows
from recount.social import social_rows
from recount.spending_rows import spending_rows
from recount.tenant import Tenant
from recount.users import user_rows
from recount.web import CHANNELS
from recount.windows import ALL_WINDOWS, PAIR_WINDOWS, UNIT_WINDOWS

HALF: Final = Fraction(1, 2)
NINE_TENTHS: Final = Fraction(9, 10)

DEAL: Final = Types(("crm.deal.",))
MAIL: Final = Types(("crm.email.",))
CALL: Final = Types(("crm.call.ended",))
ORDER: Final = Types(("crm.order.",))
LEAD: Final = Types(("crm.lead.",))
VIEW: Final = Types(("crm.page.viewed",))
LEAD_DEAL: Final = Types(("crm.lead.", "crm.deal.created"))
TRAFFIC: Final = Types(("crm.page.viewed", "crm.lead.", "crm.identity."))
CUSTOMER: Final = Types(("crm.subscription.", "crm.order.", "crm.customer.", "crm.deal.won"))
PURCHASE: Final = Types(("crm.order.", "crm.deal."))
SIGNUP: Final = Types(("crm.user.signed_up", "crm.identity."))
TOUCH: Final = Types(tuple(CHANNELS))
ANY: Final = Types(("crm.",))


def is_nps(row: Row) -> bool:
    """Whether it answers a promoter survey."""
    return row.data.get("survey_type") == "nps"


NPS: Final = Types(("crm.survey.answered",), is_nps)


def rows_of(tenant: Tenant) -> list[KpiRow]:
    """All KPIs of a tenant."""
    return [
        *traffic_rows(tenant),
        *acquisition_rows(tenant),
        *conversion_rows(tenant),
        *deal_rows(tenant),
        *cycle_rows(tenant),
        *sales_rows(tenant),
        *order_rows(tenant),
        *churn_rows(tenant),
        *recurring_rows(tenant),
        *renewal_rows(tenant),
        *cohort_rows(tenant),
        *mail_rows(tenant),
        *touch_rows(tenant),
        *nps_rows(tenant),
        *quality_rows(tenant),
        *flagged_rows(tenant),
        *activity_rows(tenant),
        *social_rows(tenant),
        *spending_rows(tenant),
        *score_rows(tenant),
        *user_rows(tenant),
        *engagement_rows(tenant),
    ]


def traffic_rows(tenant: Tenant) -> list[KpiRow]:
    """Visitors, leads and their conversion."""
    leads, opportunities = tenant.leads.created, tenant.leads.opportunities
    visitors, sessions = tenant.visitors, tenant.sessions
    latest = tenant.leads.latest_of

    by_cohort = tenant.settings.lead_to_opportunity_basis == "cohort"
    basis = (f.converted, leads) if by_cohort else (share, opportunities, leads)

    def became_lead(facts: Sequence[Fact]) -> Figure:
        found = [fact for fact in facts if latest.get(fact.what.leads_of, fact.at - 1) >= fact.at]
        return share(found, facts)

    def row(
        kpi: str, unit: str, types: Types, formula: Callable[..., Figure], *lists: Source, thin: bool = True
    ) -> KpiRow:
        return KpiRow(kpi, unit, types, "subject", formula, lists, thin=thin)

    return [
        row("visitors", "count", VIEW, tally, visitors, thin=False),
        row("leads", "count", LEAD, tally, leads, thin=False),
        row("signups", "count", SIGNUP, tally, tenant.web.signups, thin=False),
        row("traffic_to_lead_rate", "ratio", TRAFFIC, share, leads, visitors),
        row("traffic_to_lead_rate_session", "ratio", TRAFFIC, share, leads, sessions),
        row("traffic_to_lead_rate_cohort", "ratio", TRAFFIC, became_lead, visitors),
        row("visitors_per_lead", "number", TRAFFIC, f.per_lead, visitors, leads),
        row("lead_to_opportunity_rate", "ratio", LEAD_DEAL, *basis),
        row("lead_to_opportunity_rate_cohort", "ratio", LEAD_DEAL, f.converted, leads),
    ]


def deal_rows(tenant: Tenant) -> list[KpiRow]:
    """Closed and open deals."""
    deals, stale, opened = tenant.deals, tenant.stale, tenant.open
    won, lost = deals.won, deals.lost

    def row(kpi: str, unit: str, formula: Callable[..., Figure], *lists: Source, kind: str = "E") -> KpiRow:
        sides = (True, True) if kpi == "win_rate_value" else None
        return KpiRow(kpi, unit, DEAL, "deal", formula, lists, kind, thin=unit == "ratio", money_sides=sides)

    return [
        row("closed_won_deals", "count", tally, won),
        row("closed_won_value", "money", f.closed_value, won),
        row("closed_lost_deals", "count", tally, lost),
        row("closed_lost_value", "money", f.closed_value, lost),
        row("win_rate", "ratio", f.win_rate, won, lost),
        row("win_rate_value", "ratio", f.win_rate_value, won, lost),
        row("win_rate_incl_stale", "ratio", f.win_rate_incl_stale, won, lost, stale),
        row("open_pipeline", "count", tally, opened, kind="S"),
        row("open_pipeline_value", "money", f.open_value, opened, kind="S"),
    ]


def cycle_rows(tenant: Tenant) -> list[KpiRow]:
    """Sales cycle and velocity."""
    won, lost, opened, cycle = tenant.deals.won, tenant.deals.lost, tenant.open, f.Cycle(tenant.deals)

    def row(kpi: str, unit: str, formula: Callable[..., Figure], *lists: Source) -> KpiRow:
        return KpiRow(kpi, unit, DEAL, "deal", formula, lists, thin=True, money_parts=frozenset({"avg_won_value"}))

    return [
        row("sales_cycle_days", "days", cycle.at(HALF), won),
        row("sales_cycle_days_mean", "days", cycle.mean, won),
        row("sales_cycle_days_p90", "days", cycle.at(NINE_TENTHS), won),
        row("sales_cycle_days_lost", "days", cycle.at(HALF), lost),
        row("sales_cycle_days_closed", "days", cycle.at(HALF), won, lost),
        row("pipeline_velocity", "money/day", cycle.velocity("open"), tenant.deals.qualified, won, lost),
        row("pipeline_velocity_closed", "money/day", cycle.velocity("closed"), opened, won, lost),
        row("pipeline_velocity_worked", "money/day", cycle.velocity("open", "closed"), opened, won, lost),
    ]


def order_rows(tenant: Tenant) -> list[KpiRow]:
    """Orders and customers."""
    revenue = tenant.revenue
    return [
        KpiRow("orders", "count", ORDER, "subject", f.orders, (revenue.orders, revenue.guests)),
        KpiRow("net_revenue", "money", ORDER, "subject", f.net, (revenue.orders,)),
        KpiRow("average_order_value", "money", ORDER, "subject", f.average, (revenue.orders,), thin=True,
               money_sides=(True, False)),
        KpiRow("new_customers", "count", CUSTOMER, "subject", tally, (revenue.new,)),
        KpiRow("reactivations", "count", CUSTOMER, "subject", tally, (revenue.returns,)),
        KpiRow("active_customers", "count", CUSTOMER, "subject", tally, (tenant.active,), "S"),
    ]  # fmt: skip


def churn_rows(tenant: Tenant) -> list[KpiRow]:
    """Customers lost and retained."""
    revenue, pairs = tenant.revenue, tenant.pairs

    def row(kpi: str, formula: Callable[..., Figure], *lists: Source, types: Types = CUSTOMER) -> KpiRow:
        unit = "count" if kpi.startswith("churned") else "ratio"
        return KpiRow(kpi, unit, types, "subject", formula, lists, windows=PAIR_WINDOWS, segment_windows=UNIT_WINDOWS,
                      thin=unit == "ratio")  # fmt: skip

    return [
        row("churned_customers", f.churn_count, pairs),
        row("churned_customers_events", tally, revenue.leaves),
        row("customer_churn_rate", f.churn_rate, pairs),
        row("customer_churn_rate_stripe", f.churn_rate_stripe, revenue.leaves, pairs, revenue.new),
        row("customer_churn_rate_baremetrics", f.churn_rate_baremetrics, revenue.leaves, pairs),
        row("customer_churn_rate_inactivity", f.churn_rate, revenue.lively_pairs, types=PURCHASE),
        row("customer_retention_rate", f.retention, pairs),
    ]


def mail_rows(tenant: Tenant) -> list[KpiRow]:
    """E-mail rates."""
    mail = tenant.mail
    period = tenant.settings.email_rates_basis == "period"

    def row(kpi: str, formula: Callable[..., Figure], *lists: Source) -> KpiRow:
        robots = not kpi.endswith("_raw")
        return KpiRow(kpi, "ratio", MAIL, "touch", formula, lists, thin=True, robots=robots)

    return [
        row("email_open_rate", f.open_period, mail.opened, mail.delivered)
        if period
        else row("email_open_rate", f.with_event("opened", "clicked"), mail.delivered),
        row("email_open_rate_raw", f.any_open, mail.delivered),
        row("email_open_rate_adjusted", f.adjusted_open, mail.delivered),
        row("email_open_rate_period", f.open_period, mail.opened, mail.delivered),
        row("email_click_rate", share, mail.by("clicked"), mail.delivered)
        if period
        else row("email_click_rate", f.with_event("clicked"), mail.delivered),
        row("email_click_rate_to_open", f.click_to_open, mail.delivered),
        row("email_bounce_rate", f.bounced, mail.sent),
        row("email_unsubscribe_rate", share, mail.by("unsubscribed"), mail.delivered)
        if period
        else row("email_unsubscribe_rate", f.with_event("unsubscribed"), mail.delivered),
        row("email_complaint_rate", f.with_event("complained"), mail.delivered),
    ]


def touch_rows(tenant: Tenant) -> list[KpiRow]:
    """Calls, and interactions by channel."""
    mail, all_windows = tenant.mail, ALL_WINDOWS

    def channel(kpi: str, formula: Callable[..., Figure], pick: Source, *, robots: bool) -> KpiRow:
        return KpiRow(
            kpi, "count", TOUCH, "channel", formula, (pick,), segment_windows=all_windows, robots=robots
        )  # fmt: skip

    return [
        KpiRow("call_connect_rate", "ratio", CALL, "touch", f.connected, (mail.outbound,), thin=True),
        KpiRow("call_connect_rate_inbound", "ratio", CALL, "touch", f.connected, (mail.inbound,), thin=True),
        channel("engagement_by_channel", f.people, tenant.human_touches, robots=True),
        channel("engagement_by_channel_raw", f.interactions, tenant.all_touches, robots=False),
    ]


def nps_rows(tenant: Tenant) -> list[KpiRow]:
    """Promoters and detractors."""
    latest, answers = tenant.latest_answers, tenant.perception.answers

    def row(kpi: str, unit: str, formula: Callable[..., Figure], pick: Source) -> KpiRow:
        return KpiRow(kpi, unit, NPS, "subject", formula, (pick,), thin=True)

    return [
        row("net_promoter_score", "index", score, latest),
        row("net_promoter_score_all", "index", score, answers),
        row("promoter_share", "ratio", bucket_share(1), latest),
        row("passive_share", "ratio", bucket_share(0), latest),
        row("detractor_share", "ratio", bucket_share(-1), latest),
    ]


def quality_rows(tenant: Tenant) -> list[KpiRow]:
    """Data quality."""
    quality = tenant.quality

    def row(kpi: str, pick: Source) -> KpiRow:
        return KpiRow(kpi, "ratio", ANY, None, share, (pick, quality.received), "Q", thin=True, robots=False)

    return [
        KpiRow(
            "received",
            "count",
            ANY,
            None,
            arrived,
            (quality.received, quality.placeholders, quality.identity_conflicts),
            "Q",
            robots=False,
        ),
        row("duplicate_rate", quality.duplicates),
        row("conflict_rate", quality.conflicts),
        row("invalid_rate", quality.invalid),
        row("rejected_rate", quality.rejected),
        row("late_rate", quality.late),
    ]
