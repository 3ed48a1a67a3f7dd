"""Surveys: sent, answered, dismissed."""

from typing import Annotated, Final, Literal, Required

from pydantic import Field

from models.bounds import SCORE_LIMIT
from models.events.common import Common, Id, Number, Shapes, Text

TOPIC: Final = "crm.surveys.v1"

Score = Annotated[Number, Field(ge=-SCORE_LIMIT, le=SCORE_LIMIT)]


class Survey(Common, total=False):
    """A survey was sent or dismissed."""

    survey_id: Required[Id]
    survey_type: Required[Literal["nps", "effort", "csat"]]
    response_id: Id


class SurveyAnswered(Survey, total=False):
    """An answer. Default scales: nps 0-10, effort 1-7, csat 1-5; nps on its default scale takes whole numbers only."""

    score: Required[Score]
    scale_min: Score
    scale_max: Score
    polarity: Literal["ease", "effort"]
    comment: Text


SHAPES: Final[Shapes] = {"survey.sent": Survey, "survey.answered": SurveyAnswered, "survey.dismissed": Survey}
