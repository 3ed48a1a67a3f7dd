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
    "promoters on five stars": [
        Stage(answers("nps", (5, 5, 4, 1), scale_min=1, scale_max=5), "month", "2026-06-20",
              {"net_promoter_score": 25.0}),
        Stage(answers("nps", (5, 5, 4, 1), scale_min=0, scale_max=7), "month", "2026-06-20",
              {"net_promoter_score": 25.0}),
    ],
}  # fmt: skip
SCORE_SETTINGS: Final = {"promoters on five stars": STARS}
