"""Maps tracked events by name: those of Segment's specifications, our own types, and anything else.

https://www.twilio.com/docs/segment/connections/spec/ecommerce/v2
https://www.twilio.com/docs/segment/connections/spec/b2b-saas
https://www.twilio.com/docs/segment/connections/spec/email
https://www.twilio.com/docs/segment/connections/spec/live-chat
"""

import re
import unicodedata
from collections.abc import Callable
from hashlib import sha256
from typing import Any, Final

from collectors.segment.money import gross
from collectors.segment.personal import without
from collectors.segment.surroundings import visit
from collectors.segment.values import filled, first, name, table, text
from models.events import SHAPES
from models.refused import Refused

Read = Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_OTHER: Final = re.compile(r"[^a-z0-9]+")
_NAME_LENGTH: Final = 100  # of the part after crm.track.


def tracked(
    event: str, said: dict[str, Any], who: dict[str, Any], context: dict[str, Any]
) -> tuple[str, dict[str, Any]]:
    """(type, data) of an event called ``event`` with the properties ``said``. Raises Refused: missing property."""
    own = event if event.startswith("crm.") else f"crm.{event}"
    if own.removesuffix(".v1") in SHAPES:
        return own, filled({**who, **said, **_ids(who)})
    spoken = snake(event)
    if spoken not in _NAMES:
        return f"crm.track.{spoken}", filled({**who, "event": event, "properties": rest(said)})
    type_, read = _NAMES[spoken]
    return type_, filled({**who, **read(said, context)})


def _ids(who: dict[str, Any]) -> dict[str, Any]:
    """The ids of the call; properties cannot override them."""
    return {field: who[field] for field in ("user_id", "anonymous_id") if field in who}


def snake(event: str) -> str:
    """``Order Completed``, ``orderCompleted`` and ``order-completed`` as ``order_completed``; never empty."""
    plain = unicodedata.normalize("NFKD", _CAMEL.sub("_", event[: 4 * _NAME_LENGTH])).encode("ascii", "ignore").decode()
    found = _OTHER.sub("_", plain.lower()).strip("_")[:_NAME_LENGTH]
    # Nothing is left of a name in another script; its digest keeps events of one name under one type.
    return found or "named_" + sha256(event.encode("utf-8", "replace")).hexdigest()[:12]


def rest(said: dict[str, Any], *used: str) -> dict[str, Any]:
    """The remaining properties, without personal ones."""
    return filled({field: value for field, value in without(said).items() if field not in used})


def _needed(value: Any, field: str) -> Any:
    if value is None:
        raise Refused("missing_field", f"properties.{field}")
    return value


def _order(said: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    amount = _needed(gross(said), "total")
    return {**_order_id(said, context), "amount": amount, "currency": _needed(text(said.get("currency")), "currency")}


def _order_id(said: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    products = said.get("products")
    return {
        "order_id": _needed(first(said, "order_id", "orderId"), "order_id"),
        "tax": said.get("tax"),
        "items": without(products) if isinstance(products, list) else None,
        "reason": name(said.get("reason")),
        "coupon": name(said.get("coupon")),
    }


def _refund(said: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    return {**_order(said, context), "refund_id": name(first(said, "refund_id", "refundId"))}


def _method(said: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    return {"method": name(first(said, "method", "type")), "properties": rest(said, "method")}


def _email(said: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """One message to one recipient, also under the property names of Customer.io and Braze."""
    message = first(said, "message_id", "messageId", "delivery_id", "dispatch_id", "email_id")
    known = (said.get("email"), said.get("recipient"), table(context.get("traits")).get("email"))
    return {
        "message_id": _needed(message, "email_id"),
        "recipient": next(filter(None, map(text, known)), None),
        "campaign_id": name(said.get("campaign_id")),
        "campaign": filled({"name": name(said.get("campaign_name"))}),
        "link_url": text(first(said, "link_url", "href")),
        "machine": True if said.get("machine_open") is True or said.get("machine_click") is True else None,
        "reason": name(said.get("reason")),
    }


def _form(said: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """The form's id only: the other properties, `name` included, are what the visitor entered."""
    form = first(said, "form_id", "formId", "id", "form_name", "formName", "form")
    called = name(first(said, "form_name", "formName"))
    return {"form_id": _needed(name(form), "form_id"), "form_name": called, **_where(said, context)}


def _link(said: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    url = _needed(text(first(said, "link_url", "linkUrl", "href", "url")), "link_url")
    return {"link_url": url, "click_id": name(said.get("click_id")), **_where({}, context)}


def _where(said: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """The page of the event."""
    page = {**table(context.get("page")), **filled({"url": text(said.get("url"))})}
    return {**visit(page, context), "url": text(page.get("url")), "path": text(page.get("path"))}


def _chat(direction: str) -> Read:
    return lambda said, context: {"direction": direction, "conversation_id": name(said.get("conversation_id"))}


_EMAIL: Final = {
    "email_sent": "sent", "email_delivered": "delivered", "email_opened": "opened", "email_link_clicked": "clicked",
    "email_clicked": "clicked", "email_bounced": "bounced", "email_soft_bounced": "deferred",
    "email_deferred": "deferred", "email_marked_as_spam": "complained", "email_unsubscribed": "unsubscribed",
    "unsubscribed": "unsubscribed", "email_dropped": "rejected",
}  # fmt: skip

_NAMES: Final[dict[str, tuple[str, Read]]] = {
    "order_completed": ("crm.order.completed", _order),
    "order_refunded": ("crm.order.refunded", _refund),
    "order_cancelled": ("crm.order.cancelled", _order_id),
    "order_canceled": ("crm.order.cancelled", _order_id),
    "signed_up": ("crm.user.signed_up", _method),
    "signed_in": ("crm.user.signed_in", _method),
    "signed_out": ("crm.user.signed_out", _method),
    "form_started": ("crm.form.started", _form),
    "form_submitted": ("crm.form.submitted", _form),
    "link_clicked": ("crm.link.clicked", _link),
    "live_chat_message_sent": ("crm.chat.messaged", _chat("inbound")),
    "live_chat_message_received": ("crm.chat.messaged", _chat("outbound")),
    **{spoken: (f"crm.email.{happening}", _email) for spoken, happening in _EMAIL.items()},
}
"""Normalised event name -> our type, and the function that maps its properties."""
