"""The recount gives the published answers of 8,800 real opportunities."""

import random
from typing import Any

import pytest

from tests.recount import crm, recount
from tests.recount.feed import ms


@pytest.mark.skipif(not crm.SHARED.exists(), reason="the shared data sets are not beside this repository")
def test_the_crm_set_has_its_published_answers() -> None:
    """Counts, rates, cycle and open pipeline of 8,800 real opportunities, in any order."""
    answers, rows = crm.expected(), crm.rows()
    random.Random(7).shuffle(rows)
    found = recount(rows, crm.SETTINGS, ms("2018-01-01"), windows=["all", "month", "quarter"])

    def value(kpi: str, window: str, **segment: str) -> Any:
        return found[(kpi, window, tuple(segment.items()))]["value"]

    cycle = answers["sales_cycle_days_won"]
    stages = answers["stage_counts"]
    assert value("win_rate", "all") == pytest.approx(answers["win_rate"], rel=1e-12)
    assert [value("closed_won_deals", "all"), value("closed_lost_deals", "all")] == [stages["Won"], stages["Lost"]]
    assert value("open_pipeline", "all") == stages["Engaging"] + stages["Prospecting"]
    assert value("closed_won_value", "all") == "10005534.00"
    assert [value(f"sales_cycle_days{kind}", "all") for kind in ("_mean", "", "_p90")] == pytest.approx(cycle[1:4])
    assert value("closed_won_deals", "quarter") == answers["closed_by_quarter"]["2017Q4"][0]
    velocity = answers["pipeline_velocity_closed_basis_by_quarter"]["2017Q4"][4]
    assert float(value("pipeline_velocity_closed", "quarter")) == pytest.approx(velocity, abs=0.005)
    worked = answers["pipeline_velocity_worked_basis_by_quarter"]["2017Q4"][1]
    assert float(value("pipeline_velocity_worked", "quarter")) == pytest.approx(worked, abs=0.005)
    for metric, dimension in (("by_sales_agent", "owner"), ("by_manager", "manager"), ("by_product", "product")):
        for name, (won, _, rate, *_rest) in answers[metric].items():
            assert value("closed_won_deals", "all", **{dimension: name}) == won
            assert value("win_rate", "all", **{dimension: name}) == pytest.approx(rate)
    for end, count in crm.month_ends(answers["open_pipeline_at_month_end"]):
        past = recount(rows, crm.SETTINGS, ms(end), hide=True, windows=["month"], kpis=["open_pipeline"])
        assert past[("open_pipeline", "month", ())]["value"] == count
