"""The MRR bridge: what a customer's subscriptions did in a calendar window is what became of MRR in it."""

from datetime import date
from decimal import Decimal
from typing import Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recount.windows import MINUTE, midnight
from tests.feed import Feed
from tests.property.events import BOOK, PLANS, TENANTS, THEMES, Told, stories
from tests.property.lanes import Lane, arrivals, differences, worlds

often = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
WINDOWS: Final = {
    "month": (4, 5),
    "quarter": (4, 7),
    "year": (1, 5),
}  # from the first of one to that of another
CENT: Final = Decimal("0.01")


@st.composite
def about(draw: st.DrawFn, month: int) -> list[Told]:
    """Subscriptions to which much happens where a tenant's month begins."""
    begins = midnight(date(2026, month, 1), BOOK[draw(st.sampled_from(TENANTS))].zone)
    minutes = st.sampled_from((-90 * 1440, -70, -40, -10, 0, 20, 50))

    def moved(told: Told) -> Told:
        given = {name: begins + draw(minutes) * MINUTE for name in ("effective_at",) if name in told.data}
        return told._replace(time=begins + draw(minutes) * MINUTE, data=told.data | given)

    return [moved(told) for told in draw(stories(14, (THEMES.index(PLANS),)))]


@often
@given(st.data(), st.sampled_from(sorted(WINDOWS)), st.booleans())
def test_movements_add_up_to_what_became_of_mrr(data: st.DataObject, window: str, at_start: bool) -> None:
    """MRR at the end less MRR at the start, of a month, a quarter and a year; and the recount says so too."""
    arrived = data.draw(arrivals(data.draw(worlds(story=about(WINDOWS[window][not at_start])))))
    lane = Lane().take(arrived)
    for tenant in lane.engine.tenants():
        start, end = (midnight(date(2026, month, 1), BOOK[tenant].zone) for month in WINDOWS[window])
        before, after = (lane.documents(tenant, at, [window]) for at in (start, end))
        if (mrr := after["mrr", window, ()])["value"] is not None:
            change = Decimal(mrr["value"]) - Decimal(before["mrr", window, ()]["value"])
            assert abs(change - Decimal(after["net_new_mrr", window, ()]["value"])) <= 2 * CENT  # each is rounded
        assert differences(lane, arrived, end, [window]) == []


def test_a_plan_that_ends_before_midnight_and_another_that_begins_after_it() -> None:
    """Where a month ends that is churn in one and reactivation in the next; elsewhere it is one expansion."""
    feed = Feed()
    for name, last, first in (
        ("month", "2026-05-31T23:50:00Z", "2026-06-01T00:20:00Z"),
        ("week", "2026-06-07T23:50:00Z", "2026-06-08T00:20:00Z"),
    ):
        feed.add("subscription.started", "2026-04-01", customer_id=name, subscription_id=name, mrr=5_000,
                 currency="EUR")  # fmt: skip
        feed.add("subscription.cancelled", last, subscription_id=name)
        feed.add("subscription.started", first, customer_id=name, subscription_id=f"{name}-2", mrr=8_000,
                 currency="EUR")  # fmt: skip
    moved = ("net_new_mrr", "mrr_churn", "mrr_reactivation", "mrr_expansion")
    assert list(feed.values(moved, "last_month", "2026-06-30").values()) == ["-50.00", "50.00", "0.00", "0.00"]
    assert list(feed.values(moved, "month", "2026-06-30").values()) == ["110.00", "0.00", "80.00", "30.00"]
