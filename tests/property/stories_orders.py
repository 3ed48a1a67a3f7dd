"""Examples of how much and how often customers order, as stories in stages with the results they state."""

from typing import Any, Final

from tests.feed import Feed
from tests.property.example_stories import HELSINKI, Stage


def order(feed: Feed, name: str, at: str | int, amount: int = 1_000, currency: str = "EUR", **said: Any) -> None:
    """An order, in hundredths."""
    feed.add("order.completed", at, order_id=name, amount=amount, currency=currency, **said)


def baskets(feed: Feed) -> None:
    """100 with 20 back, 160, a free one; one is cancelled, one paid back, one of May."""
    for name, day, amount in (("a", "02", 10_000), ("free", "04", 0), ("off", "05", 50_000), ("back", "06", 9_000)):
        order(feed, name, f"2026-06-{day}", amount, customer_id=f"c-{name}")
    order(feed, "b", "2026-06-03", 16_000, customer_id="c-a")
    order(feed, "may", "2026-05-31", 70_000, customer_id="c-may")
    feed.add("order.refunded", "2026-06-09", order_id="a", amount=2_000, currency="EUR")
    feed.add("order.refunded", "2026-06-09", order_id="back", amount=9_000, currency="EUR")
    feed.add("order.cancelled", "2026-06-09", order_id="off")


def dollars(feed: Feed) -> None:
    """200 dollars on a day without a rate: in neither side."""
    order(feed, "dollars", "2026-06-12", 20_000, "USD", customer_id="c-usd")


def rate(feed: Feed) -> None:
    """Then there is one: they were 100."""
    feed.add("fx.rate_set", "2026-06-12T12:00:00Z", base="EUR", quote="USD", rate="2")


def comes_back(feed: Feed) -> None:
    """In Helsinki: after 10 days, then at 23:30 and past midnight, twice the same day; another after 40 days."""
    for name, at in (("a", "2026-05-29T08:00:00Z"), ("b", "2026-06-08T20:30:00Z"), ("c", "2026-06-08T21:10:00Z"),
                     ("d", "2026-06-09T08:00:00Z")):  # fmt: skip
        order(feed, name, at, customer_id="often")
    order(feed, "e", "2026-05-01", customer_id="rare")
    order(feed, "f", "2026-06-10", customer_id="rare")
    order(feed, "g", "2026-06-11", customer_id="once")


def one_paid_back(feed: Feed) -> None:
    """The order before midnight never was: it is 11 days to the next."""
    feed.add("order.refunded", "2026-06-12", order_id="b", amount=1_000, currency="EUR")


def buyers(feed: Feed) -> None:
    """Of five in June one bought in May and one twice in a minute; two were paid back one of their two."""
    for name, day, who in (("a", "05-20", "old"), ("b", "06-02", "old"), ("c", "06-03", "twice"),
                           ("d", "06-03", "twice"),
                           ("e", "06-04", "once"), ("f", "05-21", "back"), ("g", "06-05", "back"),
                           ("h", "06-06", "two"),
                           ("i", "06-07", "two")):  # fmt: skip
        order(feed, name, f"2026-{day}", customer_id=who)
    for name in "fi":
        feed.add("order.refunded", "2026-06-08", order_id=name, amount=1_000, currency="EUR")
    feed.add("customer.created", "2026-06-01", customer_id="looks")


def bought_before(feed: Feed) -> None:
    """An order of May is told late: the one of June was the second; a prospect's first two come."""
    order(feed, "late", "2026-05-30", customer_id="once")
    order(feed, "j", "2026-06-18", customer_id="looks")
    order(feed, "k", "2026-06-19", customer_id="looks")


def retail(feed: Feed) -> None:
    """A shop's export that begins in June: 41 customers return what they bought before, 3 take free samples, 2 buy."""
    for number in range(41):
        back: dict[str, Any] = {"order_id": f"before-{number}", "customer_id": f"back-{number}"}
        feed.add("order.refunded", "2026-06-02", amount=5_000, currency="EUR", **back)
    for number in range(3):
        order(feed, f"free-{number}", "2026-06-03", 0, customer_id=f"sample-{number}")
    order(feed, "a", "2026-06-04", 15_000, customer_id="c-1")
    order(feed, "b", "2026-06-05", 5_000, customer_id="c-2")


def an_earlier_purchase_is_imported(feed: Feed) -> None:
    """One of May for 80, of which 50 came back in June."""
    order(feed, "before-0", "2026-05-20", 8_000, customer_id="back-0")


ORDER_EXAMPLES: Final[dict[str, list[Stage]]] = {
    "a shop's export": [
        Stage(retail, "month", "2026-06-20",
              {"orders": 5, "net_revenue": "200.00", "new_customers": 5, "revenue_adjustments": "0.00"}),
        Stage(an_earlier_purchase_is_imported, "month", "2026-06-20",
              {"orders": 5, "net_revenue": "200.00", "new_customers": 5, "revenue_adjustments": "-50.00"}),
    ],
    "order value": [
        Stage(baskets, "month", "2026-06-20",
              {"average_order_value": "80.00", "average_order_value.n": 3, "average_order_value.numerator": "240.00"}),
        Stage(dollars, "month", "2026-06-20",
              {"average_order_value": "80.00", "average_order_value.n": 3, "average_order_value.unpriced": 1,
               "average_order_value.status": "partial"}),
        Stage(rate, "month", "2026-06-20", {"average_order_value": "85.00", "average_order_value.denominator": 4}),
    ],
    "order intervals": [
        Stage(comes_back, "month", "2026-06-20",
              {"days_between_orders": 5.5, "days_between_orders.n": 4, "days_between_orders_mean": 12.75}),
        Stage(one_paid_back, "month", "2026-06-20",
              {"days_between_orders": 11.0, "days_between_orders_mean": 17.0,
               "days_between_orders_mean.n": 3}),
    ],
    "repeat purchases": [
        Stage(buyers, "month", "2026-06-20",
              {"repeat_purchase_rate": 0.4, "repeat_purchase_rate.n": 5, "repeat_purchase_rate_cohort": 0.2}),
        Stage(bought_before, "month", "2026-06-20",
              {"repeat_purchase_rate": 4 / 6, "repeat_purchase_rate_cohort": 0.5, "repeat_purchase_rate_cohort.n": 4}),
        Stage(lambda feed: None, "last_month", "2026-06-20",
              {"repeat_purchase_rate": 0.0, "repeat_purchase_rate.n": 2, "repeat_purchase_rate_cohort": 1.0}),
    ],
}  # fmt: skip
ORDER_SETTINGS: Final = {"order intervals": HELSINKI}
