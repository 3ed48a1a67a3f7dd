"""Calls and meetings of Pipedrive: completed activities. Pure."""

import re
from collections.abc import Iterator
from typing import Any, Final

from collectors.event import Event
from collectors.webhooks.crm.pipedrive_objects import Notice, people
from collectors.webhooks.items import Fault, at, given, maybe

_DURATION: Final = re.compile(r"([0-9]{1,3}):([0-5][0-9])(?::([0-5][0-9]))?")


def activity_events(notice: Notice) -> Iterator[Event]:
    """A call or meeting, once: when it is marked as done, or created as done."""
    done = at(notice.now, "done") in (True, 1)
    news = notice.action == "created" or at(notice.before, "done") in (False, 0)
    kind = maybe(notice.now, "type")
    if not done or not news or kind not in ("call", "meeting"):
        return
    about = people(notice.now) | given(deal_id=maybe(notice.now, "deal_id"), duration_s=_seconds(notice.now))
    if kind == "call":  # an activity has neither direction nor outcome of a call
        yield notice.event("call.ended", direction="outbound", outcome="unknown", **about)
    else:
        yield notice.event("meeting.held", **about)


def _seconds(activity: dict[str, Any]) -> int | None:
    """Hours and minutes as text, or seconds as a number."""
    value = at(activity, "duration")
    if value is None or value == "":
        return None
    if type(value) is int:
        return value or None
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Fault("data.duration", "must be hours and minutes, as 00:30")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return (hours * 3600 + minutes * 60 + seconds) or None
