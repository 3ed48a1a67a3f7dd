"""Edges of recurring revenue and renewals."""

from fractions import Fraction
from itertools import permutations

import pytest

from kpis.calendar.zone import zone
from kpis.cells.deltas import Delta
from kpis.facts.customers import subscription_event
from kpis.facts.mrr import Recurring, read_plans
from kpis.facts.prices import Prices, SubscriptionEvent
from kpis.facts.renewals import read_dues, renewal_deltas, renewal_event
from recount.windows import DAY, MINUTE
from tests.feed import Feed

UTC = zone("UTC")


def worth(currency: str, day: int) -> Fraction | None:
    """Euros have a rate, nothing else has."""
    return Fraction(1, 100) if currency == "EUR" else None


def moved(*said: tuple[str, int, str, int, str]) -> list[tuple[str, int, int]]:
    """Deltas of movements of (subscription, time, kind, mrr, currency), as (measure, time, change)."""
    events: dict[str, list[SubscriptionEvent]] = {}
    for number, (name, time, kind, mrr, currency) in enumerate(said):
        data = {"mrr": mrr, "currency": currency} if kind in ("started", "changed") else {}
        events.setdefault(name, []).append(subscription_event(time, kind, "/", f"{number}", data))
    plans = read_plans(((name, Prices(told)) for name, told in events.items()), UTC)
    parts = Recurring("EUR", worth, UTC).go_on(plans).parts().values()
    deltas = [delta for part in parts for delta in part if delta.measure.startswith("mrr_")]
    return sorted((delta.measure, delta.instant, delta.amount) for delta in deltas)


def test_changes_an_hour_apart_are_one_and_a_moment_more_makes_two() -> None:
    """The chain goes on from its latest change, not from its first."""
    hour = 60 * MINUTE
    first = ("a", 0, "started", 500, "EUR")
    one = moved(first, ("a", hour, "changed", 700, "EUR"), ("a", 2 * hour, "changed", 600, "EUR"))
    assert one == [("mrr_new#", 2 * hour, 1), ("mrr_new:EUR", 2 * hour, 600)]
    two = moved(first, ("a", hour + 1, "changed", 700, "EUR"))
    assert two == [
        ("mrr_expansion#", hour + 1, 1), ("mrr_expansion:EUR", hour + 1, 200),
        ("mrr_new#", 0, 1), ("mrr_new:EUR", 0, 500),
    ]  # fmt: skip


def test_what_comes_to_nothing_within_the_hour_never_was() -> None:
    """The next beginning is new, as no total was ever seen."""
    tried = (("a", 0, "started", 500, "EUR"), ("a", MINUTE, "cancelled", 0, ""))
    assert moved(*tried) == []
    assert moved(*tried, ("a", DAY, "resumed", 0, ""))[0] == ("mrr_new#", DAY, 1)


@pytest.mark.parametrize(
    ("told", "in_force", "verb", "stays"),
    [
        (5, 5, "resumed", True),
        (5, 9, "resumed", True),
        (5, 11, "resumed", False),
        (3, 3, "resumed", False),
        (12, 9, "resumed", True),
        (5, 5, "changed", True),
    ],
)
def test_a_cancellation_is_taken_back_by_a_later_word_in_force_before_it(
    told: int, in_force: int, verb: str, stays: bool
) -> None:
    """Said on the fourth for the tenth; in whichever order the two are heard."""
    price = {"mrr": 500, "currency": "EUR"}
    events = [
        subscription_event(DAY, "started", "/", "1", price),
        subscription_event(told * DAY, verb, "/", "2", {**price, "effective_at": in_force * DAY}),
        subscription_event(4 * DAY, "cancelled", "/", "3", {"effective_at": 10 * DAY}),
    ]
    for heard in permutations(events):
        assert (Prices(list(heard)).paying()[0][1] > 10 * DAY) is stays


