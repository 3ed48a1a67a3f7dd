"""The recount gives the published answers of real data sets."""

import csv
import random
from typing import Any

import pytest

from recount import Recount
from tests.feed import Feed, ms
from tests.sets import crm_opportunities as crm

needs_data = pytest.mark.skipif(
    not crm.SHARED.exists(), reason="the shared data sets are not beside this repository"
)  # fmt: skip


@needs_data
def test_the_crm_set_has_its_published_answers() -> None:
    """Counts, rates, cycle and open pipeline of 8,800 real opportunities, in any order."""
    answers, rows = crm.expected(), crm.rows()
    random.Random(7).shuffle(rows)
    counted = Recount(rows, crm.SETTINGS)
    found = counted.documents(ms("2018-01-01"), ["all", "month", "quarter"])

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
        past = counted.documents(ms(end), ["month"], ["open_pipeline"])
        assert past[("open_pipeline", "month", ())]["value"] == count


@needs_data
def test_trailing_30_days_have_their_published_answers() -> None:
    """All 337 lines of the daily table: won, closed and money."""
    counted = Recount(crm.rows(), crm.SETTINGS)
    for line in crm.rolling():
        found = counted.documents(ms(crm.after(line["day"])), ["30d"], ["closed_won_value", "win_rate"])
        rate, money = found[("win_rate", "30d", ())], found[("closed_won_value", "30d", ())]
        assert [rate["numerator"], rate["n"]] == [int(line["won_30d"]), int(line["closed_30d"])]
        assert money["value"] == f"{int(line['revenue_won_30d'])}.00"


@needs_data
def test_answers_without_ids_are_each_their_own() -> None:
    """39 conference answers: a promoter score of -35.897."""
    feed = Feed()
    with (crm.SHARED / "nps_sudzilla" / "responses.csv").open(newline="") as file:
        for line in csv.DictReader(file):
            score = int(line["recommend_0_10"])
            feed.add("survey.answered", "2019-11-01", survey_id="s", survey_type="nps", score=score)

    assert feed.get("net_promoter_score", "month", "2019-11-02")["value"] == pytest.approx(-35.8974358974359)
