"""Mandrill (Mailchimp Transactional): form webhooks, signed together with their URL.

https://mailchimp.com/developer/transactional/docs/webhooks/
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from collectors.arrived import Arrived, Unreadable
from collectors.event import Reading
from collectors.webhooks import signing
from collectors.webhooks.mail.bodies import form, json_body
from collectors.webhooks.mail.fields import Item
from collectors.webhooks.mail.report import Report, read_items
from collectors.webhooks.provider import Forged, Provider, Reply

KINDS: Final = {
    "send": "sent",
    "delivered": "delivered",
    "deferral": "deferred",
    "hard_bounce": "bounced",
    "soft_bounce": "bounced",
    "open": "opened",
    "click": "clicked",
    "spam": "complained",
    "unsub": "unsubscribed",
    "reject": "rejected",
}
_SEEN: Final = Reply(200, b"", "text/plain")


def verify(arrived: Arrived, secrets: Sequence[str]) -> None:
    """HMAC-SHA1 over the URL and the form fields sorted by name, in base64."""
    keys = signing.live(secrets)
    given = signing.header(arrived, "x-mandrill-signature")
    try:
        fields = sorted(dict(form(arrived.body)).items())
    except Unreadable as error:
        raise Forged(f"the body {error}") from None
    message = arrived.url + "".join(name + value for name, value in fields)
    raw = message.encode(errors="replace")
    signing.require(given, [signing.base64_hmac(key, raw, "sha1") for key in keys])


def handshake(arrived: Arrived, secrets: Sequence[str]) -> Reply | None:
    """A new webhook is tested before it has a key: with HEAD, then with an empty list of events."""
    if arrived.method in ("HEAD", "GET"):
        return _SEEN
    try:
        return None if _events(arrived) else _SEEN
    except Unreadable:
        return None  # reported when the body is read, after authentication


def read(arrived: Arrived) -> Reading:
    """Up to 1000 events."""
    return read_items(_events(arrived), _reports)


def _events(arrived: Arrived) -> list[Any]:
    text = dict(form(arrived.body)).get("mandrill_events")
    if text is None:
        raise Unreadable("is missing", "mandrill_events")
    found = json_body(text.encode(), "mandrill_events")
    if type(found) is not list:
        raise Unreadable("is not a list", "mandrill_events")
    return found


def _reports(item: Item) -> Iterator[Report]:
    if "event" not in item and "type" in item:
        return  # a change of allowlist or denylist
    kind = KINDS.get(item.needed("event"))
    if kind is None:
        return
    message = item.part("msg")
    yield Report(
        kind,
        # Shared by all events of a message, so the event id is derived.
        item.text("_id") or message.needed("_id"),
        message.text("email"),
        item.epoch("ts"),
        link_url=item.url("url"),
        user_agent=item.agent("user_agent"),
        ip=item.text("ip"),
        reason=message.words("diag", "bounce_description") or item.part("reject").words("reason"),
    )


PROVIDER: Final = Provider(
    "mandrill", "Mandrill (Mailchimp Transactional)", "the key of the webhook", verify, read, handshake
)
