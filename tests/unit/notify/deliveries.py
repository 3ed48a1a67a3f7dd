"""A delivery to try things with."""

from typing import Any, Final

from notify.message import Delivery, Message

MESSAGE: Final = Message("kpi.alert.raised", "Alert: Win rate", "Win rate is 20 %.", 1_795_000_000_000, {"number": 1})


def delivery(**more: Any) -> Delivery:
    """One of tenant acme to the channel ops."""
    given = {"id": "msg_1", "tenant": "acme", "channel": "ops", "about": "r", "message": MESSAGE, "created": 1_000}
    return Delivery(**{**given, **more})
