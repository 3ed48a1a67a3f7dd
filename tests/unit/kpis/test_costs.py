"""Costs: spread over local days, what does not divide on the first ones."""

from kpis.calendar.zone import zone
from kpis.facts.costs import cost_deltas, cost_event
from tests.feed import ms

HELSINKI = zone("Europe/Helsinki")


def test_a_cost_is_spread_over_its_local_days() -> None:
    """A thousand cents over three days, one of them 23 hours long."""
    data = {"amount": 1000, "currency": "EUR", "purpose": "retention"}
    period = {"period_start": "2026-03-28", "period_end": "2026-03-30"}
    event = cost_event(ms("2026-04-01"), "/a", "1", {**data, **period}, False)
    deltas = [delta for _, delta in cost_deltas([event], HELSINKI) if delta.measure == "cost.retention:EUR"]
    assert [delta.amount for delta in deltas] == [334, 333, 333]
    assert [delta.instant for delta in deltas] == [
        ms(at) for at in ("2026-03-27T22:00:00Z", "2026-03-28T22:00:00Z", "2026-03-29T21:00:00Z")
    ]


def test_the_latest_event_of_a_cost_holds() -> None:
    """A cost without a period falls on its own local day; a correction replaces it."""
    first, second = (
        cost_event(ms(at), "/a", "1", {"amount": amount, "currency": "EUR", "purpose": "acquisition"}, False)
        for at, amount in (("2026-03-28T23:00:00Z", 100), ("2026-03-28T23:30:00Z", 70))
    )
    (_, delta) = (delta for _, delta in cost_deltas([second, first], HELSINKI) if delta.measure.endswith(":EUR"))
    assert delta == ("cost.acquisition:EUR", ms("2026-03-28T22:00:00Z"), 70)
