"""MailerSend: webhooks of a domain, signed.

https://developers.mailersend.com/api/v1/webhooks.html
"""

from collections.abc import Iterator, Sequence
from typing import Final

from collectors.arrived import Arrived
from collectors.event import Reading
from collectors.webhooks import signing
from collectors.webhooks.mail.bodies import json_items
from collectors.webhooks.mail.fields import Item
from collectors.webhooks.mail.report import Report, read_items
from collectors.webhooks.provider import Provider

KINDS: Final = {
    # The first open or click is also sent as activity.opened_unique: count it once.
    "activity.sent": "sent",
    "activity.delivered": "delivered",
    "activity.deferred": "deferred",
    "activity.soft_bounced": "bounced",
    "activity.hard_bounced": "bounced",
    "activity.opened": "opened",
    "activity.clicked": "clicked",
    "activity.unsubscribed": "unsubscribed",
    "activity.spam_complaint": "complained",
}


def verify(arrived: Arrived, secrets: Sequence[str]) -> None:
    """HMAC-SHA256 over the raw body, in hexadecimal digits."""
    keys = signing.live(secrets)
    given = signing.header(arrived, "signature")
    signing.require(given, [signing.hex_hmac(key, arrived.body) for key in keys])


def read(arrived: Arrived) -> Reading:
    """One event."""
    return read_items(json_items(arrived.body), _reports)


def _reports(item: Item) -> Iterator[Report]:
    kind = KINDS.get(item.needed("type"))
    if kind is None:
        return
    activity = item.part("data")
    email, details = activity.part("email"), activity.part("morph")
    yield Report(
        kind,
        email.part("message").needed("id"),
        email.part("recipient").text("email"),
        activity.instant("created_at") or item.instant("created_at"),
        activity.text("id"),
        link_url=details.url("url"),
        user_agent=details.agent("user_agent"),
        ip=details.text("ip"),
        reason=details.words("readable_reason", "reason"),
    )


PROVIDER: Final = Provider("mailersend", "MailerSend", "the signing secret of the webhook", verify, read)
