"""Examples of costs, sources, attribution and time to purchase, with the results they state."""

from typing import Any, Final

from models.settings import TenantSettings
from recount.windows import DAY, MINUTE
from tests.feed import Feed
from tests.property.example_stories import JUNE, Stage


def cost(feed: Feed, name: str, amount: int, start: str, end: str, **more: Any) -> None:
    """A cost of acquisition over local days, told when they were over."""
    feed.add(
        "cost.recorded", "2026-07-01T08:00:00Z", cost_id=name, amount=amount, currency="EUR", purpose="acquisition",
        period_start=start, period_end=end, **more,
    )  # fmt: skip


def customers(feed: Feed) -> None:
    """60,000 spent in May, 40,000 in June; 45 new customers in June, and 5 who came back."""
    cost(feed, "may", 6_000_000, "2026-05-01", "2026-05-31", channel="fair")
    cost(feed, "june", 3_000_000, "2026-06-01", "2026-06-30", channel="fair")
    cost(feed, "more", 1_000_000, "2026-06-01", "2026-06-30")
    for number in range(50):
        name = f"c{number}"
        made = JUNE + number * MINUTE if number < 45 else JUNE - 200 * DAY
        feed.add("customer.created", made, customer_id=name, source="fair" if number < 30 else "web")
        if number >= 45:
            feed.add("customer.churned", JUNE - 100 * DAY, customer_id=name)
            feed.add("customer.reactivated", JUNE + DAY, customer_id=name)


def campaigns(feed: Feed) -> None:
    """20,000 spent; 10 orders of 5,000 after a click on an ad, one of 700 after nothing."""
    cost(feed, "ads", 2_000_000, "2026-06-01", "2026-06-10", channel="paid search", campaign="spring")
    cost(feed, "rent", 9_900_000, "2026-06-01", "2026-06-10")
    ad = {"source": "google", "medium": "cpc", "name": "spring"}
    for number in range(10):
        name, visitor = f"c{number}", f"v{number}"
        feed.add("page.viewed", JUNE, anonymous_id=visitor, url="https://a.example/", campaign=ad)
        feed.add("identity.identified", JUNE + DAY, anonymous_id=visitor, customer_id=name)
        paid: dict[str, Any] = {"amount": 500_000, "currency": "EUR"}
        feed.add("order.completed", JUNE + 2 * DAY, order_id=f"o{number}", customer_id=name, **paid)
    feed.add("order.completed", JUNE + 2 * DAY, order_id="o99", customer_id="c99", amount=70_000, currency="EUR")


def path(feed: Feed) -> None:
    """An order of 100 after four touches; a fifth is exactly 30 days before it, and counts no more."""
    for channel in ("first", "second", "third", "fourth"):
        cost(feed, channel, 10_000, "2026-06-01", "2026-06-10", channel=channel)
    bought = JUNE + 10 * DAY
    for days, source in ((30, "old"), (4, "first"), (3, "second"), (2, "third"), (0, "fourth")):
        feed.add("form.submitted", bought - days * DAY, customer_id="c1", form_id="f", source=source)
    feed.add("order.completed", bought, customer_id="c1", order_id="o1", amount=10_000, currency="EUR")


def sources(feed: Feed) -> None:
    """20 customers: 8 organic, 6 paid, 4 referral, 2 of whom nobody knows."""
    said = {"referrer": "https://www.google.com/"}, {"campaign": {"source": "google", "medium": "cpc"}}
    for number in range(20):
        name = f"c{number}"
        if number < 14:
            feed.add("page.viewed", JUNE, customer_id=name, url="https://a.example/", **said[number >= 8])
        elif number < 18:
            feed.add("customer.created", JUNE, customer_id=name, source="partner referral")
        feed.add("order.completed", JUNE + DAY, order_id=f"o{number}", customer_id=name, amount=1, currency="EUR")


def buyers(feed: Feed) -> None:
    """Buyers after 2, 5 and 30 days; two who have not bought after 10 and 40 days."""
    end = JUNE + 50 * DAY
    for number, days in enumerate((2, 5, 30)):
        feed.add("form.submitted", JUNE, customer_id=f"c{number}", form_id="f")
        feed.add("order.completed", JUNE + days * DAY, customer_id=f"c{number}", order_id=f"o{number}", amount=1,
                 currency="EUR")  # fmt: skip
    for days in (10, 40):
        feed.add("form.submitted", end - days * DAY, customer_id=f"w{days}", form_id="f")
    feed.add("order.completed", end - DAY, customer_id="x", order_id="x", amount=1, currency="EUR")


COSTS: Final = {"customer_acquisition_cost": "888.89", "customer_acquisition_cost_lagged": "1333.33",
                "customer_acquisition_cost[channel=fair]": "1000.00",
                "customer_acquisition_cost[channel=unknown].numerator": "10000.00",
                "customer_acquisition_cost[channel=web]": "0.00"}  # fmt: skip
MARKETING: Final = {"marketing_roi": 1.5, "return_on_ad_spend": 2.5, "marketing_roi_first": 1.5,
                    "marketing_roi[campaign=spring]": 1.5, "return_on_ad_spend_position[channel=paid search]": 2.5,
                    "customer_source_share[source=paid search]": 10 / 11}  # fmt: skip
PATH: Final = {"return_on_ad_spend_position[channel=first]": 0.4, "return_on_ad_spend[channel=first]": 0.25,
               "return_on_ad_spend_first[channel=first]": 1.0, "return_on_ad_spend_last[channel=first]": 0.0,
               "return_on_ad_spend_position[channel=second]": 0.1, "return_on_ad_spend_position[channel=third]": 0.1,
               "return_on_ad_spend_position[channel=fourth]": 0.4, "return_on_ad_spend": 0.25}  # fmt: skip
ACQUISITION_EXAMPLES: Final[dict[str, list[Stage]]] = {
    "acquisition cost": [Stage(customers, "last_month", "2026-07-10", COSTS)],
    "marketing": [Stage(campaigns, "last_month", "2026-07-10", MARKETING)],
    "marketing margin": [Stage(campaigns, "last_month", "2026-07-10", {"marketing_roi_margin": 0.5})],
    "attribution": [Stage(path, "last_month", "2026-07-10", PATH)],
    "sources": [Stage(sources, "month", "2026-06-20", {
        "customer_source_share": 1.0, "customer_source_share[source=organic search]": 0.4,
        "customer_source_share[source=paid search]": 0.3, "customer_source_share[source=partner referral]": 0.2,
        "customer_source_share[source=unknown]": 0.1,
    })],
    "time to purchase": [Stage(buyers, "all", "2026-07-21", {
        "time_to_purchase_days": 5.0, "time_to_purchase_days_mean": 37 / 3, "time_to_purchase_days_censored": 30,
    })],
}  # fmt: skip
ACQUISITION_SETTINGS: Final = {"marketing margin": TenantSettings(margin="0.6")}
