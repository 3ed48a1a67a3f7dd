"""Mailtrap: webhooks of sending streams, signed.

https://docs.mailtrap.io/email-api-smtp/advanced/webhooks
"""

from collections.abc import Iterator, Sequence
from typing import Final

from collectors.arrived import Arrived, Unreadable
from collectors.event import Reading
from collectors.webhooks import signing
from collectors.webhooks.mail.bodies import json_body
from collectors.webhooks.mail.fields import Item
from collectors.webhooks.mail.report import Report, read_items
from collectors.webhooks.provider import Provider

KINDS: Final = {
    "delivery": "delivered",
    "open": "opened",
    "click": "clicked",
    "bounce": "bounced",
    "soft bounce": "deferred",
    "suspension": "deferred",
    "spam": "complained",
    "unsubscribe": "unsubscribed",
    "reject": "rejected",
}
_BULK: Final = {"bulk": True, "transactional": False}


def verify(arrived: Arrived, secrets: Sequence[str]) -> None:
    """HMAC-SHA256 over the raw body, in hexadecimal digits."""
    keys = signing.live(secrets)
    given = signing.header(arrived, "mailtrap-signature")
    signing.require(given, [signing.hex_hmac(key, arrived.body) for key in keys])


def read(arrived: Arrived) -> Reading:
    """Up to 500 events."""
    found = json_body(arrived.body)
    events = found.get("events") if type(found) is dict else None
    if type(events) is not list:
        raise Unreadable("has no list", "events")
    return read_items(events, _reports)


def _reports(item: Item) -> Iterator[Report]:
    kind = KINDS.get(item.needed("event"))
    if kind is None:
        return
    yield Report(
        kind,
        item.needed("message_id"),
        item.text("email"),
        item.epoch("timestamp"),
        item.text("event_id"),
        link_url=item.url("url"),
        user_agent=item.agent("user_agent"),
        ip=item.text("ip"),
        bulk=_BULK.get(item.text("sending_stream") or ""),
        reason=item.words("response", "reason"),
    )


PROVIDER: Final = Provider("mailtrap", "Mailtrap", "the signature key of the webhook", verify, read)
