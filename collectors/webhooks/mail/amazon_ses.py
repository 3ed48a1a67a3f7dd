"""Amazon SES: event publishing and notifications, via SNS.

https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html

SNS signs with a certificate that must be fetched, and any topic has one, so we authenticate by a secret of our own:
HTTP Basic or in the URL. A new subscription's ``SubscribeURL`` is not fetched either: anyone who can post here could
make us open any URL. `confirmation` returns it for an operator.
"""

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from collectors.arrived import Arrived, Unreadable
from collectors.event import Bad, Reading
from collectors.webhooks.mail.bodies import json_body
from collectors.webhooks.mail.fields import Item, Wrong, texts
from collectors.webhooks.mail.report import Report, read_items
from collectors.webhooks.provider import Provider
from collectors.webhooks.signing import shared_secret

KINDS: Final = {
    # SES type -> ours, and the object with details.
    "Send": ("sent", "send"),
    "Delivery": ("delivered", "delivery"),
    "DeliveryDelay": ("deferred", "deliveryDelay"),
    "Bounce": ("bounced", "bounce"),
    "Complaint": ("complained", "complaint"),
    "Reject": ("rejected", "reject"),
    "Rendering Failure": ("rejected", "failure"),
    "Open": ("opened", "open"),
    "Click": ("clicked", "click"),
    "Subscription": ("unsubscribed", "subscription"),
}
_RECIPIENTS: Final = ("bouncedRecipients", "complainedRecipients", "delayedRecipients")
_AMAZON: Final = (".amazonaws.com", ".amazonaws.com.cn")
_VALIDATED: Final = "Successfully validated SNS topic"


def confirmation(arrived: Arrived) -> str | None:
    """The URL that confirms a subscription, if this request is one: for display only, never fetched."""
    try:
        envelope = Item(json_body(arrived.body))
        if envelope.text("Type") != "SubscriptionConfirmation":
            return None
        found = envelope.url("SubscribeURL") or ""
        parts = urlsplit(found)
        host = parts.hostname or ""
    except (Unreadable, Wrong, ValueError):
        return None
    return found if parts.scheme == "https" and host.startswith("sns.") and host.endswith(_AMAZON) else None


def confirm(arrived: Arrived) -> str | None:
    """What an operator has to do to confirm a subscription."""
    found = confirmation(arrived)
    return f"to confirm the subscription, open {found}" if found else None


def read(arrived: Arrived) -> Reading:
    """One event per recipient, also for raw delivery. Subscriptions are ignored."""
    envelope = json_body(arrived.body)
    if type(envelope) is not dict:
        raise Unreadable("is not an object")
    if "Type" not in envelope:
        return read_items([envelope], lambda item: _reports(item, Item({})))
    if envelope["Type"] != "Notification":
        return Reading([], [], ignored=1)
    return _notification(envelope)


def _notification(envelope: dict[str, Any]) -> Reading:
    message = envelope.get("Message")
    if type(message) is str and message.startswith(_VALIDATED):
        return Reading([], [], ignored=1)
    try:
        inner = json_body(message.encode(), "Message") if type(message) is str else None
    except Unreadable as error:
        return Reading([], [Bad(0, error.field, str(error), orjson.dumps(envelope))])
    return read_items([inner], lambda item: _reports(item, Item(envelope)))


def _reports(item: Item, envelope: Item) -> Iterator[Report]:
    kind, name = KINDS.get(item.needed("eventType", "notificationType"), (None, ""))
    mail, details = item.part("mail"), item.part(name)
    if kind is None or (kind == "unsubscribed" and not _left(details)):
        return
    message, notification = mail.needed("messageId"), envelope.text("MessageId")
    at = details.instant("timestamp") or (mail.instant("timestamp") if kind == "sent" else None)
    for number, (recipient, reason) in enumerate(_recipients(kind, mail, details)):
        yield Report(
            kind,
            message,
            recipient,
            at or envelope.instant("Timestamp") or mail.instant("timestamp"),
            # Stable across retries; a notification may have several recipients.
            notification and f"{notification}/{number}",
            link_url=details.url("link"),
            user_agent=details.agent("userAgent"),
            ip=details.text("ipAddress"),
            reason=reason,
        )


def _left(details: Item) -> bool:
    """Whether a subscription change left no subscription."""
    return details.part("newTopicPreferences").true("unsubscribeAll")


def _recipients(kind: str, mail: Item, details: Item) -> Iterator[tuple[str | None, str | None]]:
    """The recipients of an event, each with a reason."""
    why = details.words("reason", "errorMessage", "complaintFeedbackType", "bounceSubType", "delayType")
    for name in _RECIPIENTS:
        for at, one in enumerate(details.listed(name)):
            found = Item(one, details.where(f"{name}[{at}]"))
            yield found.address("emailAddress"), found.words("diagnosticCode") or why
        if details.listed(name):
            return
    named = texts(details.listed("recipients") or mail.listed("destination"), mail.where("destination"))
    if kind in ("opened", "clicked", "unsubscribed") and len(named) > 1:
        yield None, why  # one of them did, but it is unknown which
    else:
        yield from ((one, why) for one in dict.fromkeys(named) or (None,))


PROVIDER: Final = Provider(
    "amazon_ses",
    "Amazon SES",
    "user:password of the subscription's address, or the secret in it",
    shared_secret,
    read,
    notice=confirm,
)
