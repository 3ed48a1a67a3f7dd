"""The lifecycle of a deal."""

from typing import Annotated, Final, Required

from pydantic import Field, Strict

from models.bounds import ORDER_LIMIT
from models.events.common import Amount, Common, Currency, Flag, Id, Instant, Label, Shapes, Version

TOPIC: Final = "crm.touchpoints.deals.v1"


class _Deal(Common, total=False):
    deal_id: Required[Id]  # type: ignore[misc]  # an optional id of Common is required here
    stage: Label
    to_stage: Label  # stages are read from any deal event that names one
    from_stage: Label
    pipeline: Label
    amount: Amount
    currency: Currency
    version: Version
    closed_at: Instant  # on any event: the latest one given dates the result


class DealCreated(_Deal, total=False):
    """A deal was created; ``time_known`` false: its start is unknown."""

    time_known: Flag


class DealStageChanged(_Deal, total=False):
    """A deal moved to another stage; stages are free text."""

    to_stage: Required[Label]  # type: ignore[misc]  # optional in the others
    stage_order: Annotated[int, Strict(), Field(ge=-ORDER_LIMIT, le=ORDER_LIMIT)]


class DealChanged(_Deal, total=False):
    """Any other change to a deal; ``closed_at`` dates its result."""

    reason: Label


class DealMerged(DealChanged, total=False):
    """A deal was merged into another one."""

    into_deal_id: Id


SHAPES: Final[Shapes] = {
    "deal.created": DealCreated,
    "deal.stage_changed": DealStageChanged,
    "deal.updated": DealChanged,
    "deal.won": DealChanged,
    "deal.lost": DealChanged,
    "deal.reopened": DealChanged,
    "deal.deleted": DealChanged,
    "deal.merged": DealMerged,
}
