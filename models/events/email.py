"""Email touchpoints: one type for each thing that can happen to a message."""

from typing import Final, Required

from models.events.common import Common, Id, Shapes, Text

TOPIC: Final = "crm.touchpoints.email.v1"
_HAPPENINGS: Final = (
    "sent",
    "delivered",
    "opened",
    "clicked",
    "bounced",
    "complained",
    "unsubscribed",
    "rejected",
    "deferred",
)


class Email(Common, total=False):
    """What happened to one message for one recipient; ``machine`` is true for a robot's open or click."""

    message_id: Required[Id]  # type: ignore[misc]  # an optional id of Common is required here
    recipient_hash: Id
    campaign_id: Id
    link_url: Text


SHAPES: Final[Shapes] = {f"email.{happening}": Email for happening in _HAPPENINGS}
