"""Examples of what customers spend, with the results they state."""

from typing import Any, Final

from models.settings import TenantSettings
from recount.windows import MINUTE
from tests.feed import Feed
from tests.property.example_stories import JUNE, Stage

FROM_DEALS: Final = TenantSettings(revenue_from="deals")
FROM_BOTH: Final = TenantSettings(revenue_from="both")


def order(feed: Feed, name: str, customer: str, at: str | int, amount: int) -> None:
    """An order of a customer, in cents."""
    feed.add("order.completed", at, order_id=name, customer_id=customer, amount=amount, currency="EUR")


def refund(feed: Feed, name: str, at: str | int, amount: int) -> None:
    """Money back; only the order is named."""
    feed.add("order.refunded", at, order_id=name, amount=amount, currency="EUR")


def three_payments(feed: Feed) -> None:
    """120 + 80 − 30."""
    order(feed, "a", "c", "2026-06-02", 12_000)
    order(feed, "b", "c", "2026-06-09", 8_000)
    refund(feed, "b", "2026-06-12", 3_000)


def a_prospect_becomes_a_customer(feed: Feed) -> None:
    """One more customer, who has bought nothing."""
    feed.add("customer.created", "2026-06-15", customer_id="d")


def transactions(feed: Feed) -> None:
    """150 orders of 96 buyers, 6 of them paid back whole; 400 customers."""
    for number in range(400):
        feed.add("customer.created", JUNE + number, customer_id=f"c{number}")
    for number in range(150):
        order(feed, f"o{number}", f"c{number % 96}", JUNE + number * MINUTE, 1_000)
    for number in range(96, 102):
        refund(feed, f"o{number}", JUNE + 600 * MINUTE, 1_000)


def plans(feed: Feed) -> None:
    """4 k and 2 k of new subscribers, one after a trial; 3 k more from an old one."""
    about: dict[str, Any] = {"currency": "EUR"}
    feed.add("subscription.started", "2026-02-01", customer_id="o", subscription_id="so", mrr=500_000, **about)
    feed.add("subscription.changed", "2026-06-05", subscription_id="so", mrr=800_000, **about)
    feed.add("subscription.started", "2026-06-05", customer_id="a", subscription_id="sa", mrr=400_000, **about)
    feed.add("subscription.started", "2026-05-20", customer_id="b", subscription_id="sb", mrr=0, **about)
    feed.add("subscription.changed", "2026-06-03", subscription_id="sb", mrr=200_000, **about)


def orders_and_deals(feed: Feed) -> None:
    """One customer's deal of 5,000 and later one of 9,000, and an order of 70 between them."""
    for name, day, amount in (("d", "2026-06-03", 500_000), ("e", "2026-06-10", 900_000)):
        feed.add("deal.won", day, customer_id="c", deal_id=name, amount=amount, currency="EUR")
    order(feed, "o", "c", "2026-06-05", 7_000)


def orders_of_may(feed: Feed) -> None:
    """120 and 50 of one customer."""
    order(feed, "a", "c", "2026-05-10", 12_000)
    order(feed, "b", "c", "2026-05-11", 5_000)


def refund_in_july(feed: Feed) -> None:
    """The 120 are paid back."""
    refund(feed, "a", "2026-07-02", 12_000)


def cancelled(feed: Feed) -> None:
    """Of the 50, ten are paid back, then the order is cancelled, twice."""
    refund(feed, "b", "2026-07-03", 1_000)
    feed.add("order.cancelled", "2026-07-05", order_id="b")
    feed.add("order.cancelled", "2026-07-06", order_id="b")


def refunds_of_half(feed: Feed) -> None:
    """Of 240 with 40 tax, 60 with 10 tax are paid back; of 100 with 9 tax, 50 by somebody who names no tax."""
    about: dict[str, Any] = {"currency": "EUR"}
    feed.add("order.completed", "2026-06-02", order_id="a", customer_id="c", amount=24_000, tax=4_000, **about)
    feed.add("order.refunded", "2026-06-12", order_id="a", amount=6_000, tax=1_000, **about)
    feed.add("order.completed", "2026-06-03", order_id="b", customer_id="d", amount=10_000, tax=900, **about)
    feed.add("order.refunded", "2026-06-13", order_id="b", amount=5_000, **about)


def told_by_two(feed: Feed) -> None:
    """The shop and the bank tell of the same refund, the bank in July; of another the bank says more than the shop."""
    order(feed, "a", "c", "2026-06-02", 10_000)
    for source, day in (("shop", "2026-06-30T23:59:00Z"), ("bank", "2026-07-01T08:00:00Z")):
        feed.add("order.refunded", day, key=source, order_id="a", amount=3_000, currency="EUR", refund_id="re_1")
    feed.add("order.refunded", "2026-07-02", order_id="a", amount=1_000, currency="EUR", refund_id="re_2")
    feed.add("order.refunded", "2026-07-03", order_id="a", amount=2_500, currency="EUR", refund_id="re_2")


