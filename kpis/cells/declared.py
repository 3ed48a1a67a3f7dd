"""Every measure, declared once: a row states what it sums, whose segments it falls in, and the form of its name.

A name is a base followed by what the row's ``by`` adds: ``won``, ``visitors@7d``, ``ttp=12``, ``net:EUR``. A name
without a row is an error, both where facts contribute it and where a formula reads it. docs/measures.md is generated
from this table.
"""

from collections.abc import Iterator, Mapping
from typing import Final, Literal, NamedTuple

from kpis.calendar.window_names import UNITS

Grain = Literal[
    "none", "subject", "deal", "stage", "touch", "page", "acquisition", "marketing", "source", "survey"
]  # whose segments: those of the fact's subject, of the deal … "none" is counted in total only
By = Literal[
    "",  # one sum: what happened in a window is a difference, the state at an instant a running total
    "window",  # @7d, @month, @all …: one per kind of window, as distinct counts do not add up over time
    "value",  # =12: how often each value occurred, for quantiles
    "currency",  # :EUR in minor units, and #:EUR the facts with such an amount; #: those without a price
    "currency and day",  # :USD:20546, and #:USD:20546: at the rate of that local day
    "day",  # :20546, a local day
    "two days",  # :20546:20577
    "days",  # :12, a number of days
    "scale",  # :1~5, the ends of a survey's scale
    "type",  # :crm.order.completed
]
SIGNS: Final[dict[By, str]] = {"": "", "window": "@", "value": "="}  # what follows a base; all others: a colon
MONEY: Final = frozenset[By]({"currency", "currency and day"})


class Measure(NamedTuple):
    """A number that adds up over disjoint subjects. ``unit``: of the number; ``groups``: what contributes it.

    ``counter``: counts records as they came, so it is no function of the facts. ``lasting``: days are never folded.
    """

    name: str
    unit: str
    what: str
    grain: Grain
    groups: tuple[str, ...]
    by: By = ""
    counter: bool = False
    lasting: bool = False

    @property
    def sign(self) -> str:
        """What follows its base in a name."""
        return SIGNS.get(self.by, ":")


def rows(
    grain: Grain,
    groups: str,
    unit: str,
    what: Mapping[str, str],
    by: By = "",
    *,
    counter: bool = False,
    lasting: bool = False,
) -> Iterator[Measure]:
    """Measures that differ in name and meaning only.

    ``groups``: of `contributions.groups.GROUPS`, or *touch* (each touch as it comes), *presence* (the minutes in which
    persons were active) and *stream* (each record as it comes).
    """
    for name, text in what.items():
        yield Measure(name, unit, text, grain, tuple(groups.split()), by, counter, lasting)


