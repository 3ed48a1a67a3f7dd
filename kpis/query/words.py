"""How facts are told to people: names of touches, money, instants."""

from fractions import Fraction
from typing import Any, Final

from kpis.facts.page_paths import path_and_click
from kpis.facts.touches import CODES
from kpis.identity.pseudonyms import MARK
from kpis.publish.documents import instant_text
from kpis.publish.figures import money_text
from models.money import digits

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
NAMES: Final = {code: name for name, code in CODES.items()}


def touch_text(kind: int, page: int) -> str:
    """What somebody did, of a touch's kind and page."""
    name = NAMES[kind]
    if name == "page.viewed" and page >= 0:
        return f"Viewed {path_and_click(page)[0]}"
    if name in TOUCHES:
        return TOUCHES[name]
    plain, _, mood = name.rpartition(".")  # of a mention that was judged
    return f"{TOUCHES[plain]} ({mood})" if plain in TOUCHES else name.replace(".", " ").capitalize()


def money(amount: int | None, currency: str | None) -> dict[str, str]:
    """An amount in minor units as documents print money, with its currency; nothing where there is none."""
    if amount is None or currency is None:
        return {}
    places = digits(currency)
    return {"amount": money_text(Fraction(amount, 10**places), places), "currency": currency}


def time_of(instant: int | None) -> dict[str, str]:
    """When it was (ms); nothing where nobody knows."""
    return {} if instant is None else {"time": instant_text(instant)}


def plain(text: Any) -> str:
    """An id as it may be shown: a digest without its mark."""
    return str(text).replace(MARK, "")


def without_empty(found: dict[str, Any]) -> dict[str, Any]:
    """The same without what is not known."""
    return {name: value for name, value in found.items() if value not in (None, "")}