def back_before_the_sale(feed: Feed) -> None:
    """A return is told before the purchase, and twice under two ids: 80 were paid, 80 can be paid back."""
    refund(feed, "a", "2026-05-31", 5_000)
    order(feed, "a", "c", "2026-06-02", 8_000)
    refund(feed, "a", "2026-06-04", 5_000)
    refund(feed, "a", "2026-06-05", 1_000)


def cancelled_after_that(feed: Feed) -> None:
    """There is nothing left to take back."""
    feed.add("order.cancelled", "2026-06-08", order_id="a")


def free(feed: Feed) -> None:
    """Samples: an order of nothing is an order, whatever a shop says of money back; a cancelled one is none."""
    for name in ("a", "b", "c"):
        order(feed, name, f"c-{name}", "2026-06-02", 0)
    refund(feed, "b", "2026-06-03", 0)
    refund(feed, "b", "2026-06-04", 500)
    feed.add("order.cancelled", "2026-06-05", order_id="c")


def parts_of_cents(feed: Feed) -> None:
    """Two customers for 300 clicks of 0.0045, a third of them in dollars, and one of a cent over three days."""
    feed.add("fx.rate_set", "2026-06-05", base="USD", quote="EUR", rate="0.8")
    for number in range(300):
        feed.add("cost.recorded", "2026-06-05", cost_id=f"k{number}", purpose="acquisition", amount=4_500_000,
                 currency="EUR9" if number % 3 else "USD9")  # fmt: skip
    feed.add("cost.recorded", "2026-06-05", cost_id="spread", purpose="acquisition", amount=1, currency="EUR",
             period_start="2026-06-01", period_end="2026-06-03")  # fmt: skip
    for name in ("a", "b"):
        feed.add("customer.created", "2026-06-06", customer_id=name)


def a_twelfth(feed: Feed) -> None:
    """8.331333333 with 1.333333333 tax; 3.33 and then five millionths are paid back. Three plans of 100 a year."""
    about: dict[str, Any] = {"customer_id": "c", "currency": "EUR9"}
    feed.add("order.completed", "2026-06-02", order_id="a", amount=8_331_333_333, tax=1_333_333_333, **about)
    refund(feed, "a", "2026-06-03", 333)
    feed.add("order.refunded", "2026-06-04", order_id="a", amount=5_000, currency="EUR9")
    for name in ("s", "t", "u"):
        feed.add("subscription.started", "2026-06-05", subscription_id=name, mrr=8_333_333_333, **about)


def paid_back_in_parts(feed: Feed) -> None:
    """Twice what was left."""
    feed.add("order.refunded", "2026-06-05", order_id="a", amount=5_000_000_000, currency="EUR9")
    refund(feed, "a", "2026-06-06", 501)


def keeping(feed: Feed) -> None:
    """10,000 of June for the 500 who stay, and a little in May; 20 come, 20 others go; costs of other purposes."""
    for number in range(540):
        began, ended = ("2026-06-10", None) if number < 20 else ("2026-01-10", "2026-06-15" if number < 40 else None)
        plan = f"s{number}"
        feed.add("subscription.started", began, customer_id=f"c{number}", subscription_id=plan, mrr=100, currency="EUR")
        if ended:
            feed.add("subscription.cancelled", ended, subscription_id=plan)
    costs = (("a", "retention", 1_000_000, "2026-06-01", "2026-06-10"), ("b", "acquisition", 9_000, "2026-06-01", None),
             ("c", "other", 7_000, "2026-06-02", None), ("d", "retention", 31, "2026-05-01", "2026-05-31"))  # fmt: skip
    for name, purpose, amount, start, end in costs:
        period: dict[str, Any] = {"period_start": start} | ({"period_end": end} if end else {})
        feed.add("cost.recorded", "2026-06-12", cost_id=name, purpose=purpose, amount=amount, currency="EUR", **period)


def nothing(feed: Feed) -> None:
    """Time goes by."""


MAY: Final = {"net_revenue": "170.00", "orders": 2, "transactions_per_customer": 2.0, "new_business_revenue": "120.00"}
MAY_LATER: Final = {
    "net_revenue": "50.00", "orders": 1, "transactions_per_customer": 1.0, "new_business_revenue": "50.00",
    "customer_lifetime_value": "50.00",
}  # fmt: skip


def guests(feed: Feed) -> None:
    """One customer and two guests buy."""
    order(feed, "a", "c", "2026-06-02", 10_000)
    for name, amount in (("g1", 4_000), ("g2", 1_000)):
        feed.add("order.completed", "2026-06-03", order_id=name, amount=amount, currency="EUR")


