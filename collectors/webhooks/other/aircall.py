"""Aircall: calls.

https://developer.aircall.io/api-references/#webhooks. Nothing is signed: the webhook's token is in the body. A call
ends twice, with ``call.hungup`` at once and with ``call.ended`` when all is known of it; the second one counts.
"""

from collections.abc import Iterator
from typing import Any, Final

from collectors.arrived import Arrived
from collectors.event import Event, Reading
from collectors.webhooks.hmacs import token_in_body
from collectors.webhooks.items import Fault, document, given, maybe, maybe_whole, named, reading, table, text
from collectors.webhooks.provider import Provider
from collectors.webhooks.times import of_s


def _read(arrived: Arrived) -> Reading:
    found = document(arrived)
    item = {name: value for name, value in found.items() if name != "token"} if isinstance(found, dict) else found
    return reading(arrived, [item], _events)


def _events(item: Any) -> Iterator[Event]:
    table(item)
    if text(item, "event") != "call.ended":
        return
    call = table(item, "data")
    direction = text(call, "direction")
    answered, ended = maybe_whole(call, "answered_at"), maybe_whole(call, "ended_at")
    duration = ended - answered if answered and ended else None
    if duration is not None and duration < 0:
        raise Fault("data.ended_at", "is before answered_at")
    data = given(
        direction=direction, outcome=_outcome(call, answered), duration_s=duration, phone=maybe(call, "raw_digits"),
        owner_id=named("aircall", maybe(call, "user.id")), contact_id=named("aircall", maybe(call, "contact.id")),
    )  # fmt: skip
    time = of_s(ended, "data.ended_at") if ended else None
    yield Event("crm.call.ended", f"call-{text(call, 'id')}", time, data)


def _outcome(call: dict[str, Any], answered: int | None) -> str:
    if answered:
        return "connected"
    return "voicemail" if maybe(call, "voicemail") else "no_answer"


PROVIDER: Final = Provider("aircall", "Aircall", "the token of the webhook", token_in_body, _read)
