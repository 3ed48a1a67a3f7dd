"""The examples and live scenarios of the KPI definitions, as stories in stages with the results they state."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from models.record import BOT, PLACEHOLDER
from models.settings import TenantSettings
from recount.windows import DAY, MINUTE
from tests.feed import Feed, closed, ms

JUNE: Final = ms("2026-06-01")
HELSINKI: Final = TenantSettings(tz="Europe/Helsinki")


class Stage(NamedTuple):
    """What happens next, and then: window, as-of, and the value of each KPI."""

    tell: Callable[[Feed], None]
    window: str
    as_of: str
    values: dict[str, Any]


def traffic(feed: Feed) -> None:
    """2,000 visitors in 2,500 sessions, 40 leads."""
    for number in range(2_500):
        visitor, session = f"v{number % 2000}", f"s{number}"
        feed.add("page.viewed", JUNE + number, anonymous_id=visitor, session_id=session, url="https://a.example/")
    for number in range(40):
        feed.add("lead.created", JUNE + DAY, lead_id=f"l{number}")


def signups(feed: Feed) -> None:
    """120 events, 5 of them told twice, 3 users merged into earlier ones."""
    for number in range(115):
        feed.add("user.signed_up", JUNE + number * MINUTE, key=f"s{number}", user_id=f"u{number}")
    feed.items += feed.items[:5]
    for number in range(3):
        feed.add("identity.merged", "2026-06-05", winner_id=f"u{number}", loser_ids=[f"u{number + 100}"], entity="user")


def leads_of_june(feed: Feed) -> None:
    """200 leads of June and 10 of May; 20 and 10 of them convert in June."""
    for number in range(210):
        feed.add("lead.created", JUNE + (number - 10) * MINUTE, lead_id=f"l{number}")
    for number in range(30):
        feed.add("lead.converted", "2026-06-20", lead_id=f"l{number}", deal_id=f"d{number}")


def leads_of_june_in_july(feed: Feed) -> None:
    """15 more leads of June convert."""
    for number in range(30, 45):
        feed.add("lead.converted", "2026-07-10", lead_id=f"l{number}", deal_id=f"d{number}")


def win_rate(feed: Feed) -> None:
    """12 won (240 k), 18 lost (160 k), 20 open of which 5 stale."""
    closed(feed, 12, 17, "2026-06-15", 2_000_000, 900_000)
    closed(feed, 0, 1, "2026-06-16", 0, 700_000)
    for number in range(20):
        feed.add("deal.created", "2026-01-10" if number < 5 else "2026-06-10", deal_id=f"o{number}")


def closed_deals(feed: Feed) -> None:
    """5 won, 1 of them told twice, 1 reopened."""
    closed(feed, 5, 0, "2026-06-10", 100)
    feed.items.append(feed.items[-1])
    feed.add("deal.reopened", "2026-06-12", deal_id="2026-06-10-0")


def velocity(feed: Feed) -> None:
    """40 open, 30 of 120 won at 12,000 after 60 days."""
    for number in range(120):
        verb, amount = ("won", 1_200_000) if number < 30 else ("lost", 0)
        feed.add("deal.created", ms("2026-06-15") - 60 * DAY, deal_id=f"d{number}")
        feed.add(f"deal.{verb}", "2026-06-15", deal_id=f"d{number}", amount=amount, currency="EUR")
    for number in range(40):
        feed.add("deal.created", "2026-03-10", deal_id=f"o{number}")


def cycle(feed: Feed) -> None:
    """10, 20 and 90 days."""
    for days in (10, 20, 90):
        feed.add("deal.created", ms("2026-06-15") - days * DAY, deal_id=f"d{days}")
        feed.add("deal.won", "2026-06-19", deal_id=f"d{days}", closed_at=ms("2026-06-15"))


def subscribe(feed: Feed, name: str, at: str) -> None:
    """A subscription of one's own."""
    feed.add("subscription.started", at, customer_id=name, subscription_id=f"s-{name}", mrr=1000, currency="EUR")


def churn(feed: Feed) -> None:
    """100 at start and 3 who had left; 20 new, 11 leave of whom 1 joined inside."""
    for number in range(103):
        subscribe(feed, f"c{number}", "2026-01-10")
    for number in range(100, 103):
        feed.add("subscription.cancelled", "2026-02-10", subscription_id=f"s-c{number}")
    for number in range(20):
        subscribe(feed, f"n{number}", "2026-06-05")
    for name in (*(f"c{number}" for number in range(10)), "n0"):
        feed.add("subscription.cancelled", "2026-06-15", subscription_id=f"s-{name}")


def return_of_three(feed: Feed) -> None:
    """The 3 who had left before come back."""
    for number in range(100, 103):
        feed.add("subscription.resumed", "2026-06-12", subscription_id=f"s-c{number}")


def promoters(feed: Feed) -> None:
    """50 promoters, 30 passive, 20 detractors, 20 who dismissed."""
    about: dict[str, Any] = {"survey_id": "q", "survey_type": "nps"}
    for score, count in ((10, 50), (7, 30), (3, 20)):
        for number in range(count):
            feed.add("survey.answered", "2026-06-10", user_id=f"{score}-{number}", score=score, **about)
    for number in range(20):
        feed.add("survey.dismissed", "2026-06-10", user_id=f"x{number}", **about)


def mail(feed: Feed) -> None:
    """138 delivered, 47 opened by people, 41 by robots only."""
    for number in range(138):
        feed.add("email.delivered", "2026-06-10", message_id=f"m{number}")
        if number < 88:
            feed.add("email.opened", "2026-06-11", message_id=f"m{number}", flags=0 if number < 47 else BOT)


