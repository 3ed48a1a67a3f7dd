"""Examples of effort and satisfaction, with the results they state."""

from collections.abc import Callable
from typing import Any, Final

from models.settings import TenantSettings
from recount.windows import MINUTE
from tests.feed import Feed
from tests.property.example_stories import JUNE, Stage

STARS: Final = TenantSettings(nps_scales={"1-5": (3, 4)})
EFFORT: Final = (7, 7, 6, 5, 4, 2, 1)


def answers(kind: str, scores: tuple[int, ...], **more: Any) -> Callable[[Feed], None]:
    """One answer a minute."""

    def tell(feed: Feed) -> None:
        for number, score in enumerate(scores):
            about = {"survey_id": kind, "survey_type": kind, "score": score, **more}
            feed.add("survey.answered", JUNE + number * MINUTE, customer_id=f"c{number}", **about)

    return tell


def in_steps(kind: str, survey: str, *told: tuple[str, int]) -> Callable[[Feed], None]:
    """Responses, each as it is begun and as it is finished: (response, score)."""

    def tell(feed: Feed) -> None:
        for number, (response, score) in enumerate(told):
            about: dict[str, Any] = {"survey_id": survey, "survey_type": kind, "score": score, "response_id": response}
            feed.add("survey.answered", JUNE + number * MINUTE, user_id="u1", **about)

    return tell


def begun_by_a_visitor(feed: Feed) -> None:
    """Who begins an answer signs in to finish it; the words come in the wrong order."""
    about: dict[str, Any] = {"survey_id": "q", "survey_type": "nps", "response_id": "r1"}
    feed.add("survey.answered", JUNE + MINUTE, user_id="u1", score=9, **about)
    feed.add("survey.answered", JUNE, anonymous_id="v1", score=2, **about)
    feed.add("user.signed_in", JUNE + MINUTE, user_id="u1", anonymous_id="v1")


SCORE_EXAMPLES: Final[dict[str, list[Stage]]] = {
    "effort": [Stage(answers("effort", EFFORT), "month", "2026-06-20",
                     {"customer_effort_score": 32 / 7, "customer_effort_score_top_box": 4 / 7,
                      "customer_effort_score_index": 100 * 25 / 42})],
    "effort the other way round": [
        Stage(answers("effort", EFFORT, polarity="effort"), "month", "2026-06-20", {"customer_effort_score": 24 / 7}),
        Stage(answers("effort", (1, 5), scale_max=5), "month", "2026-06-20",
              {"customer_effort_score": None, "customer_effort_score.status": "partial",
               "customer_effort_score_index": (100 * 17 / 6 + 100) / 9}),
    ],
    "satisfaction": [Stage(answers("csat", (5, 4, 4, 2)), "month", "2026-06-20", {"csat": 0.75, "csat_mean": 3.75})],
    "an answer finished later": [
        Stage(in_steps("csat", "q", ("r1", 2), ("r1", 5), ("r2", 1)), "month", "2026-06-20",
              {"csat": 0.5, "csat_mean": 3.0}),
        Stage(in_steps("effort", "e", ("r1", 2), ("r1", 6)), "month", "2026-06-20", {"customer_effort_score": 6.0}),
        Stage(in_steps("csat", "other", ("r1", 1)), "month", "2026-06-20", {"csat": 1 / 3}),
    ],
    "a promoter begun as a detractor": [
        Stage(begun_by_a_visitor, "month", "2026-06-20",
              {"net_promoter_score": 100.0, "net_promoter_score_all": 100.0, "detractor_share": 0.0}),
        Stage(in_steps("nps", "q", ("r2", 3), ("r3", 10), ("r3", 4)), "month", "2026-06-20",
              {"net_promoter_score": -100.0, "net_promoter_score_all": -100 / 3}),
    ],
    "promoters on five stars": [
        Stage(answers("nps", (5, 5, 4, 1), scale_min=1, scale_max=5), "month", "2026-06-20",
              {"net_promoter_score": 25.0}),
        Stage(answers("nps", (5, 5, 4, 1), scale_min=0, scale_max=7), "month", "2026-06-20",
              {"net_promoter_score": 25.0}),
    ],
}  # fmt: skip
SCORE_SETTINGS: Final = {"promoters on five stars": STARS}
