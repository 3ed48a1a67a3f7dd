"""Meta: comments on posts of a Facebook page and of an Instagram account, and mentions of them.

https://developers.facebook.com/docs/graph-api/webhooks/getting-started (proof and handshake),
https://developers.facebook.com/docs/graph-api/webhooks/reference/page and …/reference/instagram. A secret is
``app secret:verify token``: the token has been in an address, so it must prove nothing but the handshake.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from collectors.arrived import Arrived, Unreadable
from collectors.event import Event, Reading
from collectors.webhooks.hmacs import hex_mac, prove, shared
from collectors.webhooks.items import at, document, given, maybe, maybe_whole, reading, table, text
from collectors.webhooks.options import options
from collectors.webhooks.provider import Forged, Provider, Reply
from collectors.webhooks.signing import header
from collectors.webhooks.times import of_s

MOST: Final = 1000  # changes of one delivery; Meta names that number
_NETWORKS: Final = {"page": "facebook", "instagram": "instagram"}
_CHALLENGE: Final = re.compile("[0-9A-Za-z_.-]{1,256}")
_MILLISECONDS: Final = 10**11  # times from here on are no seconds


def _verify(arrived: Arrived, secrets: Sequence[str]) -> None:
    signature = header(arrived, "x-hub-signature-256")
    keys = [secret.partition(":")[0] for secret in secrets]
    prove([signature], keys, lambda key: f"sha256={hex_mac(key, arrived.body)}")


def _handshake(arrived: Arrived, secrets: Sequence[str]) -> Reply | None:
    """Meta asks with the verify token, and wants its challenge back."""
    if arrived.method != "GET":
        return None
    asked = options(arrived)
    if asked.get("hub.mode") != "subscribe":
        raise Unreadable("must be subscribe", "hub.mode")
    tokens = [secret.partition(":")[2] for secret in secrets]
    shared(asked.get("hub.verify_token", ""), tokens)
    challenge = asked.get("hub.challenge", "")
    if not _CHALLENGE.fullmatch(challenge):  # it is sent back as it came
        raise Forged("the challenge is not a plain word")
    return Reply(200, challenge.encode(), "text/plain")


def _read(arrived: Arrived) -> Reading:
    found = document(arrived)
    network = _NETWORKS.get(str(at(found, "object")))
    entries = at(found, "entry")
    if not isinstance(entries, list):
        raise Unreadable("must be an array", "entry")
    items = [
        {"entry": {"id": at(entry, "id"), "time": at(entry, "time")}, "change": change}
        for entry in entries
        for change in (at(entry, "changes") if isinstance(at(entry, "changes"), list) else [at(entry, "changes")])
    ]
    if len(items) > MOST:
        raise Unreadable(f"more than {MOST} changes", "entry")
    return reading(arrived, items, lambda item: _events(item, network))


def _events(item: dict[str, Any], network: str | None) -> Iterator[Event]:
    if network is None or item["change"] is None:
        return
    table(item, "change")
    field = text(item, "change.field")
    if field not in _FIELDS[network]:
        return
    value = table(item, "change.value")
    if _is_new(value, field) and _author(value) != maybe(item, "entry.id"):  # replies of our own are no touches
        yield _event(item, network, field, value)


_FIELDS: Final = {"facebook": ("feed", "mention"), "instagram": ("comments", "live_comments", "mentions")}


def _is_new(value: dict[str, Any], field: str) -> bool:
    """Facebook tells of all that happens on a page; comments that are new count, and so do posts that mention it."""
    if field == "feed":
        return maybe(value, "verb") == "add" and maybe(value, "item") == "comment"
    return maybe(value, "verb") in (None, "add")


def _event(item: dict[str, Any], network: str, field: str, value: dict[str, Any]) -> Event:
    mention = field in ("mention", "mentions")
    name = maybe(value, "comment_id") or maybe(value, "id") or maybe(value, "post_id") or text(value, "media_id")
    author = _author(value)
    data = given(
        network=network, post_id=maybe(value, "post_id") or maybe(value, "media.id") or maybe(value, "media_id"),
        text=maybe(value, "message") or maybe(value, "text"), anonymous_id=f"{network}:{author}" if author else None,
    )  # fmt: skip
    seconds = maybe_whole(value, "created_time") or maybe_whole(item, "entry.time")
    time = of_s(seconds // 1000 if seconds >= _MILLISECONDS else seconds, "entry.time") if seconds else None
    kind = "mentioned" if mention else "commented"
    return Event(f"crm.social.{kind}", f"{maybe(item, 'entry.id')}-{field}-{name}", time, data)


def _author(value: dict[str, Any]) -> str | None:
    return maybe(value, "from.id") or maybe(value, "sender_id")


PROVIDER: Final = Provider(
    "meta_comments", "Meta (comments and mentions)",
    "the app secret and the verify token, as secret:token", _verify, _read, _handshake,
)  # fmt: skip
