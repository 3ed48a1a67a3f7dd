"""Mailchimp: webhooks of an audience, as forms. They are not signed: a secret in the address.

https://mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks/

They tell who left an audience or could not be reached, of no opens and clicks. ``subscribe``, ``profile`` and
``upemail`` are about an address, not a message, and ``campaign`` is about no recipient: all four are ignored.
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
    """Mailchimp asks with GET whether the address answers. It does to who has the secret; others are refused later."""
    if arrived.method not in ("GET", "HEAD"):
        return None
    try:
        shared_secret(arrived, secrets)
    except Forged:
        return None
    return Reply(200, b"", "text/plain")


def read(arrived: Arrived) -> Reading:
    """One event, of which fields are called ``data[email]``."""
    return read_items([dict(form(arrived.body))], _reports)


def _reports(item: Item) -> Iterator[Report]:
    kind = KINDS.get(item.needed("type"))
    if kind is None or item.text("data[action]") == "delete":  # by the audience's owner: nobody left
        return
    reason = item.text("data[reason]")
    campaign = item.text("data[campaign_id]")
    yield Report(
        "complained" if reason == "abuse" else kind,
        # Somebody who leaves on the web page answers to no campaign: then the audience stands for all of its mail.
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
