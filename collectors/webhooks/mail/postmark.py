"""Postmark: the modular webhooks. They are not signed: HTTP Basic, or a secret in the URL.

https://postmarkapp.com/developer/webhooks/webhooks-overview
https://postmarkapp.com/developer/api/bounce-api#bounce-types
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

KINDS: Final = {"Delivery": "delivered", "Open": "opened", "Click": "clicked"}
BOUNCES: Final = {
    # Bounce types that are not bounces; all others are.
    "Transient": "deferred",
    "DnsError": "deferred",
    "Unsubscribe": "unsubscribed",
    "SpamComplaint": "complained",
    "SpamNotification": "complained",
    "BadEmailAddress": "rejected",
    "ManuallyDeactivated": "rejected",
    "Unconfirmed": "rejected",
    "Blocked": "rejected",
    "SMTPApiError": "rejected",
    "DMARCPolicy": "rejected",
    "TemplateRenderingFailed": "rejected",
    # Auto-replies, replies, tests, and inbound mail.
    "Subscribe": None,
    "AutoResponder": None,
    "AddressChange": None,
    "OpenRelayTest": None,
    "ChallengeVerification": None,
    "InboundError": None,
    "Unknown": None,
}
SUPPRESSIONS: Final = {
    "ManualSuppression": "unsubscribed",
    "HardBounce": "bounced",
    "SpamComplaint": "complained",
}
_STREAMS: Final = {
    "outbound": False,
    "broadcast": True,
    "broadcasts": True,
}  # Postmark's default streams; users may create more


def read(arrived: Arrived) -> Reading:
    """One event."""
    return read_items(json_items(arrived.body), _reports)


def _reports(item: Item) -> Iterator[Report]:
    if "RecordType" not in item and "FromFull" in item:
        return  # inbound mail
    kind = _kind(item)
    if kind is None:
        return
    client = item.part("Geo")
    yield Report(
        kind,
        item.needed("MessageID"),
        item.text("Recipient", "Email"),
        item.instant("DeliveredAt") or item.instant("BouncedAt") or item.instant("ReceivedAt")
        or item.instant("ChangedAt"),
        link_url=item.url("OriginalLink"),
        user_agent=item.agent("UserAgent"),
        ip=client.text("IP"),
        bulk=_STREAMS.get(item.text("MessageStream") or ""),
        reason=item.words("Details", "Description", "SuppressionReason"),
    )  # fmt: skip


def _kind(item: Item) -> str | None:
    record = item.needed("RecordType")
    if record in ("Bounce", "SpamComplaint"):
        return BOUNCES.get(item.text("Type") or record, "bounced")
    if record == "SubscriptionChange":
        return SUPPRESSIONS.get(item.text("SuppressionReason") or "") if item.true("SuppressSending") else None
    return KINDS.get(record)


PROVIDER: Final = Provider(
    "postmark", "Postmark", "user:password of the address, or the secret in it", shared_secret, read
)
