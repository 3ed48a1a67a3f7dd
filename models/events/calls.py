"""Touchpoints by voice and in person: calls, meetings, chats."""

from typing import Final, Literal, Required

from models.events.common import CallSeconds, Common, Direction, Label, Shapes

TOPIC: Final = "crm.touchpoints.calls.v1"


class CallEnded(Common, total=False):
    """A call ended, connected or not."""

    direction: Required[Direction]
    outcome: Required[Literal["connected", "voicemail", "no_answer", "busy", "failed", "unknown"]]
    duration_s: CallSeconds


class Conversation(Common, total=False):
    """A meeting was held, or a chat message was sent in one direction."""

    direction: Direction
    duration_s: CallSeconds
    outcome: Label


SHAPES: Final[Shapes] = {"call.ended": CallEnded, "meeting.held": Conversation, "chat.messaged": Conversation}
