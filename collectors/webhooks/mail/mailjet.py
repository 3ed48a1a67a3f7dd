"""Mailjet: the event API. It is not signed: HTTP Basic, or a secret in the URL.

https://dev.mailjet.com/email/guides/webhooks/
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
    "sent": "delivered",  # accepted by the recipient's server
    "open": "opened",
    "click": "clicked",
    "bounce": "bounced",
    "blocked": "rejected",
    "spam": "complained",
    "unsub": "unsubscribed",
}


def read(arrived: Arrived) -> Reading:
    """A list of events, or a single event."""
    return read_items(json_items(arrived.body), _reports)


def _reports(item: Item) -> Iterator[Report]:
    kind = KINDS.get(item.needed("event"))
    if kind is None:
        return
    if kind == "bounced" and item.text("error") == "greylisted" and not item.true("hard_bounce"):
        kind = "deferred"  # the receiving server asked to retry, and Mailjet does
    campaign = item.text("customcampaign", "mj_campaign_id")
    yield Report(
        kind,
        item.needed("MessageID"),
        item.text("email"),
        item.epoch("time"),
        link_url=item.url("url"),
        campaign_id=None if campaign == "0" else campaign,  # 0: none
        user_agent=item.agent("agent"),
        ip=item.text("ip"),
        reason=item.words("comment", "error"),
    )


PROVIDER: Final = Provider(
    "mailjet", "Mailjet", "user:password of the address, or the secret in it", shared_secret, read
)
