"""Examples of recurring revenue, cohorts and renewals, as stories in stages with the results they state."""

from typing import Any, Final

from recount.windows import DAY, MINUTE
from tests.feed import Feed, ms
from tests.property.example_stories import Stage


def pay(feed: Feed, name: str, at: str | int, mrr: int, verb: str = "changed", currency: str = "EUR") -> None:
    """A customer's only subscription gets a price, in thousands."""
    feed.add(f"subscription.{verb}", at, customer_id=name, subscription_id=f"s-{name}", mrr=mrr * 100_000,
             currency=currency)  # fmt: skip


def movements(feed: Feed) -> None:
    """6 k new, 3 k expansion, 1 k reactivation, 2 k contraction, 4 k churn; rates that move play no part."""
    for name, mrr in (("up", 10), ("down", 10), ("gone", 4), ("back", 1)):
        pay(feed, name, "2026-01-10", mrr, "started")
    feed.add("fx.rate_set", "2026-01-10T12:00:00Z", base="EUR", quote="USD", rate="1.25")
    feed.add("fx.rate_set", "2026-06-10T12:00:00Z", base="EUR", quote="USD", rate="2")
    pay(feed, "abroad", "2026-01-10", 5, "started", "USD")
    feed.add("subscription.paused", "2026-02-10", subscription_id="s-back")
    pay(feed, "new", "2026-06-05", 6, "started")
    pay(feed, "up", "2026-06-06", 13)
    feed.add("subscription.resumed", "2026-06-07", subscription_id="s-back")
    pay(feed, "down", "2026-06-08", 8)
    feed.add("subscription.cancelled", "2026-06-09", subscription_id="s-gone")


def chained(feed: Feed) -> None:
    """Up by 5 k, and an hour later down to where it was: no movement. The second of another hour is one of its own."""
    feed.add("subscription.changed", "2026-06-10T10:00:00Z", subscription_id="s-up", mrr=1_800_000, currency="EUR")
    feed.add("subscription.changed", "2026-06-10T11:00:00Z", subscription_id="s-up", mrr=1_300_000, currency="EUR")


def kept_revenue(feed: Feed) -> None:
    """May began with 10 k of one and 5 k of another, who paused in May; in June one grows and shrinks, one returns and
    goes again, a new one grows, shrinks and goes. In Helsinki June begins three hours early.
    """
    pay(feed, "stays", "2026-04-10", 10, "started")
    pay(feed, "gone", "2026-04-10", 5, "started")
    feed.add("subscription.paused", "2026-05-20", subscription_id="s-gone")
    pay(feed, "stays", "2026-05-31T21:30:00Z", 12)
    pay(feed, "stays", "2026-06-05", 9)
    feed.add("subscription.resumed", "2026-06-06", subscription_id="s-gone")
    feed.add("subscription.cancelled", "2026-06-12", subscription_id="s-gone")
    for day, mrr in (("07", 4), ("08", 8), ("09", 6)):
        pay(feed, "new", f"2026-06-{day}", mrr, "started" if mrr == 4 else "changed")
    feed.add("subscription.cancelled", "2026-06-13", subscription_id="s-new")


def second_of_two(feed: Feed) -> None:
    """A customer with two subscriptions cancels one, announced before; another is only announced to go."""
    for name in ("a", "b"):
        feed.add(
            "subscription.started", "2026-05-10", customer_id="two", subscription_id=name, mrr=100_000, currency="EUR"
        )
    feed.add("subscription.cancelled", "2026-06-01", subscription_id="b", effective_at=ms("2026-06-15"))
    feed.add("subscription.cancel_scheduled", "2026-06-02", subscription_id="a", effective_at=ms("2026-06-16"))


def taken_back(feed: Feed) -> None:
    """Cancelled for the 23rd: one resumes, one takes a bigger plan, one resumes too late; one cancels once more."""
    for name in ("resumes", "grows", "late", "leaves"):
        feed.add("subscription.started", "2026-05-10", customer_id=name, subscription_id=name, mrr=5_000,
                 currency="EUR")  # fmt: skip
        feed.add("subscription.cancelled", "2026-06-03", subscription_id=name, effective_at=ms("2026-06-23"))
    for name in ("resumes", "leaves"):
        feed.add("subscription.resumed", "2026-06-15", subscription_id=name)
    feed.add("subscription.changed", "2026-06-16", subscription_id="grows", mrr=8_000, currency="EUR")
    feed.add("subscription.cancelled", "2026-06-18", subscription_id="leaves", effective_at=ms("2026-06-23"))
    feed.add("subscription.resumed", "2026-06-25", subscription_id="late")


