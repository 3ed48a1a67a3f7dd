"""Unisender Go: callbacks, signed within the body.

https://godocs.unisender.ru/web-api-ref#callback-format
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from collectors.arrived import Arrived, Unreadable
from collectors.event import Reading
from collectors.webhooks import signing
from collectors.webhooks.mail.bodies import json_body
from collectors.webhooks.mail.fields import Item
from collectors.webhooks.mail.report import Report, read_items
from collectors.webhooks.provider import Forged, Provider, Reply

KINDS: Final = {
    "sent": "sent",
    "delivered": "delivered",
    "opened": "opened",
    "clicked": "clicked",
    "unsubscribed": "unsubscribed",
    "spam": "complained",
    "soft_bounced": "deferred",  # it is tried again
    "hard_bounced": "bounced",
}
_STATUS: Final = "transactional_email_status"
_MD5: Final = re.compile(r"[0-9a-f]{32}")


def verify(arrived: Arrived, secrets: Sequence[str]) -> None:
    """``auth`` is the MD5 of the body with the API key in the place of ``auth``."""
    keys = signing.live(secrets)
    try:
        body = json_body(arrived.body)
    except Unreadable as error:
        raise Forged(f"the body {error}") from None
    given = body.get("auth") if type(body) is dict else None
    if type(given) is not str or _MD5.fullmatch(given) is None:
        raise Forged("auth is missing")
    if arrived.body.count(given.encode()) != 1:
        # The key would not be part of what is hashed, or twice.
        raise Forged("auth is not written exactly once")
    bodies = [arrived.body.replace(given.encode(), key) for key in keys]
    signing.require(given, [hashlib.md5(one).hexdigest().encode() for one in bodies])


def handshake(arrived: Arrived, secrets: Sequence[str]) -> Reply | None:
    """A new callback is tried with GET, which says nothing."""
    return Reply(200, b"", "text/plain") if arrived.method in ("GET", "HEAD") else None


def read(arrived: Arrived) -> Reading:
    """Several events, by user and project, or the one of a callback with "use single event"."""
    found = json_body(arrived.body)
    if type(found) is not dict:
        raise Unreadable("is not an object")
    if "events_by_user" not in found:
        return read_items([found], lambda item: _reports(item, item))
    return read_items(_events(found["events_by_user"]), lambda item: _reports(item, item.part("event_data")))


def _events(users: Any) -> list[Any]:
    if type(users) is not list:
        raise Unreadable("is not a list", "events_by_user")
    found: list[Any] = []
    for user in users:
        events = user.get("events") if type(user) is dict else None
        # What is no user is one item, and a bad one: those of the others go on.
        found.extend(events if type(events) is list else [user])
    return found


def _reports(item: Item, data: Item) -> Iterator[Report]:
    if item.needed("event_name") != _STATUS:
        return
    kind = KINDS.get(data.needed("status"))
    if kind is None:
        return
    info = data.part("delivery_info")
    yield Report(
        kind,
        data.needed("job_id"),
        data.text("email"),
        data.instant("event_time", zone="Z"),
        link_url=data.url("url"),
        user_agent=info.agent("user_agent"),
        ip=info.text("ip"),
        reason=info.words("destination_response", "delivery_status") or data.words("comment"),
    )


PROVIDER: Final = Provider(
    "unisender_go", "Unisender Go", "the API key of the account or the project", verify, read, handshake
)
