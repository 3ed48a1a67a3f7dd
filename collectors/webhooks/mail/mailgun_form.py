"""Mailgun's webhooks before 2018, still sent by old accounts: forms with flat fields.

The sender's custom variables are mixed in and may clash with fields: the event's own field comes first, but time, token
and signature come last.
"""

from collections.abc import Iterator
from typing import Final

from collectors.arrived import Arrived
from collectors.webhooks.mail.bodies import form
from collectors.webhooks.mail.fields import Item
from collectors.webhooks.mail.report import Report

KINDS: Final = {
    "delivered": "delivered",
    "dropped": "rejected",
    "bounced": "bounced",
    "opened": "opened",
    "clicked": "clicked",
    "unsubscribed": "unsubscribed",
    "complained": "complained",
}
_LAST: Final = ("timestamp", "token", "signature")


def is_form(arrived: Arrived) -> bool:
    """Whether this is in the old format."""
    return arrived.headers.get("content-type", "").lower().startswith("application/x-www-form-urlencoded")


def fields(arrived: Arrived) -> dict[str, str]:
    """The event's own fields."""
    pairs = form(arrived.body)
    found = dict(reversed(pairs))
    return {**found, **{name: value for name, value in pairs if name in _LAST}}


def signed(arrived: Arrived) -> Item:
    """Time, token and signature."""
    return Item(fields(arrived))


def reports(item: Item) -> Iterator[Report]:
    """The event; none for inbound mail."""
    if "event" not in item and "sender" in item:
        return
    kind = KINDS.get(item.needed("event"))
    if kind is None:
        return
    yield Report(
        kind,
        item.needed("Message-Id", "message-id"),
        item.text("recipient"),
        item.epoch("timestamp"),
        link_url=item.url("url"),
        campaign_id=item.text("campaign-id"),
        user_agent=item.agent("user-agent"),
        ip=item.text("ip"),
        reason=item.words("error", "description", "notification"),
    )