def over_month_end(feed: Feed) -> None:
    """Another plan half an hour after the first, in the next month: in Helsinki it is midnight three hours early."""
    feed.add("subscription.started", "2026-04-10", customer_id="c", subscription_id="a", mrr=5_000, currency="EUR")
    feed.add("subscription.cancelled", "2026-05-31T20:50:00Z", subscription_id="a")
    feed.add("subscription.started", "2026-05-31T21:20:00Z", customer_id="c", subscription_id="b", mrr=8_000,
             currency="EUR")  # fmt: skip


def by_date(feed: Feed) -> None:
    """1 June in Los Angeles, where it begins at 07:00 UTC: a deal, two renewals, a plan; a deal of the day before."""
    for deal, day in (("may", "2026-05-31"), ("june", "2026-06-01")):
        feed.add("deal.created", "2026-05-01", deal_id=deal)
        feed.add("deal.won", "2026-06-02T18:00:00Z", deal_id=deal, closed_at=day)
    for contract, due in (("k1", "2026-06-01"), ("k2", ms("2026-06-01T07:00:00Z"))):
        feed.add("renewal.due", "2026-05-01", contract_id=contract, due_at=due, amount=500, currency="EUR")
        feed.add("renewal.completed", "2026-06-02", contract_id=contract, due_at="2026-06-01")
    feed.add("subscription.started", "2026-05-20", customer_id="c", subscription_id="s", mrr=5_000, currency="EUR",
             effective_at="2026-06-01")  # fmt: skip


def two_currencies(feed: Feed) -> None:
    """1 k EUR becomes 1 k USD at the rate of the USD subscription's first day: what is lost is 200."""
    feed.add("fx.rate_set", "2026-06-10T12:00:00Z", base="EUR", quote="USD", rate="1.25")
    into_dollars(feed, "2026-06-10")


def into_dollars(feed: Feed, day: str) -> None:
    """A subscription of 1 k EUR is followed by one of 1 k USD."""
    feed.add("subscription.started", "2026-05-10", customer_id="c", subscription_id="a", mrr=100_000, currency="EUR")
    feed.add("subscription.started", f"{day}T10:00:00Z", customer_id="c", subscription_id="b", mrr=100_000,
             currency="USD")  # fmt: skip
    feed.add("subscription.cancelled", f"{day}T10:30:00Z", subscription_id="a")


def better_rate(feed: Feed) -> None:
    """The day's rate is said again: now it was a gain."""
    feed.add("fx.rate_set", "2026-06-10T13:00:00Z", base="EUR", quote="USD", rate="0.8")


def holiday(feed: Feed) -> None:
    """The same over Midsummer, with Thursday's rate; the day before it had another."""
    feed.add("fx.rate_set", "2026-06-17T12:00:00Z", base="EUR", quote="USD", rate="0.5")
    feed.add("fx.rate_set", "2026-06-18T12:00:00Z", base="EUR", quote="USD", rate="1.25")
    into_dollars(feed, "2026-06-20")


def corrected_before_holiday(feed: Feed) -> None:
    """Thursday's rate is said again, days after the change that it prices: now it was a gain."""
    feed.add("fx.rate_set", "2026-06-22T13:00:00Z", base="EUR", quote="USD", rate="0.8", date="2026-06-18")


def buy(feed: Feed, number: int, month: int) -> None:
    """A customer orders on the tenth."""
    feed.add("order.completed", f"2026-{month:02}-10", customer_id=f"c{number}", order_id=f"{month}-{number}",
             amount=100, currency="EUR")  # fmt: skip


def cohort(feed: Feed) -> None:
    """10 of January; 8, then 6 buy again, and of the lost one returns with 5 others."""
    for month, buyers in ((1, range(10)), (2, range(8)), (3, range(6)), (4, (0, 1, 2, 3, 4, 9))):
        for number in buyers:
            buy(feed, number, month)


def subscribers(feed: Feed) -> None:
    """The same by contract."""
    for number in range(10):
        feed.add("subscription.started", "2026-01-10", customer_id=f"c{number}", subscription_id=f"s{number}", mrr=100,
                 currency="EUR")  # fmt: skip
    for number, at in ((8, "2026-02-10"), (9, "2026-02-11"), (7, "2026-03-10"), (6, "2026-03-11"), (5, "2026-04-10")):
        feed.add("subscription.cancelled", at, subscription_id=f"s{number}")
    feed.add("subscription.resumed", "2026-04-12", subscription_id="s9")


