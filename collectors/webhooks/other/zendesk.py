"""Zendesk: ticket events, and ratings that a trigger sends.

https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events and, for the proof,
https://developer.zendesk.com/documentation/webhooks/verifying/. Ratings have no event of their own: docs/webhooks.md
has the body of a trigger that sends them.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from collectors.arrived import Arrived
from collectors.event import Event, Reading
from collectors.webhooks.hmacs import base64_mac, fresh, prove
from collectors.webhooks.items import Fault, at, document, given, maybe, named, reading, table, text
from collectors.webhooks.provider import Forged, Provider
from collectors.webhooks.signing import header
from collectors.webhooks.times import ms_of

TOLERANCE: Final = 3_600_000  # ms: Zendesk names none, and repeats a delivery for a while
_TICKET: Final = "zen:event-type:ticket."
_OVER: Final = ("solved", "closed")


def _verify(arrived: Arrived, secrets: Sequence[str]) -> None:
    signature = header(arrived, "x-zendesk-webhook-signature")
    sent = header(arrived, "x-zendesk-webhook-signature-timestamp")
    try:
        fresh(arrived, ms_of(sent, "timestamp"), TOLERANCE)
    except Fault:
        raise Forged("the time is not RFC 3339") from None
    message = sent.encode("utf-8", "replace") + arrived.body
    prove([signature], secrets, lambda key: base64_mac(key, message))


def _read(arrived: Arrived) -> Reading:
    return reading(arrived, [document(arrived)], _events)


def _events(item: Any) -> Iterator[Event]:
    table(item)
    kind = text(item, "type")
    if kind == "ticket.rated":
        yield _rated(item)
    elif kind == f"{_TICKET}created":
        yield _ticket(item, "opened")
    elif kind == f"{_TICKET}status_changed" and _is_solved(item):
        yield _ticket(item, "resolved")


def _is_solved(item: dict[str, Any]) -> bool:
    """A ticket is closed days after it was solved: that is not another end."""
    return _status(item, "current") in _OVER and _status(item, "previous") not in _OVER


def _status(item: dict[str, Any], which: str) -> str:
    path = f"event.{which}.status" if isinstance(at(item, f"event.{which}"), dict) else f"event.{which}"
    return (maybe(item, path) or "").lower()


def _ticket(item: dict[str, Any], happening: str) -> Event:
    detail = table(item, "detail")
    traits = given(priority=maybe(detail, "priority"), via=maybe(detail, "via.channel"))
    data = given(
        ticket_id=named("zendesk", text(detail, "id")), contact_id=named("zendesk", maybe(detail, "requester_id")),
        owner_id=named("zendesk", maybe(detail, "assignee_id")), traits=traits,
    )  # fmt: skip
    return Event(f"crm.ticket.{happening}", text(item, "id"), text(item, "time"), data)


def _rated(item: dict[str, Any]) -> Event:
    """Good is 1 and bad 0 on a scale of 0 to 1. A trigger has no time in our form: it is when the rating arrived."""
    ticket, rating = text(item, "ticket_id"), text(item, "rating").lower()
    if not rating.startswith(("good", "bad")):
        raise Fault("rating", "must be good or bad")
    score = int(rating.startswith("good"))
    data = given(
        survey_id="zendesk", survey_type="csat", score=score, scale_min=0, scale_max=1, response_id=ticket,
        ticket_id=named("zendesk", ticket), contact_id=named("zendesk", maybe(item, "requester_id")),
        comment=maybe(item, "comment"),
    )  # fmt: skip
    return Event("crm.survey.answered", f"rating-{ticket}-{text(item, 'id')}", maybe(item, "time"), data)


PROVIDER: Final = Provider("zendesk", "Zendesk", "the signing secret of the webhook", _verify, _read)
