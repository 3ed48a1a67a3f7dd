"""SendGrid: the event webhook, signed with a key of its own.

https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
"""

from collections.abc import Iterator, Sequence
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from collectors.arrived import Arrived
from collectors.event import Reading
from collectors.webhooks import signing
from collectors.webhooks.mail.bodies import json_items
from collectors.webhooks.mail.fields import Item
from collectors.webhooks.mail.keys import public_keys
from collectors.webhooks.mail.report import Report, read_items
from collectors.webhooks.provider import Forged, Provider

KINDS: Final = {
    "delivered": "delivered",
    "deferred": "deferred",
    "bounce": "bounced",
    "dropped": "rejected",
    "open": "opened",
    "click": "clicked",
    "spamreport": "complained",
    "unsubscribe": "unsubscribed",
    "group_unsubscribe": "unsubscribed",
}
_SIGNATURE: Final = "x-twilio-email-event-webhook-signature"
_TIMESTAMP: Final = "x-twilio-email-event-webhook-timestamp"


def verify(arrived: Arrived, secrets: Sequence[str]) -> None:
    """ECDSA with SHA-256 over the time and the raw body."""
    keys = public_keys(secrets)
    seconds = signing.header(arrived, _TIMESTAMP)
    signature = signing.exactly_base64(signing.header(arrived, _SIGNATURE))
    signing.fresh(arrived, seconds)
    if not any(
        _signed(key, signature, seconds.encode() + arrived.body)
        for key in keys
        if isinstance(key, EllipticCurvePublicKey)
    ):
        raise Forged("the signature is wrong")


def _signed(key: EllipticCurvePublicKey, signature: bytes, message: bytes) -> bool:
    try:
        key.verify(signature, message, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def read(arrived: Arrived) -> Reading:
    """A list of events, up to some thousands."""
    return read_items(json_items(arrived.body), _reports)


def _reports(item: Item) -> Iterator[Report]:
    kind = KINDS.get(item.needed("event"))
    if kind is None:
        return
    campaign = item.text("singlesend_id", "marketing_campaign_id")
    yield Report(
        kind,
        item.needed("sg_message_id"),  # smtp-id is not in every event
        item.text("email"),
        item.epoch("timestamp"),
        item.text("sg_event_id"),
        link_url=item.url("url"),
        campaign_id=campaign,
        user_agent=item.agent("useragent"),
        ip=item.text("ip"),
        machine=item.true("sg_machine_open"),
        bulk=True if campaign else None,
        reason=item.words("reason", "response"),
    )


PROVIDER: Final = Provider("sendgrid", "SendGrid", "the verification key of the signed event webhook", verify, read)