def renewals(feed: Feed) -> None:
    """10 due at 10 k: 5 at 10 k, one at 8 k, one at 20 k, 2 lost, 1 open. One outcome belongs to nothing."""
    for number in range(10):
        feed.add("renewal.due", "2026-05-01", contract_id=f"k{number}", due_at=ms("2026-06-15"), amount=1_000_000,
                 currency="EUR")  # fmt: skip
    for number, amount in enumerate((None, 1_000_000, 1_000_000, 1_000_000, 1_000_000, 800_000, 2_000_000)):
        said: dict[str, Any] = {} if amount is None else {"amount": amount, "currency": "EUR"}
        feed.add("renewal.completed", ms("2026-05-20") + number * 5 * DAY, contract_id=f"k{number}", **said)
    for number in (7, 8):
        feed.add("renewal.lost", "2026-06-16", contract_id=f"k{number}", due_at=ms("2026-06-15"))
    feed.add("renewal.completed", "2026-06-16", contract_id="nobody", amount=100, currency="EUR")


def by_plan(feed: Feed) -> None:
    """Of three on basic one leaves for good and one for days; of two on pro one; a sixth comes and goes in June."""
    for name, plan in (("a", "basic"), ("b", "basic"), ("c", "basic"), ("d", "pro"), ("e", "pro"), ("f", "pro")):
        at = "2026-06-03" if name == "f" else "2026-05-10"
        feed.add("subscription.started", at, customer_id=name, subscription_id=name, mrr=100, currency="EUR",
                 traits={"plan": plan})  # fmt: skip
    for name in "abdf":
        feed.add("subscription.cancelled", "2026-06-08", subscription_id=name)
    feed.add("subscription.resumed", "2026-06-12", subscription_id="b")


def other_plan(feed: Feed) -> None:
    """Who left is on pro now, and was by today's values when it left."""
    feed.add("customer.updated", "2026-06-15", customer_id="a", traits={"plan": "pro"})


def lifetime(feed: Feed) -> None:
    """20 customers of 100; of 20 one leaves in a month, and one comes for it. Margin 1."""
    for number in range(20):
        feed.add("subscription.started", "2025-11-10", customer_id=f"c{number}", subscription_id=f"s{number}",
                 mrr=10_000, currency="EUR")  # fmt: skip
    for month in range(6):
        at = ms(f"{2025 + (month + 11) // 12}-{(month + 11) % 12 + 1:02}-15")
        feed.add("subscription.cancelled", at, subscription_id=f"s{month}")
        feed.add("subscription.started", at + MINUTE, customer_id=f"n{month}", subscription_id=f"n{month}",
                 mrr=10_000, currency="EUR")  # fmt: skip


def nobody_leaves(feed: Feed) -> None:
    """2 customers of 100 since March."""
    for number in range(2):
        feed.add("subscription.started", "2026-03-10", customer_id=f"c{number}", subscription_id=f"s{number}",
                 mrr=10_000, currency="EUR")  # fmt: skip


