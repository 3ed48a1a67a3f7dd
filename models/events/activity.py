"""Activity inside our own product: accounts, records, tickets."""

from typing import Final, Literal, Required

from models.events.common import Common, Id, Label, Seconds, Shapes

TOPIC: Final = "crm.activity.v1"


class SignedUp(Common, total=False):
    """An account was created; a user_id or an anonymous_id is required (checked in models.shape)."""

    method: Label


class Signed(Common, total=False):
    """A user signed in or out."""

    user_id: Required[Id]  # type: ignore[misc]  # an optional id of Common is required here
    method: Label


class RecordChanged(Common, total=False):
    """A CRM record was created, updated, merged or deleted."""

    object: Required[Id]
    record_id: Required[Id]  # type: ignore[misc]  # an optional id of Common is required here
    into_record_id: Id
    actor_id: Id
    origin: Literal["ui", "api", "import"]


class Ticket(Common, total=False):
    """A support ticket was opened or resolved."""

    ticket_id: Required[Id]  # type: ignore[misc]  # an optional id of Common is required here
    first_response_s: Seconds
    resolution_s: Seconds
    reason: Label


SHAPES: Final[Shapes] = {
    "user.signed_up": SignedUp,
    "user.signed_in": Signed,
    "user.signed_out": Signed,
    "record.created": RecordChanged,
    "record.updated": RecordChanged,
    "record.merged": RecordChanged,
    "record.deleted": RecordChanged,
    "ticket.opened": Ticket,
    "ticket.resolved": Ticket,
}
