"""Short random stories of events: few ids, so that events meet, and few instants, so that they tie.

A story keeps to a few themes (web, mail, deals, ...) and always has events that link ids. Instants lie around the clock
changes of both tenants' zones, one of which is half an hour off.
"""

from datetime import date
from typing import Any, Final, NamedTuple

from hypothesis import strategies as st

from kpis.calendar.window_names import WINDOWS
from models.record import BOT, UNKNOWN_TYPE
from models.settings import TenantBook
from recount.windows import DAY, MINUTE
from tests.feed import ms

BOOK: Final = TenantBook.from_mapping(
    {
        "tenants": {
            "north": {"tz": "Europe/Helsinki", "dimensions": ["tier"], "low_n": 2, "nps_scales": {"0-5": [2, 3]}},
            "south": {
                "tz": "Australia/Adelaide",
                "dimensions": ["tier"],
                "segment_cap": 2,
                "currency": "USD",
                "revenue_from": "both",
                "qualified_stages": ["Proposal"],
                "lead_to_opportunity_basis": "cohort",
                "workdays": [1, 2, 3, 4, 5],
                "work_hours": ["09:00", "17:30"],
                "holidays": ["2026-03-30"],
                "targets": [
                    {"kpi": "orders", "window": "month", "value": 10},
                    {"kpi": "net_revenue", "window": "quarter", "value": 5000.5},
                    {"kpi": "win_rate", "window": "last_month", "value": 0.3, "segment": {"source": "Web"}},
                ],
            },
        }
    }
)
TENANTS: Final = tuple(BOOK)
# Helsinki's short day is 29 March 2026, Adelaide's long one 5 April.
DAYS: Final = (-400, -120, -91, -90, -40, -30, -29, -8, -7, -1, 0, 1, 6, 7, 30)
HOURS: Final = (0, 13 * 60 + 30, 21 * 60, 21 * 60 + 59, 22 * 60, 23 * 60)
BASE: Final = ms("2026-03-29")
BASE_DAY: Final = date(2026, 3, 29).toordinal()
instants = st.builds(
    lambda day, minute, fine: BASE + day * DAY + minute * MINUTE + fine,
    st.sampled_from(DAYS), st.sampled_from(HOURS), st.sampled_from((0, 0, 0, 1, -1, 15 * MINUTE, 44_999)),
)  # fmt: skip
ends = st.builds(
    lambda day, quarter: BASE + day * DAY + quarter * 15 * MINUTE,
    st.integers(-35, 130), st.one_of(st.sampled_from((0, 56, 86, 87, 88)), st.integers(0, 95)),
)  # fmt: skip


class Told(NamedTuple):
    """An event as a producer tells it. ``delay``: ms until it was received."""

    kind: str
    time: int
    delay: int
    flags: int
    source: str
    data: dict[str, Any]


Data = st.SearchStrategy[dict[str, Any]]


def strategy(part: Any) -> st.SearchStrategy[Any]:
    """A strategy as it is; of several values, one."""
    return part if isinstance(part, st.SearchStrategy) else st.sampled_from(part)


def some(**optional: Any) -> Data:
    """Data of which any part may be missing; what is no strategy is one of several values."""
    return st.fixed_dictionaries({}, optional={name: strategy(part) for name, part in optional.items()})


def ids(*names: str) -> st.SearchStrategy[str]:
    """One of a few ids."""
    return st.sampled_from(names)


CUSTOMERS, LEADS, USERS, VISITORS = ("c1", "c2", "c3"), ("l1", "l2"), ("u1", "u2"), ("a1", "a2")
CURRENCIES: Final = ("EUR", "USD", "EUR9")  # the last in units of 10^-9
AMOUNTS: Final = (0, 1, 1050, 99_900, 10_500_000_001)
people: Data = st.one_of(
    some(customer_id=CUSTOMERS),
    some(user_id=USERS),
    some(anonymous_id=VISITORS, user_id=USERS),
    some(lead_id=LEADS, customer_id=CUSTOMERS),
    some(anonymous_id=VISITORS, lead_id=LEADS, contact_id=("k1", "k2")),
    some(customer_id=CUSTOMERS, user_id=USERS, anonymous_id=VISITORS),
    some(lead_id=LEADS, user_id=USERS, anonymous_id=VISITORS),
    some(order_id=("o1", "o2"), deal_id=("d1",), contact_id=("k1",)),
)
money: Data = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"amount": st.sampled_from(AMOUNTS), "currency": st.sampled_from(CURRENCIES)}),
)  # fmt: skip
labels: Data = some(
    source=("fair", "web"), owner_id=("anna", "otto"), pipeline=("new",),
    campaign=st.fixed_dictionaries({"name": ids("spring"), "source": ids("news", "ads")}),
    traits=some(tier=("gold", "iron", 3), country=("FI", "AU")),
)  # fmt: skip