MOVED: Final = {
    "net_new_mrr": "4000.00", "mrr_new": "6000.00", "mrr_expansion": "3000.00", "mrr_reactivation": "1000.00",
    "mrr_contraction": "2000.00", "mrr_churn": "4000.00", "quick_ratio": 10 / 6, "mrr": "32000.00", "arr": "384000.00",
    "average_revenue_per_account": "6400.00", "gross_revenue_retention": 22 / 28, "net_revenue_retention": 26 / 28,
}  # fmt: skip
RENEWED: Final = {
    "renewal_rate": 7 / 9, "renewal_rate_of_due": 0.7, "renewal_rate_gross": 0.68, "renewal_rate_net": 0.78,
    "renewal_rate_gross_closed": 68 / 90,
}  # fmt: skip
KEPT: Final = {f"[cohort=2026-01+{later}]": value for later, value in enumerate((1.0, 0.8, 0.6, 0.6))}
REVENUE_EXAMPLES: Final[dict[str, list[Stage]]] = {
    "recurring revenue": [
        Stage(movements, "month", "2026-06-20", MOVED),
        Stage(chained, "month", "2026-06-20", MOVED),
    ],
    "revenue retention": [
        Stage(kept_revenue, "month", "2026-06-20",
              {"gross_revenue_retention": 0.7, "net_revenue_retention": 1.4, "net_revenue_retention.n": 1}),
        Stage(lambda feed: None, "last_month", "2026-06-20",
              {"gross_revenue_retention": 10 / 15, "net_revenue_retention": 10 / 15}),
        Stage(lambda feed: None, "quarter", "2026-06-20", {"gross_revenue_retention": None}),
    ],
    "one of two subscriptions": [
        Stage(second_of_two, "month", "2026-06-20",
              {"mrr_contraction": "1000.00", "mrr_churn": "0.00", "average_revenue_per_account": "1000.00",
               "average_revenue_per_account.n": 1}),
    ],
    "cancellations taken back": [
        Stage(taken_back, "month", "2026-06-22", {"mrr": "230.00", "mrr_churn": "0.00"}),
        Stage(lambda feed: None, "month", "2026-06-30",
              {"mrr": "180.00", "mrr_expansion": "30.00", "mrr_churn": "100.00", "mrr_reactivation": "50.00",
               "churned_customers": 1, "churned_customers_events": 2}),
    ],
    "another plan in the next month": [
        Stage(over_month_end, "last_month", "2026-06-20", {"net_new_mrr": "-50.00", "mrr": "0.00"}),
        Stage(lambda feed: None, "month", "2026-06-20",
              {"net_new_mrr": "80.00", "mrr_reactivation": "80.00", "mrr": "80.00"}),
    ],
    "another plan within the month": [
        Stage(over_month_end, "last_month", "2026-06-20",
              {"net_new_mrr": "30.00", "mrr_expansion": "30.00", "mrr_churn": "0.00", "mrr": "80.00"}),
    ],
    "dates without a time": [
        Stage(by_date, "last_month", "2026-06-20", {"closed_won_deals": 1, "mrr": "0.00", "net_new_mrr": "0.00"}),
        Stage(lambda feed: None, "month", "2026-06-20",
              {"closed_won_deals": 1, "renewal_rate_of_due": 1.0, "renewal_rate_of_due.n": 2,
               "mrr_new": "50.00"}),
    ],
    "subscriptions in two currencies": [
        Stage(two_currencies, "month", "2026-06-20",
              {"mrr_contraction": "200.00", "mrr_expansion": "0.00", "net_new_mrr": "-200.00", "mrr": "800.00"}),
        Stage(better_rate, "month", "2026-06-20",
              {"mrr_contraction": "0.00", "mrr_expansion": "250.00", "net_new_mrr": "250.00", "mrr": "1250.00"}),
    ],
    "subscriptions in two currencies over a holiday": [
        Stage(holiday, "month", "2026-06-25",
              {"mrr_contraction": "200.00", "mrr_expansion": "0.00", "net_new_mrr": "-200.00", "mrr": "800.00"}),
        Stage(corrected_before_holiday, "month", "2026-06-25",
              {"mrr_contraction": "0.00", "mrr_expansion": "250.00", "net_new_mrr": "250.00", "mrr": "1250.00"}),
    ],
    "churn by plan": [
        Stage(by_plan, "month", "2026-06-20",
              {"customer_churn_rate": 0.4, "customer_churn_rate[plan=basic]": 1 / 3,
               "customer_churn_rate[plan=pro]": 0.5,
               "customer_retention_rate[plan=basic]": 2 / 3, "churned_customers[plan=basic]": 1,
               "churned_customers_events[plan=basic]": 2, "customer_churn_rate_baremetrics[plan=pro]": 1.0,
               "customer_churn_rate_stripe[plan=pro]": 2 / 3}),
        Stage(other_plan, "quarter", "2026-06-20", {"churned_customers": 0, "churned_customers_events[plan=pro]": 3}),
        Stage(lambda feed: None, "month", "2026-06-20",
              {"customer_churn_rate[plan=basic]": 0.0, "customer_churn_rate[plan=pro]": 2 / 3,
               "customer_retention_rate[plan=pro].n": 3}),
    ],
    "cohorts": [Stage(cohort, "all", "2026-04-20", {f"cohort_retention{key}": value for key, value in KEPT.items()})],
    "cohorts by contract": [
        Stage(subscribers, "all", "2026-04-20", {f"cohort_retention{key}": value for key, value in KEPT.items()}),
    ],
    "renewals": [Stage(renewals, "month", "2026-06-20", {**RENEWED, "renewal_rate.open": 1})],
    "lifetime value by churn": [
        Stage(lifetime, "month", "2026-06-10", {"customer_lifetime_value_simple": "2000.00", "mrr": "2000.00"}),
    ],
    "lifetime value without churn": [
        Stage(nobody_leaves, "month", "2026-06-10",
              {"customer_lifetime_value_simple": None, "customer_lifetime_value_simple.status": "no_data"}),
    ],
}  # fmt: skip
