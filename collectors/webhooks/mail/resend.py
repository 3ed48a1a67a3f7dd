"""Resend: webhooks signed as Standard Webhooks, by Svix.

https://resend.com/docs/dashboard/webhooks/introduction
"""

from collections.abc import Iterator, Sequence
from typing import Final

from collectors.arrived import Arrived
from collectors.event import Reading
from collectors.webhooks import standard
from collectors.webhooks.mail.bodies import json_body
from collectors.webhooks.mail.fields import Item, Wrong, address, texts
from collectors.webhooks.mail.report import Report, read_items
from collectors.webhooks.provider import Provider

KINDS: Final = {
    "email.sent": "sent",
    "email.delivered": "delivered",
    "email.delivery_delayed": "deferred",
    "email.bounced": "bounced",
    "email.complained": "complained",
    "email.opened": "opened",
    "email.clicked": "clicked",
    "email.failed": "rejected",
    "email.suppressed": "rejected",
}


def verify(arrived: Arrived, secrets: Sequence[str]) -> None:
    """Standard Webhooks, under the names of Svix."""
    standard.verify(arrived, secrets, "svix" if "svix-signature" in arrived.headers else "webhook")


def read(arrived: Arrived) -> Reading:
    """One event for each recipient that it names; the header's id stays the same when it is sent again."""
    headers = Item({name: arrived.headers.get(name) for name in ("svix-id", "webhook-id")})
    return read_items([json_body(arrived.body)], lambda item: _reports(item, headers.text("svix-id", "webhook-id")))


def _reports(item: Item, number: str | None) -> Iterator[Report]:
    kind = KINDS.get(item.needed("type"))
    if kind is None:
        return
    data = item.part("data")
    click, opened = data.part("click"), data.part("open")
    campaign = data.text("broadcast_id")
    where = data.where("to")
    recipients = texts(data.listed("to"), where)
    if not recipients:
        raise Wrong(where, "is missing")
    for at, to in enumerate(recipients):
        yield Report(
            kind,
            data.needed("email_id"),
            address(to, f"{where}[{at}]"),
            item.instant("created_at"),
            number and f"{number}/{at}",
            link_url=click.url("link"),
            campaign_id=campaign,
            user_agent=click.agent("userAgent") or opened.agent("userAgent"),
            ip=click.text("ipAddress") or opened.text("ipAddress"),
            bulk=True if campaign else None,
            reason=data.part("bounce").words("message") or data.part("failed").words("reason"),
        )


PROVIDER: Final = Provider("resend", "Resend", "the signing secret of the webhook, whsec_…", verify, read)