def event(kinds: str, *data: Data, flags: tuple[int, ...] = (0, 0, 0, BOT), **fixed: Any) -> st.SearchStrategy[Told]:
    """An event of one of several kinds, its data put together from several draws."""
    must = {name: strategy(part) for name, part in fixed.items()}
    return st.builds(
        lambda kind, time, delay, flag, source, parts: Told(
            f"crm.{kind}", time, delay, flag, source, {k: v for part in parts for k, v in part.items()}
        ),
        st.sampled_from(kinds.split()), instants, st.sampled_from((0, 0, 60_000, 660_000, 3 * DAY)),
        st.sampled_from(flags), st.sampled_from(("/a", "/b")), st.tuples(*data, st.fixed_dictionaries(must)),
    )  # fmt: skip


PAIR: Data = st.one_of(
    some(customer_id=CUSTOMERS, user_id=USERS), some(anonymous_id=VISITORS, user_id=USERS),
    some(lead_id=LEADS, customer_id=CUSTOMERS), some(user_id=USERS, lead_id=LEADS),
)  # fmt: skip
MERGE: Data = st.one_of(
    *(
        st.fixed_dictionaries(
            {
                "entity": st.just(space),
                "winner_id": ids(*names),
                "loser_ids": st.lists(ids(*names), min_size=1, max_size=2),
            }
        )
        for space, names in (("customer", CUSTOMERS), ("lead", LEADS), ("user", USERS))
    ),
    st.fixed_dictionaries(
        {"winner_id": ids("c1", "user:u1"), "loser_ids": st.lists(ids("lead:l1", "user:u2"), min_size=1)}
    ),
)
LINKS: Final = (
    event("identity.identified identity.unmerged", PAIR, flags=(0,)),
    event("identity.merged identity.merged identity.unmerged", MERGE, flags=(0,)),
)

