"""A real promoter survey has its published answers, in every feed."""

from itertools import pairwise
from pathlib import Path

import pytest

from models.settings import TenantBook
from tests.feed import ms
from tests.sets import nps_sudzilla as survey
from tests.sets.feeds import FEEDS, SHARED, Counted, Documents, computed, event, expected, in_feed

pytestmark = pytest.mark.skipif(not SHARED.exists(), reason="the shared data sets are not beside this repository")
END = "2019-11-05"


def check_all(found: Documents, wanted: list[float], window: str = "all") -> None:
    """Answers, promoters, passives, detractors, score."""
    n, *buckets, value = wanted
    assert found["net_promoter_score", window, ()]["value"] == pytest.approx(value, rel=1e-12)
    assert found["net_promoter_score", window, ()]["n"] == n
    shares = ("promoter_share", "passive_share", "detractor_share")
    assert [found[share, window, ()]["numerator"] for share in shares] == buckets


@pytest.mark.parametrize("feed", FEEDS)
def test_every_question_has_its_score(feed: str) -> None:
    """All answers, and day by day: the day without an answer has no score."""
    answers = expected("nps_sudzilla")
    counted = Counted(TenantBook()).take(in_feed(survey.events(), feed))
    for column, tenant in survey.QUESTIONS.items():
        check_all(counted.documents(ms(END), tenant=tenant), answers[f"nps.{column}"])
    for day, after in pairwise(f"2019-11-0{number}" for number in range(1, 6)):
        found = counted.documents(ms(after), tenant="recommend")
        if day in answers["nps_by_day"]:
            check_all(found, answers["nps_by_day"][day], "today")
        else:
            empty = found["net_promoter_score", "today", ()]
            assert [empty[field] for field in ("value", "n", "status")] == [None, 0, "no_data"]


def test_the_score_runs_with_the_answers() -> None:
    """After each answer, live."""
    counted = Counted(TenantBook())
    ordered = in_feed([one for one in survey.events() if one["tenantid"] == "recommend"], "time")
    for one, wanted in zip(ordered, expected("nps_sudzilla")["running_nps"], strict=True):
        found = counted.take([one]).documents(ms(one["time"]) + 1, live=True, tenant="recommend")
        assert found["net_promoter_score", "all", ()]["value"] == pytest.approx(wanted, abs=5e-7)


def test_compute_gives_the_score_of_any_moment(tmp_path: Path) -> None:
    """From a file in no order: later answers are hidden."""
    wanted = expected("nps_sudzilla")["running_nps"]
    told = [one for one in survey.events() if one["tenantid"] == "recommend"]
    ordered = in_feed(told, "time")
    for place in (0, 19, 38):
        as_of = str(ordered[place]["time"]).replace("Z", ".001Z")
        found = computed(in_feed(told, "shuffled"), tmp_path, as_of, {}, "net_promoter_score")
        assert found["net_promoter_score", "all", ()]["value"] == pytest.approx(wanted[place], abs=5e-7)


def test_a_published_list_has_its_score() -> None:
    """9, 10, 6, 8: 50 % promoters less 25 % detractors."""
    for scores, wanted in expected("nps_sudzilla")["published_unit_vectors"].items():
        told = [
            event("survey.answered", f"{n}", f"{END}T10:00:00Z", survey_id="s", survey_type="nps", score=int(score))
            for n, score in enumerate(scores.split(","))
        ]
        found = Counted(TenantBook()).take(told).documents(ms("2019-11-06"))
        assert found["net_promoter_score", "all", ()]["value"] == wanted
