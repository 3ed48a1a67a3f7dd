"""Standard Webhooks, for any system that can send our own events.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md. The body is one event of the
contract or an array of them: structured CloudEvents, or ``{"type": …, "time": …, "data": {…}}``.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Any, Final

from collectors.arrived import Arrived, Unreadable
from collectors.event import Event, Reading
from collectors.webhooks.hmacs import base64_mac, fresh, prove_with, stamp
from collectors.webhooks.items import Fault, at, document, maybe, reading, table, text
from collectors.webhooks.provider import Provider
from collectors.webhooks.signing import header
from models.events import PREFIX, SHAPES

MOST: Final = 2000  # events of one body
_PREFIX: Final = "whsec_"
_SHORTEST, _LONGEST = 24, 64  # bytes of a secret
_ID: Final = re.compile(r"[\x21-\x7e]{1,200}")


def verify(arrived: Arrived, secrets: Sequence[str], prefix: str = "webhook") -> None:
    """Forged unless the message was signed with one of the secrets, within five minutes of its arrival.

    ``prefix`` of the headers: Svix sends the same under names of its own.
    """
    name = header(arrived, f"{prefix}-id")
    sent = header(arrived, f"{prefix}-timestamp")
    fresh(arrived, stamp(sent) * 1000)
    parts = (part.partition(",") for part in header(arrived, f"{prefix}-signature").split(" "))
    signatures = [value for version, _, value in parts if version == "v1"]
    message = b".".join((name.encode("utf-8", "replace"), sent.encode(), arrived.body))
    prove_with(filter(None, map(_key, secrets)), signatures, lambda key: base64_mac(key, message))


def _key(secret: str) -> bytes | None:
    """The bytes of a secret, padded or not; None when it is none of Standard Webhooks."""
    encoded = secret.removeprefix(_PREFIX).rstrip("=")
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if _SHORTEST <= len(key) <= _LONGEST else None


def read(arrived: Arrived) -> Reading:
    """The events of a body; each is known by the id of the message, and by its place among several."""
    name = arrived.headers.get("webhook-id", "")
    if not _ID.fullmatch(name):
        raise Unreadable("must be 1 to 200 visible characters", "webhook-id")
    found = document(arrived)
    several = isinstance(found, list)
    items = found if several else [found]
    if len(items) > MOST:
        raise Unreadable(f"more than {MOST} events")
    names = iter([f"{name}-{place}" for place in range(len(items))] if several else [name])
    return reading(arrived, items, lambda item: [_event(item, next(names))])


def _event(item: Any, name: str) -> Event:
    table(item)
    kind = text(item, "type")
    data = at(item, "data")
    if data is not None and not isinstance(data, dict):
        raise Fault("data", "must be an object")
    kind = f"{PREFIX}{kind}" if f"{PREFIX}{kind}" in SHAPES else kind
    return Event(kind, name, maybe(item, "time"), data or {}, maybe(item, "sentat"))


PROVIDER: Final = Provider(
    "standard", "Standard Webhooks", "a secret of 24 to 64 bytes in base64, whsec_…", verify, read
)
