"""Mailgun: webhooks signed within the body, in the current format and that before 2018.

https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhooks
https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks

The signature covers a time and a token, not the event, so anyone who has seen one request could reuse it for another
event. Hence a token is valid once (``replayed``), and only within the tolerance; beyond that we rely on TLS. Failed
requests are retried for eight hours, apparently with the original signature: a shorter tolerance would lose all events
of an outage.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from collectors.arrived import Arrived, Unreadable
from collectors.event import Reading
from collectors.webhooks import signing
from collectors.webhooks.mail import mailgun_form
from collectors.webhooks.mail.bodies import json_body
from collectors.webhooks.mail.fields import Item, Wrong, address
from collectors.webhooks.mail.report import Report, read_items
from collectors.webhooks.provider import Forged, Provider

KINDS: Final = {
    "delivered": "delivered",
    "rejected": "rejected",
    "opened": "opened",
    "clicked": "clicked",
    "unsubscribed": "unsubscribed",
    "complained": "complained",
}

TOLERANCE_S: Final = 9 * 3600  # https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-retries


def verify(arrived: Arrived, secrets: Sequence[str]) -> None:
    """HMAC-SHA256 over time and token; ``parent-signature``, if present, is the main account's."""
    keys = signing.live(secrets)
    try:
        signed = _signed(arrived)
        seconds, token = signed.needed("timestamp"), signed.needed("token")
        given = [signed.text(name) for name in ("signature", "parent-signature")]
    except (Wrong, Unreadable) as error:
        raise Forged(f"there is no signature: {error}") from None
    signing.fresh(arrived, seconds, TOLERANCE_S)
    expected = [signing.hex_hmac(key, (seconds + token).encode()) for key in keys]
    if not any(signing.fits(one, expected) for one in given if one):
        raise Forged("the signature is wrong")


def _signed(arrived: Arrived) -> Item:
    if mailgun_form.is_form(arrived):
        return mailgun_form.signed(arrived)
    return Item(json_body(arrived.body)).part("signature")


def replayed(arrived: Arrived) -> str | None:
    """The token."""
    try:
        return _signed(arrived).text("token")
    except (Wrong, Unreadable):
        return None


def read(arrived: Arrived) -> Reading:
    """One event."""
    if mailgun_form.is_form(arrived):
        return read_items([mailgun_form.fields(arrived)], mailgun_form.reports)
    return read_items([json_body(arrived.body)], lambda item: _reports(item.part("event-data")))


def _reports(item: Item) -> Iterator[Report]:
    name = item.needed("event")
    kind = _failure(item) if name == "failed" else KINDS.get(name)
    if kind is None:
        return
    headers, status = item.part("message").part("headers"), item.part("delivery-status")
    client = item.part("client-info")
    at = item.epoch("timestamp")
    identity = item.text("id")
    yield Report(
        kind,
        headers.needed("message-id"),
        item.text("recipient") or address(headers.text("to"), headers.where("to")),
        at,
        # Mailgun's ids are only unique within a day.
        identity and f"{identity}/{at}",
        link_url=item.url("url"),
        campaign_id=_campaign(item),
        user_agent=client.agent("user-agent"),
        ip=item.text("ip"),
        machine=client.text("bot") is not None,
        reason=status.words("message", "description") or item.part("reject").words("reason") or item.words("reason"),
    )


def _failure(item: Item) -> str:
    """The type of a failure: suppressed messages were never sent, temporary failures are retried."""
    if item.text("severity") == "temporary":
        return "deferred"
    return "rejected" if (item.text("reason") or "").startswith("suppress-") else "bounced"


def _campaign(item: Item) -> str | None:
    campaigns = item.listed("campaigns")
    return Item(campaigns[0], item.where("campaigns[0]")).text("id", "name") if campaigns else None


PROVIDER: Final = Provider(
    "mailgun", "Mailgun", "the HTTP webhook signing key of the account", verify, read, replayed=replayed
)