# What formulas read beside the cells, declared as if it were a measure.
TABLES: Final = {
    "landed.page": "visitors of each page, a table of views",
    "spenders": "what each customer spent, a table",
}
CHANNELS: Final = ("email", "page", "form", "call", "meeting", "chat", "social")
MODELS: Final = ("first", "last", "linear", "position")
MOVEMENTS: Final = ("new", "expansion", "reactivation", "contraction", "churn")
RATERS: Final = ("promoter", "passive", "detractor")
DECLARED: Final = (
    # Visitors, sign-ins, conversions
    *rows("subject", "presence", "persons", {
        "visitors": "who viewed a page",
        "visitors_led": "visitors whose subject became a lead later",
        "buyers": "subjects with an order",
        "buyers_again": "subjects with an order that is not their first",
        "users": "who signed in",
    }, "window"),
    *rows("subject", "presence", "sessions", {"sessions": "visits"}, "window"),
    *rows("none", "presence", "persons", {
        "visitors_opportunity": "visitors whose subject became an opportunity later",
        "visitors_won": "visitors whose subject won a deal later",
        "landed": "visitors of landing pages",
        "engaged": "who interacted in any channel",
        **{f"engaged.{channel}": f"who interacted by {channel}" for channel in CHANNELS},
    }, "window"),
    *rows("none", "landing presence", "persons", {"landed.hit": "visitors of landing pages who converted"}, "window"),
    *rows("none", "landing", "persons", {
        "landed.both": "visitors who converted, and whose last view is younger than the conversion window",
    }, "window"),
    *rows("subject", "person", "persons", {"signups": "who signed up", "never_in": "signed up and never signed in"}),
    *rows("subject", "logins", "events", {"logins": "sign-ins"}),
    *rows("touch", "click", "clicks", {
        "clicks": "whose conversion window is over", "clicks.open": "whose conversion window is open",
    }),
    *rows("touch", "click hits", "clicks", {"clicks.missed": "without a conversion when it was over"}),
    *rows("subject", "forms", "forms", {
        "forms": "whose time to be sent is over", "forms.dropped": "not sent in it", "forms.open": "being filled in",
    }),
    # Acquisition and marketing
    *rows("acquisition", "acquisition", "customers", {"acquired": "new customers, by acquisition channel"}),
    *rows("source", "acquisition", "customers", {"sourced": "new customers, by source"}),
    *rows("acquisition", "cost", "minor units", {"cost.acquisition": "costs of acquisition"}, "currency"),
    *rows("marketing", "cost", "minor units", {"cost.marketing": "costs of marketing"}, "currency"),
    *rows("none", "cost", "minor units", {"cost.retention": "costs of retention"}, "currency"),
    *rows("marketing", "credit", "minor units", {
        "credit.none": "revenue after no touch",
        **{f"credit.{model}": f"revenue credited by the {model} model" for model in MODELS},
    }, "currency"),
    *rows("subject", "acquisition", "customers", {"ttp": "days from first touch to first purchase"}, "value"),
    *rows("subject", "acquisition", "customers", {"touched.bought": "by first touch, days until they bought"}, "days"),
    *rows("subject", "acquisition", "subjects", {"touched.open": "by first touch, no purchase yet"}, lasting=True),
    *rows("subject", "acquisition", "customers", {
        "touched.bad": "by first touch, which came after the purchase",
        "bad_ttp": "by purchase, which came before the first touch",
        "ttp_untouched": "by purchase, without a touch",
    }),
    # Deals
    *rows("deal", "deal", "deals", {
        "won": "closed as won", "lost": "closed as lost", "open": "open",
        "stale": "open, and no event for long",
        "qualified": "open in a qualified stage", "open_undated": "open, creation unknown",
        "qualified_undated": "the same, in a qualified stage",
        "cycles.won": "won, with a creation", "cycles.lost": "lost, with a creation",
        "bad_cycle.won": "won before they were created", "bad_cycle.lost": "lost before they were created",
    }),
    *rows("deal", "deal", "days", {
        "cycle_days.won": "creation to won close", "cycle_days.lost": "creation to lost close",
    }),
    *rows("deal", "deal", "deals", {
        "cycle.won": "days from creation to won close", "cycle.lost": "days from creation to lost close",
    }, "value"),
    *rows("deal", "deal", "minor units", {
        "won_value": "amounts won", "lost_value": "amounts lost",
    }, "currency"),
    *rows("deal", "deal", "minor units", {
        "open_value": "amounts open, at the creation's rate", "open_undated_value": "amounts open, creation unknown",
    }, "currency and day"),
    *rows("deal", "closing", "events", {"touches_to_close": "touches that won deals took"}),
    *rows("deal", "closing", "deals", {"to_close": "won, touches they took"}, "value"),
    *rows("stage", "deal", "deals", {
        "stays": "that left a stage", "stay_open": "in a stage", "stay_bad": "that left a stage before they entered it",
    }),
    *rows("stage", "deal", "seconds", {"stay_seconds": "in stages that were left"}),
    *rows("stage", "deal", "deals", {
        "stay_total": "time in a stage that was left, all visits", "stay_latest": "the same, latest visit",
    }, "value"),
    # Funnel and leads
    *rows("none", "touch", "events", {"attempts.visitor": "page views"}),
    *rows("none", "lead", "events", {
        "attempts.lead": "that create a lead", "attempts.opportunity": "that make one an opportunity",
    }),
    *rows("none", "deal", "events", {"attempts.won": "that report a won deal"}),
    *rows("subject", "lead", "leads", {
        "leads": "by creation", "opportunities": "by becoming an opportunity",
        "opportunities_of_leads": "by creation, that became one",
        "unanswered": "by creation, not answered yet",
        "open_leads": "neither converted nor closed", "abandoned_leads": "open, and not followed up for long",
    }),
    *rows("subject", "lead", "leads", {
        "answered": "time until the first answer", "answered_business": "the same, in working hours",
    }, "value"),
    *rows("subject", "lead", "events", {"follow_ups": "by the lead's creation, outbound touches after the first"}),
    # Orders, customers, recurring revenue
    *rows("subject", "order", "orders", {"orders": "that were kept", "guests": "that were kept, without a customer"}),
    *rows("subject", "order", "minor units", {
        "net": "of orders, by their own time", "adjustments": "taken back, by the time of refund or cancellation",
    }, "currency"),
    *rows("subject", "customer", "customers", {
        "new_customers": "new", "active": "active", "reactivations": "that came back",
    }),
    *rows("subject", "customer", "customers", {
        "paying": "with recurring revenue", "repeaters": "by the customer's start, with two orders by now",
    }),
    *rows("subject", "customer", "orders", {"between": "days since the customer's order before"}, "value"),
    *rows("subject", "customer", "orders", {"betweens": "that are not the customer's first"}),
    *rows("subject", "customer", "days", {"between_days": "since the customer's order before"}),
    *rows("subject", "customer", "customers", {"lost": "active at a window's start, not at its end"}, "window"),
    *rows("subject", "customer", "customers", {"lost_bought": "the same, by inactivity alone"}, "window"),
    *rows("subject", "customer", "customers", {"leaves": "that left", "active_bought": "active, by purchases alone"}),
    *rows("subject", "customer", "minor units", {"ltv": "revenue so far, by the customer's start"}, "currency and day"),
    *rows("subject", "customer", "minor units", {"new_business": "first revenue of a customer"}, "currency"),
    *rows("none", "customer", "customers", {
        "cohort_month": "by the month they came in", "cohort_week": "by the week they came in",
        "cohort_month_active": "of a month, under contract", "cohort_week_active": "of a week, under contract",
    }, "day"),
    *rows("none", "customer", "customers", {
        "cohort_month_bought": "of a month, who bought in another", "cohort_week_bought": "of a week, in another",
    }, "two days"),
    *rows("subject", "mrr", "minor units", {
        "mrr": "recurring monthly",
        **{f"mrr_{kind}": f"of movements: {kind}" for kind in MOVEMENTS},
        **{f"mrr_shrunk_{unit}": f"contraction and churn of who paid when the {unit} began" for unit in UNITS},
        **{f"mrr_grown_{unit}": f"expansion and reactivation of who paid before the {unit}" for unit in UNITS},
    }, "currency and day"),
    *rows("subject", "contract", "renewals", {
        "renewal_due": "due", "renewal_completed": "due and completed", "renewal_lost": "due and lost",
        "renewal_orphan": "outcomes without a due",
    }),
    *rows("subject", "contract", "minor units", {
        "renewal_target": "due", "renewal_target_closed": "due, with an outcome",
        "renewal_kept": "kept of what was due", "renewal_renewed": "renewed",
    }, "currency"),
    # Mail, calls, social, engagement
    *rows("touch", "message", "messages", {
        "mail.known": "sent, delivered or bounced", "mail.delivered": "delivered", "mail.bounced": "bounced",
        "mail.opened": "by delivery, opened by a person", "mail.opened_raw": "by delivery, opened by anything",
        "mail.machine_only": "by delivery, opened by machines alone", "mail.clicked": "by delivery, clicked",
        "mail.unsubscribed": "by delivery, unsubscribed from", "mail.complained": "by delivery, complained about",
        "mail.opened_then": "by open", "mail.clicked_then": "by click", "mail.unsubscribed_then": "by unsubscription",
        "mail.orphan": "by open, never delivered",
    }),
    *rows("touch", "touch", "calls", {
        f"calls.{direction}{connected}": f"{direction}{connected.replace('.', ', ')}"
        for direction in ("outbound", "inbound") for connected in ("", ".connected")
    }),
    *rows("touch", "touch", "events", {
        "social": "social interactions", "impressions": "posts seen", "mentions": "mentions",
        **{f"mentions.{mood}": f"mentions judged {mood}" for mood in ("positive", "neutral", "negative")},
    }),
    *rows("none", "touch", "interactions", {f"eng.{one}": f"of persons, {one}" for one in CHANNELS if one != "email"}),
    *rows("none", "touch message", "interactions", {
        "eng.email": "of persons, email", "raw.email": "of anybody, email",
    }),
    *rows("none", "touch", "interactions", {f"bots.{channel}": f"of bots, {channel}" for channel in CHANNELS}),
    *rows("subject", "score", "millionths of a point", {"points": "engagement at the end of that UTC day"}, "day"),
    *rows("none", "score", "customers", {"tier0": "active, warm or hot", "tier1": "active, hot"}),
    # Surveys, records, tickets
    *rows("subject", "person", "persons", {
        f"nps.{kind}": f"whose latest answer in the window is a {kind}'s" for kind in RATERS
    }, "window"),
    *rows("subject", "person", "answers", {f"nps_all.{kind}": f"of {kind}s" for kind in RATERS}),
    *rows("survey", "person", "answers", {
        "effort.n": "effort", "effort.top": "effort, top box",
        "csat.n": "satisfaction", "csat.top": "satisfaction, top box",
    }, "scale"),
    *rows("survey", "person", "millionths of a score", {"effort.sum": "effort", "csat.sum": "satisfaction"}, "scale"),
    *rows("subject", "record", "records", {
        "records": "created", "records_imported": "created by an import", "records_gone": "created, and deleted since",
    }),
    *rows("subject", "ticket", "tickets", {
        "tickets_opened": "opened", "tickets_resolved": "resolved", "bad_ticket": "resolved before they were opened",
    }),
    *rows("subject", "ticket", "tickets", {"ticket_seconds": "time from opened to resolved"}, "value"),
    # Who is who
    *rows("none", "identity_conflict", "links", {
        "identity_conflicts": "set aside: they would join two customers, users or leads",
    }),
    # The stream itself: by receive time
    *rows("none", "stream", "records", {
        "received": "all", "duplicates": "sent again", "conflicts": "sent again with other content",
        "invalid": "refused", "placeholders": "with a placeholder for an id", "robots": "of bots",
        "unpriced": "without a price",
    }, counter=True),
    *rows("none", "stream", "records", {"late": "received late"}, counter=True),
    *rows("none", "stream", "records", {"priced": "with an amount that needs a rate; from earlier releases"},
          "currency and day", counter=True),
    # By event type, for `excluded` and `late_revised`
    *rows("none", "stream", "events", {"bot": "of bots"}, "type", counter=True),
    *rows("none", "touch late", "late events", {"late": "all"}, "type"),
    *rows("subject", "late late_views", "late events", {"late.s": "by their subject"}, "type"),
    *rows("touch", "touch late", "late events", {"late.t": "by their own attributes"}, "type"),
    *rows("deal", "deal closing", "late events", {"late.d": "of deals"}, "type"),
    *rows("stage", "deal", "late events", {"late.g": "of deals, by the stage they name"}, "type"),
    *rows("acquisition", "acquisition cost", "late events", {"late.a": "of new customers and costs"}, "type"),
    *rows("marketing", "late_touches cost", "late events", {"late.m": "of marketing touches and costs"}, "type"),
    *rows("source", "acquisition", "late events", {"late.o": "of new customers"}, "type"),
    *rows("survey", "late", "late events", {"late.v": "survey answers, by scale"}, "type"),
    *rows("page", "touch", "late events", {"late.p": "page views, by page"}, "type"),
)  # fmt: skip
