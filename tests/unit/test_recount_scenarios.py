"""The recount gives the stated results of the live scenarios."""

import pytest

from models.settings import TenantSettings
from recount.windows import MINUTE
from tests.feed import Feed, closed, ms

HELSINKI = TenantSettings(tz="Europe/Helsinki")


def test_scenario_1_the_first_copy_of_an_order_stays() -> None:
    """Three copies and one with another amount: one order, two duplicates, one conflict."""
    feed = Feed()
    for amount in (1000, 1000, 1000, 9000):
        feed.add("order.completed", "2026-06-10", key="o", order_id="o", amount=amount, currency="EUR")

    kpis = ["orders", "net_revenue", "duplicate_rate", "conflict_rate"]

    assert list(feed.values(kpis, "month", "2026-06-20").values()) == [1, "10.00", 0.5, 0.25]


def test_scenario_2_a_late_order_restates_its_own_day() -> None:
    """An order of 23:50 on day D arrives on D+2."""
    feed = Feed()
    for number in range(5):
        heard = "2026-06-12T10:00:00Z" if number == 4 else None
        feed.add(
            "order.completed", "2026-06-10T23:50:00Z", received=heard,
            order_id=f"o{number}", customer_id="c", amount=100, currency="EUR",
        )  # fmt: skip

    day = feed.get("orders", "yesterday", "2026-06-11T12:00:00Z")
    after = feed.get("orders", "yesterday", "2026-06-13T12:00:00Z")

    assert (day["value"], day["late_revised"], day["state"]) == (5, 1, "corrected")
    assert (after["value"], after["late_revised"], after["state"]) == (0, 0, "final")


def test_scenario_3_a_merge_and_its_undoing_move_visitors() -> None:
    """10 visitors and a lead; two visitors turn out to be one; then they do not."""
    feed = Feed()
    feed.add("lead.created", "2026-06-02", lead_id="l")
    for number in range(9):
        feed.add("page.viewed", "2026-06-02", anonymous_id=f"v{number}", url="/")
    feed.add("page.viewed", "2026-06-02", user_id="u", url="/")
    seen = []
    for verb in ("identified", "unmerged"):
        seen.append(feed.get("traffic_to_lead_rate", "month", "2026-06-20")["value"])
        feed.add(f"identity.{verb}", f"2026-06-{10 + len(seen)}", anonymous_id="v0", user_id="u")
    seen.append(feed.get("traffic_to_lead_rate", "month", "2026-06-20")["value"])

    assert seen == [1 / 10, 1 / 9, 1 / 10]


def test_scenario_4_a_reopened_deal_leaves_its_month() -> None:
    """May: 3 won, 2 lost; one reopened in June and won again there."""
    feed = Feed()
    closed(feed, 3, 2, "2026-05-20", 100)
    assert feed.get("win_rate", "last_month", "2026-06-20")["value"] == 0.6

    feed.add("deal.reopened", "2026-06-03", deal_id="2026-05-20-0")
    feed.add("deal.won", "2026-06-10", deal_id="2026-05-20-0")

    assert feed.get("win_rate", "last_month", "2026-06-20")["value"] == 0.5
    assert feed.get("win_rate", "month", "2026-06-20")["value"] == 1.0


def test_scenario_5_a_refund_restates_the_month_of_the_order() -> None:
    """An order of May is refunded in July."""
    feed = Feed()
    for order_id, amount in (("a", 12000), ("b", 5000)):
        feed.add("order.completed", "2026-05-10", order_id=order_id, amount=amount, tax=1000, currency="EUR")
    feed.add("order.refunded", "2026-07-02", order_id="a", amount=12000, currency="EUR")

    hidden = feed.get("net_revenue", "last_month", "2026-06-20", hide=True)
    known = feed.get("net_revenue", "last_month", "2026-06-20")

    assert (hidden["value"], hidden["n"]) == ("150.00", 2)
    assert (known["value"], known["n"]) == ("40.00", 1)
    assert feed.get("orders", "last_month", "2026-06-20")["value"] == 1


def test_scenario_6_who_returns_inside_the_window_did_not_churn() -> None:
    """100 at start; one leaves on day 5 and returns on day 20."""
    feed = Feed()
    for number in range(100):
        feed.add("customer.created", "2026-05-15", customer_id=f"c{number}")
    feed.add("customer.churned", "2026-06-05", customer_id="c0")
    feed.add("customer.reactivated", "2026-06-20", customer_id="c0")

    kpis = ["customer_churn_rate", "churned_customers_events", "customer_churn_rate_stripe", "reactivations"]

    assert list(feed.values(kpis, "month", "2026-07-01").values()) == [0.0, 1, 0.01, 1]


@pytest.mark.parametrize(
    ("last", "next_day"), [("2026-03-29T20:59:59Z", "2026-03-29T21:00:00Z"),
                           ("2026-10-25T21:59:59Z", "2026-10-25T22:00:00Z")],
)  # fmt: skip
def test_scenario_7_days_of_a_clock_change(last: str, next_day: str) -> None:
    """The last second of a 23- or 25-hour day and the first of the next."""
    feed = Feed()
    for name, at in (("a", last), ("b", next_day)):
        feed.add("order.completed", at, order_id=name, amount=100, currency="EUR")
    noon = ms(next_day) + 12 * 60 * MINUTE

    before = feed.get("orders", "yesterday", noon, settings=HELSINKI)
    today = feed.get("orders", "today", noon, settings=HELSINKI)

    assert (before["value"], today["value"]) == (1, 1)
    assert (ms(before["end"]) - ms(before["start"])) / (60 * MINUTE) == (23 if last < "2026-06" else 25)


def test_scenario_8_a_late_older_version_changes_nothing() -> None:
    """Version 3 is won; version 2 arrives later, dated later."""
    feed = Feed()
    feed.add("deal.created", "2026-06-01", deal_id="d")
    feed.add("deal.won", "2026-06-10", deal_id="d", version=3)
    feed.add("deal.stage_changed", "2026-06-12", deal_id="d", version=2, to_stage="proposal")

    assert feed.get("win_rate", "month", "2026-06-20")["numerator"] == 1


def test_scenario_10_money_is_priced_at_the_closing_day() -> None:
    """1,000 USD at 1.25 is 800 EUR for ever; a deal without a rate is counted, not priced."""
    feed = Feed()
    feed.add("fx.rate_set", "2026-06-10T12:00:00Z", base="EUR", quote="USD", rate="1.25")
    feed.add("fx.rate_set", "2026-06-11T12:00:00Z", base="EUR", quote="USD", rate="1.00")
    feed.add("deal.won", "2026-06-10", deal_id="a", amount=100_000, currency="USD")
    assert feed.get("closed_won_value", "month", "2026-06-20")["value"] == "800.00"

    feed.add("deal.won", "2026-06-19", deal_id="b", amount=100_000, currency="USD")
    document = feed.get("closed_won_value", "month", "2026-06-20")

    assert (document["value"], document["unpriced"], document["status"]) == ("800.00", 1, "partial")
    assert feed.get("closed_won_deals", "month", "2026-06-20")["value"] == 2
