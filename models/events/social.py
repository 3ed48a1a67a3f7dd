"""Touchpoints on social networks."""

from typing import Annotated, Final, Literal, Required

from pydantic import Field, Strict, StringConstraints

from models.bounds import NAME_LENGTH
from models.events.common import Common, Id, Label, Shapes, Text

TOPIC: Final = "crm.touchpoints.social.v1"
_HAPPENINGS: Final = ("liked", "commented", "shared", "followed", "mentioned", "messaged", "impression")

_Polarity = Annotated[float, Strict(), Field(ge=-1, le=1, allow_inf_nan=False)]


class Social(Common, total=False):
    """An interaction with us on a social network."""

    network: Required[Annotated[str, Strict(), StringConstraints(min_length=1, max_length=NAME_LENGTH)]]
    post_id: Id
    text: Text
    sentiment: _Polarity | Literal["positive", "neutral", "negative"]
    model: Label


SHAPES: Final[Shapes] = {f"social.{happening}": Social for happening in _HAPPENINGS}