def a_guest_signs_up(feed: Feed) -> None:
    """One of them is a customer after all, as the shop tells later of the order."""
    feed.add("order.refunded", "2026-06-05", order_id="g1", customer_id="d", amount=1_000, currency="EUR")


SPENDING_EXAMPLES: Final[dict[str, list[Stage]]] = {
    "orders of guests": [
        Stage(guests, "month", "2026-06-20",
              {"orders": 3, "net_revenue": "150.00", "new_customers": 1, "active_customers": 1,
               "transactions_per_customer": 1.0, "transactions_per_customer_all": 1.0,
               "new_business_revenue": "100.00",
               "average_order_value": "50.00", "customer_lifetime_value": "100.00"}),
        Stage(a_guest_signs_up, "month", "2026-06-20",
              {"orders": 3, "new_customers": 2, "transactions_per_customer": 1.0,
               "net_revenue": "140.00", "new_business_revenue": "130.00", "customer_lifetime_value": "65.00"}),
    ],
    "lifetime value": [
        Stage(three_payments, "month", "2026-06-20",
              {"customer_lifetime_value": "170.00", "customer_lifetime_value_median.n": 1,
               "revenue_adjustments": "-30.00", "new_business_revenue": "120.00"}),
        Stage(a_prospect_becomes_a_customer, "month", "2026-06-20", {"customer_lifetime_value": "85.00"}),
    ],
    "transactions": [Stage(transactions, "month", "2026-06-20",
                           {"transactions_per_customer": 1.5, "transactions_per_customer_all": 0.36, "orders": 144})],
    "retention cost": [Stage(keeping, "month", "2026-06-20",
                             {"customer_retention_cost": "20.00", "customer_retention_cost.denominator": 500})],
    "new business": [Stage(plans, "month", "2026-06-20", {"new_business_revenue": "6000.00"})],
    "revenue from deals": [Stage(orders_and_deals, "month", "2026-06-20",
                                 {"new_business_revenue": "5000.00", "customer_lifetime_value": "14000.00"})],
    "revenue from both": [Stage(orders_and_deals, "month", "2026-06-20",
                                {"new_business_revenue": "5000.00", "customer_lifetime_value": "14070.00"})],
    "revenue from orders": [Stage(orders_and_deals, "month", "2026-06-20",
                                  {"new_business_revenue": "70.00", "customer_lifetime_value": "70.00"})],
    "refunds with tax": [Stage(refunds_of_half, "month", "2026-06-20",
                               {"net_revenue": "191.00", "orders": 2, "revenue_adjustments": "-110.00"})],
    "refunds told twice": [
        Stage(told_by_two, "last_month", "2026-07-20", {"net_revenue": "45.00", "revenue_adjustments": "0.00"}),
        Stage(nothing, "month", "2026-07-20", {"revenue_adjustments": "-55.00", "revenue_adjustments.n": 2}),
    ],
    "refunds of more than was paid": [
        Stage(back_before_the_sale, "month", "2026-06-20",
              {"net_revenue": "0.00", "orders": 0, "revenue_adjustments": "-30.00", "revenue_adjustments.n": 1}),
        Stage(cancelled_after_that, "all", "2026-06-20", {"revenue_adjustments": "-80.00"}),
    ],
    "parts of cents": [Stage(parts_of_cents, "month", "2026-06-20",
                             {"customer_acquisition_cost": "0.64", "customer_acquisition_cost.numerator": "1.27"})],
    "a twelfth of a year": [
        Stage(a_twelfth, "month", "2026-06-20",
              {"net_revenue": "3.67", "revenue_adjustments": "-3.33", "mrr": "25.00", "net_new_mrr": "25.00"}),
        Stage(paid_back_in_parts, "month", "2026-06-20",
              {"net_revenue": "0.00", "orders": 0, "revenue_adjustments": "-8.33", "revenue_adjustments.n": 4}),
    ],
    "free orders": [Stage(free, "month", "2026-06-20",
                          {"orders": 2, "net_revenue": "0.00", "new_customers": 2, "revenue_adjustments": "0.00"})],
    "scenario 5, whole": [
        Stage(orders_of_may, "last_month", "2026-06-20", MAY | {"customer_lifetime_value": "170.00"}),
        Stage(refund_in_july, "last_month", "2026-06-20", MAY_LATER),
        Stage(nothing, "month", "2026-07-20", {"revenue_adjustments": "-120.00", "net_revenue": "0.00"}),
        Stage(cancelled, "month", "2026-07-20", {"revenue_adjustments": "-170.00", "customer_lifetime_value.n": 0}),
        Stage(nothing, "all", "2026-07-20", {"net_revenue": "0.00", "new_customers": 0}),
    ],
}  # fmt: skip
SPENDING_SETTINGS: Final = {"revenue from deals": FROM_DEALS, "revenue from both": FROM_BOTH}
