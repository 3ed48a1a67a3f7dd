"""Mailchimp: webhooks of an audience, as forms. They are not signed: a secret in the address.

https://mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks/

They cover unsubscribes and bounces, but no opens and clicks. ``subscribe``, ``profile`` and ``upemail`` concern an
address rather than a message, and ``campaign`` has no recipient: all four are ignored.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from collectors.arrived import Arrived
from collectors.event import Reading
from collectors.webhooks.mail.bodies import form
from collectors.webhooks.mail.fields import Item
from collectors.webhooks.mail.report import Report, read_items
from collectors.webhooks.provider import Forged, Provider, Reply
from collectors.webhooks.signing import shared_secret

KINDS: Final = {"unsubscribe": "unsubscribed", "cleaned": "bounced"}


def handshake(arrived: Arrived, secrets: Sequence[str]) -> Reply | None:
    """Mailchimp checks the URL with GET. Answers if the secret is right; otherwise the request is refused later."""
    if arrived.method not in ("GET", "HEAD"):
        return None
    try:
        shared_secret(arrived, secrets)
    except Forged:
        return None
    return Reply(200, b"", "text/plain")


def read(arrived: Arrived) -> Reading:
    """One event, with fields named like ``data[email]``."""
    return read_items([dict(form(arrived.body))], _reports)


def _reports(item: Item) -> Iterator[Report]:
    kind = KINDS.get(item.needed("type"))
    if kind is None or item.text("data[action]") == "delete":  # by the audience's owner: not an unsubscribe
        return
    reason = item.text("data[reason]")
    campaign = item.text("data[campaign_id]")
    yield Report(
        "complained" if reason == "abuse" else kind,
        # Unsubscribing on the web page involves no campaign: the audience then stands for all of its mail.
        campaign or f"audience-{item.needed('data[list_id]')}",
        item.needed("data[email]"),
        item.instant("fired_at", zone="Z"),
        campaign_id=campaign,
        bulk=True,
        reason=reason,
    )


PROVIDER: Final = Provider(
    "mailchimp", "Mailchimp", "the secret in the address of the webhook", shared_secret, read, handshake
)