CLICKS: Data = some(click_id=("x1", "x2"))
WEB: Final = (
    event(
        "page.viewed page.viewed page.viewed form.started form.submitted link.clicked",
        people,
        labels,
        some(session_id=("z1", "z2"), path=("/", "/b?c", "")),
        CLICKS,
        url=("/", "https://a.example/b#c"),
        form_id=("f1", "f2"),
    ),
    event(
        "link.clicked lead.created order.completed",
        people,
        labels,
        CLICKS,
        lead_id=LEADS,
        order_id=("o1", "o2"),
        amount=AMOUNTS,
        currency=CURRENCIES,
    ),
    event("lead.created lead.assigned lead.disqualified", people, labels, lead_id=LEADS),
    event("lead.converted lead.converted lead.unconverted", people, some(deal_id=("d1", "d2")), lead_id=LEADS),
    event("user.signed_up", people, CLICKS, user_id=USERS),
    event("social.liked social.impression meeting.held", people, labels, network=("x",)),
)
MAIL: Final = (
    event(
        "email.sent email.delivered email.opened email.opened email.clicked email.bounced email.unsubscribed",
        people,
        labels,
        some(recipient_hash=("r1",), link_url=("/x", "/Unsubscribe")),
        message_id=("m1", "m2"),
    ),
    event(
        "call.ended chat.messaged",
        people,
        labels,
        some(deal_id=("d1",)),
        direction=("inbound", "outbound"),
        outcome=("connected", "voicemail"),
    ),
    event(
        "survey.answered",
        people,
        some(response_id=("r1", "r2")),
        survey_id=("q1", "q2"),
        survey_type=("nps", "nps", "csat"),
        score=(0, 6, 7, 8, 9, 10),
    ),
    event("novel.happened", people, flags=(UNKNOWN_TYPE,)),
)
VERSIONS: Data = some(version=(1, 2, 3))
STAGE: Data = some(stage=("proposal", "demo", "Closed Won"))
DATES: Final = st.builds(lambda day: date.fromordinal(BASE_DAY + day).isoformat(), st.sampled_from(DAYS))
moments = st.one_of(instants, instants, DATES)
CLOSING: Data = some(closed_at=moments)
RATES: Final = event(
    "fx.rate_set",
    some(date=("2026-03-29", "2026-03-28", "2026-03-21", "2026-04-02")),
    base=("EUR",),
    quote=("USD",),
    rate=("1.25", "0.8"),
    flags=(0,),
)
# Robots do not work deals: what their late events count for is left open.
DEALS: Final = (
    event("deal.created", people, labels, money, some(time_known=(False, True)), deal_id=("d1", "d2"), flags=(0,)),
    event("deal.won deal.won deal.lost", people, labels, money, VERSIONS, CLOSING, deal_id=("d1", "d2"), flags=(0,)),
    event("deal.reopened deal.updated deal.updated deal.deleted deal.merged", labels, money, VERSIONS, CLOSING, STAGE,
          deal_id=("d1", "d2"), flags=(0,)),
    event(
        "deal.stage_changed", VERSIONS, deal_id=("d1", "d2"), to_stage=("proposal", "Closed Won", "lost"), flags=(0,)
    ),
    RATES,
)  # fmt: skip
SHOP: Final = (
    event("order.completed order.completed", people, labels, some(tax=(100,)), order_id=("o1", "o2", "o3"),
          amount=AMOUNTS, currency=CURRENCIES),
    event("order.refunded", some(refund_id=("r1",), tax=(10,)), order_id=("o1", "o2"), amount=AMOUNTS,
          currency=CURRENCIES),
    event("order.cancelled", order_id=("o1", "o2", "o3")),
    event("customer.created customer.updated customer.churned customer.reactivated", labels, customer_id=CUSTOMERS),
    RATES,
)  # fmt: skip
EFFECT: Data = some(effective_at=moments)
ACTIVITY: Final = (
    event("record.created record.created record.updated record.merged record.deleted", people,
          some(origin=("ui", "import")), object=("task", "note"), record_id=("r1", "r2")),
    event("ticket.opened ticket.resolved", people, some(resolution_s=(0, 90, 3600.5)), ticket_id=("t1", "t2")),
    event("record.created ticket.resolved", object=("task",), record_id=("r1", "r2"), ticket_id=("t1", "t2")),
    event("customer.updated", labels, customer_id=CUSTOMERS),
)  # fmt: skip
ANSWERS: Final = (
    event("survey.answered", people, some(scale_max=(7, 5), polarity=("effort", "ease"), response_id=("r1",)),
          survey_id=("q1", "q2"),
          survey_type=("effort", "effort", "csat"), score=(1, 3, 4, 4.2, 5)),
    event("survey.answered", people, some(scale_max=(5,), response_id=("r1", "r2")), survey_id=("q1", "q2"),
          survey_type=("nps",),
          score=(0, 2, 3, 5, 2.5)),
    event("survey.sent customer.updated", labels, customer_id=CUSTOMERS),
)  # fmt: skip
USERS_IN: Final = (
    event("user.signed_in user.signed_in user.signed_up", people, user_id=USERS),
    event("user.signed_in", user_id=USERS),
    event("customer.updated", labels, customer_id=CUSTOMERS),
)
SOCIAL: Final = (
    event("social.commented social.mentioned social.messaged social.liked", people, labels,
          some(sentiment=("positive", "negative", "neutral", 0.05, -0.06, 0.9), model=("m-1", "m-2")), network=("x",)),
    event("social.impression", people, labels, network=("x",)),
)  # fmt: skip
PLANS: Final = (
    event("subscription.started subscription.changed", people, EFFECT, subscription_id=("s1", "s2"),
          mrr=(0, 900, 5000), currency=("EUR", "EUR", "USD", "USD9")),
    event("subscription.paused subscription.resumed subscription.cancelled subscription.cancel_scheduled", people,
          EFFECT, subscription_id=("s1", "s2")),
    event("customer.churned customer.reactivated", labels, customer_id=CUSTOMERS),
    event("deal.won", people, money, deal_id=("d1",), flags=(0,)),
    RATES,
)  # fmt: skip
ORIGIN: Data = some(
    source=("fair", "web"),
    campaign=some(name=("spring", "brand"), source=("google", "newsletter", "Facebook.com", "direct"),
                  medium=("cpc", "email", "social", "none")),
    referrer=("https://www.google.fi/", "https://a.example/blog", "https://partner.example/", "/here"),
)  # fmt: skip
PERIODS: Data = some(
    period_start=("2026-03-27", "2026-03-29"), period_end=("2026-03-29", "2026-04-06"), category=("marketing", "sales"),
    channel=("email", "paid search", "fair"), campaign=("spring", {"name": "brand"}, {"source": "google"}),
)  # fmt: skip
ROUTES: Final = (
    event("page.viewed page.viewed form.submitted link.clicked", people, ORIGIN, url=("https://a.example/", "/"),
          form_id=("f1",), link_url=("/x",)),
    event("email.clicked", people, ORIGIN, some(bulk=(True,), link_url=("/unsubscribe",)), message_id=("m1",)),
    event("call.ended", people, ORIGIN, direction=("inbound", "outbound"), outcome=("connected",)),
    event("social.liked social.impression meeting.held", people, ORIGIN, network=("x",)),
    event("cost.recorded cost.recorded", PERIODS, cost_id=("k1", "k2"), purpose=("acquisition", "retention"),
          amount=AMOUNTS, currency=CURRENCIES, flags=(0,)),
    event("order.completed order.completed", people, order_id=("o1", "o2"), amount=AMOUNTS, currency=CURRENCIES),
    event("order.refunded", order_id=("o1",), amount=(1, 1050), currency=CURRENCIES),
    event("deal.won", people, money, CLOSING, deal_id=("d1",), flags=(0,)),
    event("customer.created lead.created", some(source=("fair", "web")), customer_id=CUSTOMERS, lead_id=LEADS),
)  # fmt: skip
# Few instants and contracts, so that outcomes meet their dues and stand between two.
DUES: Final = st.sampled_from([BASE + day * DAY for day in (-40, -8, 0, 6)] + ["2026-03-21", "2026-03-29"])
RENEWALS: Final = (
    event("renewal.due", people, labels, contract_id=("k1", "k2"), due_at=DUES, amount=AMOUNTS, currency=CURRENCIES),
    event("renewal.completed renewal.completed renewal.lost", people, money, some(due_at=DUES),
          contract_id=("k1", "k2")),
    event("renewal.completed", some(amount=AMOUNTS), contract_id=("k1", "k2")),
    RATES,
)  # fmt: skip