def test_a_price_of_nothing_takes_no_cancellation_back() -> None:
    """A plan that was agreed on before the cancellation ends with it."""
    events = [
        subscription_event(DAY, "started", "/", "1", {"mrr": 500, "currency": "EUR"}),
        subscription_event(3 * DAY, "changed", "/", "2", {"mrr": 900, "currency": "EUR", "effective_at": 8 * DAY}),
        subscription_event(4 * DAY, "cancelled", "/", "3", {"effective_at": 10 * DAY}),
        subscription_event(5 * DAY, "changed", "/", "4", {"mrr": 0, "currency": "EUR"}),
    ]
    assert Prices(events).paying() == [(DAY, 5 * DAY), (8 * DAY, 10 * DAY)]


def test_a_subscription_without_a_rate_is_counted_and_makes_its_customer_a_payer() -> None:
    """Beside it the first priced one is no new business; alone it is a movement without money."""
    assert moved(("a", 0, "started", 500, "USD")) == [("mrr_new#:", 0, 1)]
    both = moved(("a", 0, "started", 500, "USD"), ("b", DAY, "started", 500, "EUR"), ("a", 2 * DAY, "paused", 0, ""))
    assert both == [
        ("mrr_contraction#:", 2 * DAY, 1), ("mrr_expansion#", DAY, 1), ("mrr_expansion:EUR", DAY, 500),
        ("mrr_new#:", 0, 1),
    ]  # fmt: skip


def test_an_outcome_finds_its_due() -> None:
    """One that names its due comes before those that do not; of two equally near the earlier; a third finds none."""
    events = [
        renewal_event(0, "due", "/", "1", {"due_at": 10 * DAY, "amount": 100, "currency": "EUR"}),
        renewal_event(0, "due", "/", "2", {"due_at": 20 * DAY, "amount": 100, "currency": "EUR"}),
        renewal_event(0, "due", "/", "3", {"due_at": 30 * DAY, "amount": 100, "currency": "EUR"}),
        renewal_event(15 * DAY, "completed", "/", "4", {}),
        renewal_event(16 * DAY, "lost", "/", "5", {"due_at": 30 * DAY}),
        renewal_event(29 * DAY, "completed", "/", "6", {}),
        renewal_event(31 * DAY, "completed", "/", "7", {}),
        renewal_event(32 * DAY, "lost", "/", "8", {"due_at": 31 * DAY}),
    ]
    dues, orphans = read_dues(events)
    assert [(due.at // DAY, due.state, due.outcome.id if due.outcome else None) for due in dues] == [
        (10, "completed", "4"), (20, "completed", "6"), (30, "lost", "5"),
    ]  # fmt: skip
    assert sorted(orphans) == [31 * DAY, 32 * DAY]


def test_a_renewal_in_another_currency_without_a_rate_is_left_out_on_both_sides() -> None:
    """Its due is counted, without money."""
    events = [
        renewal_event(0, "due", "/", "1", {"due_at": DAY, "amount": 100, "currency": "EUR"}),
        renewal_event(0, "completed", "/", "2", {"due_at": DAY, "amount": 100, "currency": "USD"}),
    ]
    assert list(renewal_deltas(events, UTC, worth)) == [
        Delta("renewal_due", DAY, 1), Delta("renewal_completed", DAY, 1),
        Delta("renewal_target#:", DAY, 1), Delta("renewal_target_closed#:", DAY, 1),
    ]  # fmt: skip


def test_without_churn_there_is_a_bound() -> None:
    """Two customers of 100 at the start of April and of May: had one left of the four, it would be 400."""
    feed = Feed()
    for number in range(2):
        feed.add("subscription.started", "2026-03-10", customer_id=f"c{number}", subscription_id=f"s{number}",
                 mrr=10_000, currency="EUR")  # fmt: skip
    found = feed.get("customer_lifetime_value_simple", "month", "2026-06-10")
    assert (found["value"], found["bound"], found["status"]) == (None, "400.00", "no_data")
