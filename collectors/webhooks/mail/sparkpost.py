"""SparkPost: batches of events. They are not signed: HTTP Basic, or a secret in the address.

https://developers.sparkpost.com/api/webhooks/
https://support.sparkpost.com/docs/tech-resources/webhook-event-reference
"""

from collections.abc import Iterator
from typing import Final

from collectors.arrived import Arrived
from collectors.event import Reading
from collectors.webhooks.mail.bodies import json_items
from collectors.webhooks.mail.fields import Item, Wrong
from collectors.webhooks.mail.report import Report, read_items
from collectors.webhooks.provider import Provider
from collectors.webhooks.signing import shared_secret

KINDS: Final = {
    "delivery": "delivered",
    "delay": "deferred",
    "bounce": "bounced",
    "out_of_band": "bounced",
    "policy_rejection": "rejected",
    "generation_failure": "rejected",
    "generation_rejection": "rejected",
    "spam_complaint": "complained",
    # A message that is read has two pixels, at its top (initial_open) and at its end: one of them is counted.
    "open": "opened",
    "amp_open": "opened",
    "click": "clicked",
    "amp_click": "clicked",
    "list_unsubscribe": "unsubscribed",
    "link_unsubscribe": "unsubscribed",
}
BOUNCES: Final = {
    # Classes of bounces that are none: answers of machines and people.
    "60": None,
    "80": None,
    "90": "unsubscribed",
    "100": None,
}


def read(arrived: Arrived) -> Reading:
    """Up to some thousands of events; a ping has one without content."""
    return read_items(json_items(arrived.body), _reports)


def _reports(item: Item) -> Iterator[Report]:
    wrapper = item.part("msys")
    for name in wrapper.names():
        yield from _report(wrapper.part(name))


def _report(event: Item) -> Iterator[Report]:
    kind = KINDS.get(event.needed("type")) if "type" in event else None
    if kind == "bounced":
        kind = BOUNCES.get(event.text("bounce_class") or "", kind)
    if kind is None:
        return
    parsed = event.part("user_agent_parsed")
    yield Report(
        kind,
        event.needed("transmission_id", "message_id"),
        event.text("raw_rcpt_to", "rcpt_to"),
        _at(event),
        event.text("event_id"),
        link_url=event.url("target_link_url"),
        campaign_id=event.text("campaign_id"),
        user_agent=event.agent("user_agent"),
        ip=event.text("ip_address"),
        machine=parsed.true("is_prefetched", "is_proxy"),
        bulk=False if event.text("transactional") == "1" else None,
        reason=event.words("raw_reason", "reason"),
    )


def _at(event: Item) -> int | None:
    """Seconds since 1970 in most events, a time as text in some."""
    try:
        return event.epoch("timestamp")
    except Wrong:
        return event.instant("timestamp")


PROVIDER: Final = Provider(
    "sparkpost", "SparkPost", "user:password of the webhook, or the secret in its address", shared_secret, read
)