NAMED: Data = st.one_of(people, some(deal_id=("d1", "d2")), some(deal_id=("d1", "d2"), lead_id=LEADS))
SALES: Final = (
    event("email.sent", NAMED, labels, some(bulk=(True, False)), message_id=("m1", "m2")),
    event("call.ended chat.messaged meeting.held", NAMED, labels, direction=("inbound", "outbound"),
          outcome=("connected", "busy")),
    event("lead.created lead.contacted lead.disqualified lead.qualified", people, lead_id=LEADS),
    event("lead.converted lead.unconverted", people, some(deal_id=("d1", "d2")), lead_id=LEADS),
    event("deal.created deal.created", people, STAGE, some(time_known=(False, True)), deal_id=("d1", "d2"), flags=(0,)),
    event("deal.won deal.won deal.lost", people, VERSIONS, CLOSING, STAGE, deal_id=("d1", "d2"), flags=(0,)),
    event("deal.stage_changed deal.stage_changed", VERSIONS, some(from_stage=("demo", "offer")), deal_id=("d1", "d2"),
          to_stage=("proposal", "demo", "lost"), flags=(0,)),
    event("deal.reopened deal.updated deal.deleted", STAGE, VERSIONS, CLOSING, deal_id=("d1", "d2"), flags=(0,)),
    event("page.viewed", people, url=("/",)),
)  # fmt: skip
STEP: Data = st.one_of(*(st.just({"segment": {"step": step}}) for step in ("lead", "opportunity", "won")))
AIM: Final = ("0.4", "0", "3", "-1", "1000.5", None)
AIMS: Final = (
    event("target.set", some(segment=({}, {"owner": "anna"}, {"source": "web"}, {"country": "FI"})), window=WINDOWS,
          kpi=("orders", "net_revenue", "win_rate", "visitors", "churned_customers", "active_customers", "leads",
               "closed_won_deals", "speed_to_lead", "sales_funnel", "leak_point", "engagement_by_channel"), value=AIM),
    event("target.set", STEP, window=("month", "quarter", "year", "all", "last_month"), kpi=("sales_funnel",),
          value=("0.4", "1.5", "0.03", None)),
    event("page.viewed page.viewed lead.created", people, labels, url=("/",), lead_id=LEADS),
    event("lead.converted deal.won order.completed", people, deal_id=("d1", "d2"), lead_id=LEADS, order_id=("o1", "o2"),
          amount=AMOUNTS, currency=CURRENCIES, flags=(0,)),
)  # fmt: skip
THEMES: Final = (
    WEB, MAIL, DEALS, SHOP, PLANS, ACTIVITY, SOCIAL, ROUTES, RENEWALS, ANSWERS, SALES, USERS_IN, AIMS,
)  # fmt: skip


@st.composite
def stories(draw: st.DrawFn, most: int = 12, some: tuple[int, ...] = ()) -> list[Told]:
    """A story of one or two themes; of ``some`` themes, where they are given."""
    drawn = st.lists(st.sampled_from(range(len(THEMES))), min_size=1, max_size=2, unique=True)
    themes = list(some) or draw(drawn)
    told = [event for theme in themes for event in THEMES[theme]]
    return draw(st.lists(st.one_of(*LINKS, *told), min_size=2, max_size=most))


def crowds(theme: int, most: int = 12) -> st.SearchStrategy[list[Told]]:
    """Stories of one kind of event of a theme and of links, all at two instants."""
    return st.one_of(*(_crowd(event, most) for event in THEMES[theme]))


def _crowd(event: st.SearchStrategy[Told], most: int) -> st.SearchStrategy[list[Told]]:
    def at(told: Told, day: int) -> Told:
        return told._replace(time=BASE + day * DAY)

    return st.lists(st.builds(at, st.one_of(event, LINKS[0]), st.integers(0, 1)), min_size=2, max_size=most)
