"""Examples of how much and how often customers order, as stories in stages with the results they state."""

from typing import Any, Final

from tests.feed import Feed
from tests.property.example_stories import Stage


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


ORDER_EXAMPLES: Final[dict[str, list[Stage]]] = {
    "order value": [
        Stage(baskets, "month", "2026-06-20",
              {"average_order_value": "80.00", "average_order_value.n": 3, "average_order_value.numerator": "240.00"}),
        Stage(dollars, "month", "2026-06-20",
              {"average_order_value": "80.00", "average_order_value.n": 3, "average_order_value.unpriced": 1,
               "average_order_value.status": "partial"}),
        Stage(rate, "month", "2026-06-20", {"average_order_value": "85.00", "average_order_value.denominator": 4}),
    ],
}  # fmt: skip
