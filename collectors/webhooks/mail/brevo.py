"""Brevo: webhooks of transactional mail and of campaigns. They are not signed: HTTP Basic, a token, or a secret in
the URL.

https://developers.brevo.com/docs/transactional-webhooks
https://developers.brevo.com/docs/marketing-webhooks
"""

from collections.abc import Iterator
from typing import Final

from collectors.arrived import Arrived
from collectors.event import Reading
from collectors.webhooks.mail.bodies import json_items
from collectors.webhooks.mail.fields import Item
from collectors.webhooks.mail.report import Report, read_items
from collectors.webhooks.provider import Provider
from collectors.webhooks.signing import shared_secret

KINDS: Final = {
    # "request" comes before it is clear whether anything is sent.
    "delivered": "delivered",
    "deferred": "deferred",
    "hard_bounce": "bounced",
    "soft_bounce": "bounced",
    "invalid_email": "bounced",
    "blocked": "rejected",
    "error": "rejected",
    "spam": "complained",
    "complaint": "complained",
    "unique_opened": "opened",  # the first open; "opened" are later ones
    "opened": "opened",
    "unique_proxy_open": "opened",
    "proxy_open": "opened",
    "click": "clicked",
    "unsubscribe": "unsubscribed",
    # Campaigns spell two of them differently.
    "hardBounce": "bounced",
    "softBounce": "bounced",
}
_PROXIES: Final = ("unique_proxy_open", "proxy_open")  # Apple's proxies, which open everything
_SECONDS_DIGITS: Final = 11  # until the year 5138


def read(arrived: Arrived) -> Reading:
    """One event, or a list from a batched webhook."""
    return read_items(json_items(arrived.body), _reports)


def _reports(item: Item) -> Iterator[Report]:
    if "event" not in item and "items" in item:
        return  # inbound mail
    name = item.needed("event")
    kind = KINDS.get(name)
    if kind is None:
        return
    campaign = item.text("camp_id")
    yield Report(
        kind,
        item.text("message-id") or f"campaign-{item.needed('camp_id')}",
        item.text("email"),
        _at(item),
        link_url=item.url("link") or item.url("URL"),
        campaign_id=campaign,
        user_agent=item.agent("user_agent"),
        ip=item.text("ip"),
        machine=name in _PROXIES,
        bulk=True if campaign else None,
        reason=item.words("reason"),
    )


def _at(item: Item) -> int | None:
    """``ts_epoch``, in ms: the other times may be in the account's time zone. Occasionally it is in seconds."""
    name = "ts_epoch" if item.text("ts_epoch") else "ts_event"
    milliseconds = len(item.text(name) or "") > _SECONDS_DIGITS
    return item.epoch(name, 1 if milliseconds else 1000)


PROVIDER: Final = Provider(
    "brevo", "Brevo", "user:password or the token of the webhook, or the secret in its address", shared_secret, read
)