def complaints(feed: Feed) -> None:
    """40 delivered; one recipient complains twice, another about a message that was never delivered."""
    for number in range(40):
        feed.add("email.delivered", "2026-06-10", message_id=f"m{number}")
    feed.add("email.complained", "2026-06-11", message_id="m7")
    feed.add("email.complained", "2026-07-02", message_id="m7")
    feed.add("email.complained", "2026-06-11", message_id="never")


def quality(feed: Feed) -> None:
    """1,000 received: 12 duplicates, 3 conflicts, 5 invalid, 20 accepted late."""
    for number in range(980):
        heard = JUNE + number + (20 * MINUTE if number < 20 else 0)
        flags = PLACEHOLDER if number == 7 else 0
        feed.add("page.viewed", JUNE + number, key=f"p{number}", received=heard, flags=flags, anonymous_id="a", url="/")
    feed.items += feed.items[:12]
    for number in range(3):
        feed.add("page.viewed", JUNE + 5000, key=f"p{number}", anonymous_id="b", url="/")
    for _ in range(5):
        feed.refuse(JUNE + 7000)


def scenario_1(feed: Feed) -> None:
    """One order three times, then with another amount."""
    for amount in (1000, 1000, 1000, 9000):
        feed.add("order.completed", "2026-06-10", key="o", order_id="o", amount=amount, currency="EUR")


def order(feed: Feed, name: str, at: str, amount: int = 100, received: str | None = None, tax: int = 0) -> None:
    """An order."""
    feed.add("order.completed", at, received=received, order_id=name, amount=amount, currency="EUR", tax=tax)


def orders_of_a_day(feed: Feed) -> None:
    """4 orders of 10 June."""
    for number in range(4):
        order(feed, f"o{number}", "2026-06-10T23:00:00Z")


def late_order(feed: Feed) -> None:
    """One of 23:50 that arrives two days later."""
    order(feed, "o4", "2026-06-10T23:50:00Z", received="2026-06-12T10:00:00Z")


def ten_visitors(feed: Feed) -> None:
    """10 visitors and a lead."""
    feed.add("lead.created", "2026-06-02", lead_id="l")
    for number in range(9):
        feed.add("page.viewed", "2026-06-02", anonymous_id=f"v{number}", url="/")
    feed.add("page.viewed", "2026-06-02", user_id="u", url="/")


def pair(verb: str, at: str) -> Callable[[Feed], None]:
    """A visitor and a user are one, or not."""

    def tell(feed: Feed) -> None:
        feed.add(f"identity.{verb}", at, anonymous_id="v0", user_id="u")

    return tell


def deals_of_may(feed: Feed) -> None:
    """3 won, 2 lost."""
    closed(feed, 3, 2, "2026-05-20", 100)


def reopened(feed: Feed) -> None:
    """One is reopened in June and won again."""
    feed.add("deal.reopened", "2026-06-03", deal_id="2026-05-20-0")
    feed.add("deal.won", "2026-06-10", deal_id="2026-05-20-0")


def orders_of_may(feed: Feed) -> None:
    """120 and 50."""
    order(feed, "a", "2026-05-10", 12_000)
    order(feed, "b", "2026-05-10", 5_000)


def refund(feed: Feed) -> None:
    """The 120 are paid back."""
    feed.add("order.refunded", "2026-07-02", order_id="a", amount=12_000, currency="EUR")


def leave_and_return(feed: Feed) -> None:
    """100 at start; one leaves on day 5 and returns on day 20."""
    for number in range(100):
        feed.add("customer.created", "2026-05-15", customer_id=f"c{number}")
    feed.add("customer.churned", "2026-06-05", customer_id="c0")
    feed.add("customer.reactivated", "2026-06-20", customer_id="c0")


def around(last: str, first: str) -> Callable[[Feed], None]:
    """An order in the last second of a day, one in the first of the next."""

    def tell(feed: Feed) -> None:
        order(feed, "a", last)
        order(feed, "b", first)

    return tell


def late_version(feed: Feed) -> None:
    """Version 3 is won; version 2 arrives later, dated later."""
    feed.add("deal.created", "2026-06-01", deal_id="d")
    feed.add("deal.won", "2026-06-10", deal_id="d", version=3)
    feed.add("deal.stage_changed", "2026-06-12", deal_id="d", version=2, to_stage="proposal")


def priced(feed: Feed) -> None:
    """1,000 USD at 1.25; the rate of the next day is another."""
    feed.add("fx.rate_set", "2026-06-10T12:00:00Z", base="EUR", quote="USD", rate="1.25")
    feed.add("fx.rate_set", "2026-06-11T12:00:00Z", base="EUR", quote="USD", rate="1.00")
    feed.add("deal.won", "2026-06-10", deal_id="a", amount=100_000, currency="USD")


def without_rate(feed: Feed) -> None:
    """One of a day more than a week after the newest rate."""
    feed.add("deal.won", "2026-06-19", deal_id="b", amount=100_000, currency="USD")


def weekend(feed: Feed) -> None:
    """Friday's rate is the last for a week: what is sold until the Friday after is priced with it, and no more."""
    feed.add("fx.rate_set", "2026-06-05T14:15:00Z", base="EUR", quote="SEK", rate="11", date="2026-06-05")
    for number, day in enumerate(("04", "06", "12", "13"), 1):
        feed.add("order.completed", f"2026-06-{day}T12:00:00Z", order_id=f"o{number}", customer_id=f"c{number}",
                 amount=110_00 * number, currency="SEK")  # fmt: skip


def rate_told_late(feed: Feed) -> None:
    """The rate of Monday, told on Wednesday and the other way round, takes the days after it from Friday's."""
    feed.add("fx.rate_set", "2026-06-10T08:00:00Z", base="SEK", quote="EUR", rate="0.1", date="2026-06-08")
