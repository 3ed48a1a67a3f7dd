"""Trend: the change, its margin, and whether it is more than noise."""

from math import hypot, sqrt
from typing import Any

import pytest

from kpis.catalog import CATALOG, Kpi
from kpis.publish.trend import Printed, trend

BY_ID = {kpi.id: kpi for kpi in CATALOG}


def of(kpi: str, now: Printed, before: Printed, low_n: int = 30) -> dict[str, Any] | None:
    """The trend of a KPI."""
    found: Kpi = BY_ID[kpi]
    return trend(found, now, before, low_n)


def share(won: int, of_all: int) -> Printed:
    """A share of two counts."""
    return Printed(won / of_all, of_all, won, of_all)


def count(number: int) -> Printed:
    """A count."""
    return Printed(number, number, number)


def test_the_worked_example() -> None:
    """1,200 against 1,000 is +20%, and more than noise: 1.96 * sqrt(2,200) is 92."""
    found = of("orders", count(1200), count(1000))
    assert found == {"change": 0.2, "margin": pytest.approx(91.93, abs=0.01), "changed": True}


def test_nothing_to_compare_with_is_no_trend() -> None:
    """And of nought there is no relative change."""
    assert of("orders", count(5), Printed(None, 0)) is None
    assert of("orders", Printed(None, 0), count(5)) is None
    found = of("orders", count(50), count(0))
    assert found is not None
    assert (found["change"], found["changed"]) == (None, True)


def test_a_rate_has_points_and_changes_beyond_its_margin_only() -> None:
    """40% of 100 against 30% of 100 may be chance; of 1,000 each it is none."""
    few, many = of("win_rate", share(40, 100), share(30, 100)), of("win_rate", share(400, 1000), share(300, 1000))
    assert few is not None
    assert many is not None
    assert few["points"] == pytest.approx(0.1)
    assert few["margin"] == pytest.approx(1.96 * sqrt(41 * 61 / 102**3 + 31 * 71 / 102**3))
    assert (few["changed"], many["changed"]) == (False, True)


def test_too_few_observations_never_change() -> None:
    """A rate needs enough on both sides, a count on both together."""
    rate = of("win_rate", share(20, 20), share(0, 400))
    assert rate is not None
    assert rate["changed"] is False
    for now, before, changed in ((29, 0, False), (30, 0, True), (200, 5, True)):
        found = of("orders", count(now), count(before))
        assert found is not None
        assert found["changed"] is changed


def test_margins_that_a_number_states_add_up_as_squares() -> None:
    """Those of the net promoter score."""
    found = of("net_promoter_score", Printed(30.0, 100, margin=15.0), Printed(10.0, 100, margin=12.0))
    assert found == {"change": 2.0, "points": 20.0, "margin": hypot(15, 12), "changed": True}


@pytest.mark.parametrize(
    ("kpi", "now", "before"),
    [
        ("net_revenue", Printed("120.50", 40), Printed("100.00", 40)),
        ("win_rate_value", Printed(0.5, 40, 50, 100), Printed(0.4, 40, 40, 100)),
        ("traffic_to_lead_rate", Printed(1.5, 40, 60, 40), Printed(1.2, 40, 48, 40)),
        ("active_customers", count(900), count(800)),
        ("sales_cycle_days", Printed(20.0, 40), Printed(30.0, 40)),
    ],
)
def test_of_what_has_no_margin_nobody_says(kpi: str, now: Printed, before: Printed) -> None:
    """Money, money shares, rates above one, stocks and medians."""
    found = of(kpi, now, before)
    assert found is not None
    assert found["change"] is not None
    assert not found.keys() & {"margin", "changed"}
