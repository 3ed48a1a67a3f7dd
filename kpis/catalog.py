"""The catalogue: one row a KPI. Everything else about a KPI is made from its row.

A row says what is counted (a formula over measures), in which windows and segments, and which event types it hears of.
``rows`` decides what a segment is: the deal's own, the subject's current values, or the touch's own.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

from kpis import formulas as f
from kpis.touches import BY_CODE, CHANNELS
from kpis.windows import FROM_A_DAY, SEGMENT_WINDOWS, WINDOWS

Rows = Literal["deal", "subject", "touch", "channel", "none"]
Unit = Literal["count", "ratio", "number", "money", "money/day", "days", "index"]


@dataclass(frozen=True, slots=True)
class Kpi:
    """One KPI. ``events``: types (or beginnings ending in a dot) it hears of; ``source``: of its formula."""

    id: str
    title: str
    unit: Unit
    formula: f.Formula
    events: tuple[str, ...]
    rows: Rows = "none"
    windows: tuple[str, ...] = WINDOWS
    stock: bool = False  # a state at the window's end: never partial, never revised late
    quality: bool = False  # about the stream itself
    robots: bool = True  # robots' events are left out, and shown as `excluded`
    direction: Literal["up", "down", "neither"] = "up"
    formula_text: str = ""
    source: str = "kpi-precise"

    @property
    def segment_windows(self) -> tuple[str, ...]:
        """Windows that have documents by segment."""
        if self.rows == "none":
            return ()
        return WINDOWS if self.rows == "channel" else tuple(w for w in SEGMENT_WINDOWS if w in self.windows)

    @property
    def low_n(self) -> bool:
        """Whether few observations make it unsure."""
        return self.unit not in ("count", "money")

    def hears(self, label: str) -> bool:
        """Whether an event of this label (its type, a survey's kind behind a colon) is among the row's events."""
        return any(label.startswith(event) if event.endswith(".") else label == event for event in self.events)


DEALS: Final = ("crm.deal.",)
ORDERS: Final = ("crm.order.",)
CUSTOMERS: Final = ("crm.subscription.", "crm.order.", "crm.customer.", "crm.deal.won")
TRAFFIC: Final = ("crm.page.viewed", "crm.lead.", "crm.identity.")
MAIL: Final = ("crm.email.",)
NPS: Final = ("crm.survey.answered:nps",)
EVERY: Final = ("crm.",)
CHANNEL_EVENTS: Final = {
    channel: tuple(dict.fromkeys(kind.type for kind in BY_CODE if kind.channel == channel)) for channel in CHANNELS
}
TOUCHES: Final = tuple(event for channel in CHANNELS for event in CHANNEL_EVENTS[channel])
MEDIAN, P90 = Fraction(1, 2), Fraction(9, 10)


def _traffic() -> tuple[Kpi, ...]:
    visitors, leads = f.marked("visitors"), f.flow("leads")
    sessions, led, opportunities = f.marked("sessions"), f.marked("visitors_led"), f.flow("opportunities")
    cohort = f.ratio(f.flow("opportunities_of_leads"), leads)
    view, lead, both = ("crm.page.viewed",), ("crm.lead.",), ("crm.lead.", "crm.deal.created")
    signup = ("crm.user.signed_up", "crm.identity.")
    return (
        Kpi("visitors", "Visitors", "count", f.count(visitors), view, "subject"),
        Kpi("leads", "Leads", "count", f.count(leads), lead, "subject"),
        Kpi("signups", "Sign-ups", "count", f.count(f.flow("signups")), signup, "subject"),
        Kpi("traffic_to_lead_rate", "Traffic to lead", "ratio", f.ratio(leads, visitors), TRAFFIC, "subject"),
        Kpi(
            "traffic_to_lead_rate_session",
            "Traffic to lead, by session",
            "ratio",
            f.ratio(leads, sessions),
            TRAFFIC,
            "subject",
        ),
        Kpi(
            "traffic_to_lead_rate_cohort",
            "Visitors who became leads",
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
        Kpi("lead_to_opportunity_rate", "Lead to opportunity", "ratio", f.ratio(opportunities, leads), both, "subject"),
        Kpi("lead_to_opportunity_rate_cohort", "Lead to opportunity, by cohort", "ratio", cohort, both, "subject"),
    )


def _deals() -> tuple[Kpi, ...]:
    won, lost = f.flow("won"), f.flow("lost")
    closed = f.plus(won, lost)
    stale = f.plus(closed, f.level("stale"))
    share = f.money_ratio("won_value", "lost_value")
    pipeline = f.money_level("open_value", undated=True)
    return (
        Kpi("closed_won_deals", "Won deals", "count", f.count(won), DEALS, "deal"),
        Kpi("closed_won_value", "Won value", "money", f.money("won_value"), DEALS, "deal"),
        Kpi("closed_lost_deals", "Lost deals", "count", f.count(lost), DEALS, "deal", direction="down"),
        Kpi("closed_lost_value", "Lost value", "money", f.money("lost_value"), DEALS, "deal", direction="down"),
        Kpi("win_rate", "Win rate", "ratio", f.ratio(won, closed), DEALS, "deal"),
        Kpi("win_rate_value", "Win rate by value", "ratio", share, DEALS, "deal"),
        Kpi("win_rate_incl_stale", "Win rate, stale deals as lost", "ratio", f.ratio(won, stale), DEALS, "deal"),
        Kpi("open_pipeline", "Open deals", "count", f.count(f.open_deals), DEALS, "deal", stock=True),
        Kpi("open_pipeline_value", "Open pipeline", "money", pipeline, DEALS, "deal", stock=True),
    )


def _cycles() -> tuple[Kpi, ...]:
    def cycle(suffix: str, title: str, formula: f.Formula) -> Kpi:
        return Kpi(f"sales_cycle_days{suffix}", title, "days", formula, DEALS, "deal", direction="down")

    def velocity(suffix: str, title: str, *basis: str) -> Kpi:
        return Kpi(f"pipeline_velocity{suffix}", title, "money/day", f.velocity(*basis), DEALS, "deal")

    return (
        cycle("", "Sales cycle, median", f.cycle_quantile(MEDIAN, "won")),
        cycle("_mean", "Sales cycle, mean", f.cycle_mean),
        cycle("_p90", "Sales cycle, 90th percentile", f.cycle_quantile(P90, "won")),
        cycle("_lost", "Days to lose a deal, median", f.cycle_quantile(MEDIAN, "lost")),
        cycle("_closed", "Days to close a deal, median", f.cycle_quantile(MEDIAN, "won", "lost")),
        velocity("", "Pipeline velocity", "open"),
        velocity("_closed", "Pipeline velocity of closed deals", "closed"),
        velocity("_worked", "Pipeline velocity of worked deals", "open", "closed"),
    )


def _customers() -> tuple[Kpi, ...]:
    lost, start, leaves, new = f.marked("lost"), f.at_start("active"), f.flow("leaves"), f.flow("new_customers")
    bought = f.ratio(f.marked("lost_bought"), f.at_start("active_bought"))

    def churn(id_: str, title: str, formula: f.Formula, events: tuple[str, ...] = CUSTOMERS) -> Kpi:
        unit: Unit = "count" if id_.startswith("churned") else "ratio"
        up = id_ == "customer_retention_rate"
        return Kpi(id_, title, unit, formula, events, windows=FROM_A_DAY, direction="up" if up else "down")

    return (
        Kpi("orders", "Orders", "count", f.count(f.flow("orders")), ORDERS, "subject"),
        Kpi("net_revenue", "Net revenue", "money", f.money("net"), ORDERS, "subject"),
        Kpi("new_customers", "New customers", "count", f.count(new), CUSTOMERS, "subject"),
        Kpi(
            "reactivations", "Customers who came back", "count", f.count(f.flow("reactivations")), CUSTOMERS, "subject"
        ),
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
        churn("churned_customers_events", "Times a customer left", f.count(leaves)),
        churn("customer_churn_rate", "Customer churn", f.ratio(lost, start)),
        churn("customer_churn_rate_stripe", "Customer churn as Stripe has it", f.ratio(leaves, f.plus(start, new))),
        churn("customer_churn_rate_baremetrics", "Customer churn as Baremetrics has it", f.ratio(leaves, start)),
        churn("customer_churn_rate_inactivity", "Customer churn by inactivity", bought, ("crm.order.", "crm.deal.")),
        churn("customer_retention_rate", "Customer retention", f.ratio(f.minus(start, lost), start)),
    )


def _mail() -> tuple[Kpi, ...]:
    delivered, opened, clicked = f.flow("mail.delivered"), f.flow("mail.opened"), f.flow("mail.clicked")
    adjusted = f.ratio(opened, f.minus(delivered, f.flow("mail.machine_only")))
    period = f.with_part(f.ratio(f.flow("mail.opened_then"), delivered), "orphan", f.flow("mail.orphan"))
    raw = f.ratio(f.flow("mail.opened_raw"), delivered)

    def rate(id_: str, title: str, formula: f.Formula, *, down: bool = False, robots: bool = True) -> Kpi:
        direction: Literal["up", "down"] = "down" if down else "up"
        return Kpi(f"email_{id_}", title, "ratio", formula, MAIL, "touch", direction=direction, robots=robots)

    return (
        rate("open_rate", "E-mail open rate", f.ratio(opened, delivered)),
        rate("open_rate_raw", "E-mail open rate, machines too", raw, robots=False),
        rate("open_rate_adjusted", "E-mail open rate, adjusted", adjusted),
        rate("open_rate_period", "E-mail opens in the period", period),
        rate("click_rate", "E-mail click rate", f.ratio(clicked, delivered)),
        rate("click_rate_to_open", "E-mail click to open", f.ratio(clicked, opened)),
        rate("bounce_rate", "E-mail bounce rate", f.ratio(f.flow("mail.bounced"), f.flow("mail.known")), down=True),
        rate("unsubscribe_rate", "E-mail unsubscribe rate", f.ratio(f.flow("mail.unsubscribed"), delivered), down=True),
    )


def _touches() -> tuple[Kpi, ...]:
    def calls(direction: str) -> f.Formula:
        return f.ratio(f.flow(f"calls.{direction}.connected"), f.flow(f"calls.{direction}"))

    call = ("crm.call.ended",)
    people, raw = f.engagement(CHANNELS, "engaged"), f.raw_engagement(CHANNELS)
    return (
        Kpi("call_connect_rate", "Calls connected", "ratio", calls("outbound"), call, "touch"),
        Kpi("call_connect_rate_inbound", "Inbound calls connected", "ratio", calls("inbound"), call, "touch"),
        Kpi("engagement_by_channel", "Engagement", "count", people, TOUCHES, "channel"),
        Kpi("engagement_by_channel_raw", "Engagement, robots too", "count", raw, TOUCHES, "channel", robots=False),
    )


def _perception() -> tuple[Kpi, ...]:
    every = f.plus(*(f.marked(f"nps.{kind}") for kind in ("promoter", "passive", "detractor")))

    def share(kind: str, direction: Literal["up", "down", "neither"]) -> Kpi:
        formula = f.ratio(f.marked(f"nps.{kind}"), every)
        return Kpi(f"{kind}_share", f"{kind.capitalize()}s", "ratio", formula, NPS, "subject", direction=direction)

    return (
        Kpi("net_promoter_score", "Net promoter score", "index", f.promoter_score("nps"), NPS, "subject"),
        Kpi(
            "net_promoter_score_all",
            "Net promoter score, all answers",
            "index",
            f.promoter_score("nps_all"),
            NPS,
            "subject",
        ),
        share("promoter", "up"),
        share("passive", "neither"),
        share("detractor", "down"),
    )


def _quality() -> tuple[Kpi, ...]:
    received = f.flow("received")

    def rate(id_: str, title: str, *measures: str) -> Kpi:
        formula = f.ratio(f.plus(*(f.flow(measure) for measure in measures)), received)
        return Kpi(id_, title, "ratio", formula, EVERY, quality=True, robots=False, direction="down")

    return (
        Kpi("received", "Events received", "count", f.count(received), EVERY, quality=True, robots=False),
        rate("duplicate_rate", "Duplicate events", "duplicates"),
        rate("conflict_rate", "Conflicting events", "conflicts"),
        rate("invalid_rate", "Invalid events", "invalid"),
        rate("rejected_rate", "Rejected events", "conflicts", "invalid"),
        rate("late_rate", "Late events", "late"),
    )


CATALOG: Final = (
    *_traffic(),
    *_deals(),
    *_cycles(),
    *_customers(),
    *_mail(),
    *_touches(),
    *_perception(),
    *_quality(),
)


def channel_kpi(kpi: Kpi, channel: str) -> Kpi:
    """A row by channel, for one channel."""
    human = kpi.id == "engagement_by_channel"
    formula = f.engagement((channel,), f"engaged.{channel}") if human else f.raw_engagement((channel,))
    return Kpi(kpi.id, kpi.title, kpi.unit, formula, CHANNEL_EVENTS[channel], "channel", robots=kpi.robots)
