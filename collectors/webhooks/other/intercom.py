"""Intercom: conversations, tickets, ratings, leads.

https://developers.intercom.com/docs/references/webhooks/webhook-models; the signature is described at
https://developers.intercom.com/docs/webhooks/webhook-notifications. No time is signed: what comes again is known by
its id.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from collectors.arrived import Arrived
from collectors.event import Event, Reading
from collectors.webhooks.hmacs import hex_mac, prove
from collectors.webhooks.items import at, document, given, maybe, maybe_whole, named, reading, table, text, whole
from collectors.webhooks.provider import Provider, Reply
from collectors.webhooks.signing import header
from collectors.webhooks.times import of_s

_MESSAGES: Final = {
    "conversation.user.created": "inbound", "conversation.user.replied": "inbound",
    "conversation.admin.replied": "outbound", "conversation.admin.single.created": "outbound",
}  # fmt: skip
_OPENED: Final = ("conversation.user.created", "ticket.created")


def _verify(arrived: Arrived, secrets: Sequence[str]) -> None:
    signature = header(arrived, "x-hub-signature")
    prove([signature], secrets, lambda key: f"sha1={hex_mac(key, arrived.body, 'sha1')}")


def _handshake(arrived: Arrived, _: Sequence[str]) -> Reply | None:
    """Intercom asks first whether anybody answers at the address."""
    return Reply(200, b"", "text/plain") if arrived.method == "HEAD" else None


def _read(arrived: Arrived) -> Reading:
    return reading(arrived, [document(arrived)], _events)


def _events(notice: Any) -> Iterator[Event]:
    table(notice)
    topic = text(notice, "topic")
    if topic in _MESSAGES:
        about = _about(notice)
        del about["ticket_id"]
        yield _event(notice, "chat.messaged", direction=_MESSAGES[topic], **about)
    if topic in _OPENED:
        yield _event(notice, "ticket.opened", "-ticket", **_about(notice))
    elif topic == "conversation.admin.closed" or _is_resolved(notice, topic):
        yield _event(notice, "ticket.resolved", "-ticket", **_about(notice))
    elif topic == "conversation.rating.added":
        yield _rated(notice)
    elif topic in ("contact.lead.created", "contact.created"):
        yield from _lead(notice)


def _is_resolved(notice: dict[str, Any], topic: str) -> bool:
    return topic == "ticket.state.updated" and "resolved" in (
        at(notice, "data.item.ticket_state"), at(notice, "data.item.ticket_state.category"),
    )  # fmt: skip


def _event(notice: dict[str, Any], type_: str, suffix: str = "", **data: Any) -> Event:
    time = of_s(whole(notice, "created_at"), "created_at")
    return Event(f"crm.{type_}", f"{text(notice, 'id')}{suffix}", time, data)


def _about(notice: dict[str, Any]) -> dict[str, Any]:
    """Ticket or conversation, and who it is with; the sender's own id of a user comes first."""
    item = table(notice, "data.item")
    person = at(item, "contacts.contacts.0") or at(item, "contacts.0") or at(item, "user") or {}
    return given(
        ticket_id=named("intercom", text(item, "id")), user_id=maybe(person, "external_id") or maybe(person, "user_id"),
        contact_id=named("intercom", maybe(person, "id")),
        owner_id=named("intercom", maybe(item, "admin_assignee_id")),
    )  # fmt: skip


def _rated(notice: dict[str, Any]) -> Event:
    item = table(notice, "data.item")
    rating = table(item, "conversation_rating")
    rated = maybe_whole(rating, "created_at")
    data = _about(notice) | given(
        survey_id="intercom", survey_type="csat", score=whole(rating, "rating"), response_id=text(item, "id"),
        comment=maybe(rating, "remark"), contact_id=named("intercom", maybe(rating, "contact.id")),
    )  # fmt: skip
    event = _event(notice, "survey.answered", **data)
    return event._replace(time=of_s(rated, "conversation_rating.created_at")) if rated else event


def _lead(notice: dict[str, Any]) -> Iterator[Event]:
    item = table(notice, "data.item")
    if maybe(item, "role") in (None, "lead"):
        name = named("intercom", text(item, "id"))
        data = given(
            lead_id=name, contact_id=name, email=maybe(item, "email"), phone=maybe(item, "phone"),
            owner_id=named("intercom", maybe(item, "owner_id")),
        )  # fmt: skip
        yield _event(notice, "lead.created", **data)


PROVIDER: Final = Provider(
    "intercom", "Intercom", "the client secret of the app (Basic information)", _verify, _read, _handshake
)
