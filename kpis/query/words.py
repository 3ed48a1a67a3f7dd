"""The wording of facts: in English, with what a translation needs; money, instants."""

from fractions import Fraction
from typing import Any, Final

from kpis.facts.page_paths import path_and_click
from kpis.facts.touches import CODES
from kpis.identity.pseudonyms import MARK
from kpis.publish.figures import money_text
from kpis.publish.instants import instant_text
from models.money import digits, iso

TOUCHES: Final = {
    "page.viewed": "Viewed a page",
    "link.clicked": "Clicked a link",
    "form.submitted": "Submitted a form",
    "email.opened": "Opened an email",
    "email.clicked": "Clicked a link in an email",
    "email.opted_out": "Clicked unsubscribe in an email",
    "call.outbound": "Outbound call, not connected",
    "call.outbound.connected": "Outbound call, connected",
    "call.inbound": "Inbound call, not connected",
    "call.inbound.connected": "Inbound call, connected",
    "meeting.held": "Met",
    "chat.inbound": "Wrote in chat",
    "chat.outbound": "Was written to in chat",
    "social.liked": "Liked a post",
    "social.commented": "Commented on a post",
    "social.shared": "Shared a post",
    "social.followed": "Followed",
    "social.mentioned": "Mentioned us",
    "social.messaged": "Sent a message on a social network",
    "social.impression": "Saw a post",
    "login.own": "Signed in",
    "login.user": "Signed in",
    "login.told": "Signed in",
}
TEXTS: Final = {  # by kind of fact; translations have the same kinds and placeholders
    **TOUCHES,
    "page.viewed.path": "Viewed {path}",
    "email.sent": "Was sent an email",
    "email.delivered": "An email was delivered",
    "email.bounced": "An email bounced",
    "email.unsubscribed": "Unsubscribed from email",
    "email.complained": "Reported an email as spam",
    "deal.created": "Deal created",
    "deal.created.stage": "Deal created in stage {stage}",
    "deal.moved": "Deal moved to {stage}",
    "deal.amount": "Deal amount changed",
    "deal.won": "Deal won",
    "deal.lost": "Deal lost",
    "deal.reopened": "Deal reopened",
    "deal.merged": "Deal merged away",
    "deal.deleted": "Deal deleted",
    "order.completed": "Ordered",
    "order.refunded": "Was refunded",
    "order.cancelled": "Cancelled an order",
    "lead.created": "Became a lead",
    "lead.qualified": "Qualified as a lead",
    "lead.assigned": "Was assigned as a lead",
    "lead.contacted": "Was contacted as a lead",
    "lead.converted": "Converted to an opportunity",
    "lead.unconverted": "Conversion undone",
    "lead.disqualified": "Was disqualified as a lead",
    "subscription.started": "Subscription started",
    "subscription.changed": "Subscription changed",
    "subscription.paused": "Subscription paused",
    "subscription.resumed": "Subscription resumed",
    "subscription.cancelled": "Subscription cancelled",
    "subscription.cancel_scheduled": "Subscription cancellation scheduled",
    "renewal.due": "Renewal due",
    "renewal.completed": "Renewed",
    "renewal.lost": "Renewal lost",
    "customer.created": "Became a customer in the CRM",
    "customer.reactivated": "Reactivated in the CRM",
    "customer.churned": "Churned in the CRM",
    "ticket.opened": "Opened a ticket",
    "ticket.resolved": "A ticket was resolved",
    "survey.recommend": "Answered {score} of {scale}: would recommend us?",
    "survey.effort": "Answered {score} of {scale}: how easy it was",
    "survey.satisfaction": "Answered {score} of {scale}: how satisfied they are",
    "user.signed_up": "Signed up",
    "form.started": "Began to fill in a form",
}
NAMES: Final = {code: name for name, code in CODES.items()}


def phrase(kind: str, **values: Any) -> dict[str, Any]:
    """``text``, and for translations the ``fact`` and the ``values`` of its placeholders."""
    found: dict[str, Any] = {"text": TEXTS[kind].format_map(values), "fact": kind}
    return {**found, "values": values} if values else found


def touch_phrase(kind: int, page: int) -> dict[str, Any]:
    """The phrase for a touch's kind and page. ``mood``: of a mention that was judged."""
    name = NAMES[kind]
    if name == "page.viewed" and page >= 0:
        return phrase("page.viewed.path", path=path_and_click(page)[0])
    if name in TEXTS:
        return phrase(name)
    plain, _, mood = name.rpartition(".")
    if plain not in TEXTS:
        return {"text": name.replace(".", " ").capitalize()}
    found = phrase(plain)
    return {**found, "text": f"{found['text']} ({mood})", "mood": mood}


def touch_text(kind: int, page: int) -> str:
    """The English text of a touch."""
    return str(touch_phrase(kind, page)["text"])


def money(amount: int | None, currency: str | None) -> dict[str, str]:
    """An amount in minor units as documents print money, with its currency; empty if either is missing."""
    if amount is None or currency is None:
        return {}
    value, code = Fraction(amount, 10 ** digits(currency)), iso(currency)
    return {"amount": money_text(value, digits(code)), "currency": code}


def time_of(instant: int | None) -> dict[str, str]:
    """An instant (ms) as ``time``; empty if it is unknown."""
    return {} if instant is None else {"time": instant_text(instant)}


def plain(text: Any) -> str:
    """An id as it may be shown: a digest without its mark."""
    return str(text).replace(MARK, "")


def without_empty(found: dict[str, Any]) -> dict[str, Any]:
    """The same without unknown or empty values."""
    return {name: value for name, value in found.items() if value not in (None, "")}
