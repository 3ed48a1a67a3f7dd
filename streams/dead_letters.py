"""Dead letters: the bytes as they came, and headers that say where from and why. They contain no text of the event."""

import hashlib
from collections.abc import Sequence
from typing import Final

from streams.producing import Header, Headers, Output

PREFIX: Final = "crmkpi."  # of the names of our headers
HEAD: Final = 64 << 10  # what stays of a record that is too large to keep whole


def headers_of(
    topic: str,
    partition: int,
    offset: int,
    timestamp: int,
    *,
    stage: str,
    reason: str,
    field: str | None,
    detail: str,
    tenant: str = "",
) -> Headers:
    """What a reader needs to find the original again, and to drop repeats (same topic, partition and offset)."""
    texts = {
        "crmkpi.topic": topic,
        "crmkpi.partition": str(partition),
        "crmkpi.offset": str(offset),
        "crmkpi.timestamp": str(timestamp),
        "crmkpi.stage": stage,
        "crmkpi.reason": reason,
        "crmkpi.field": field or "",
        "crmkpi.detail": detail[:1000],
        "crmkpi.tenant": tenant,
    }
    return [(name, text.encode()) for name, text in texts.items()]


RECONSTRUCTED: Final = ("crmkpi.reconstructed", b"1")
"""Marks a letter whose record was gone: its event was made again from the journal."""


def output(
    key: bytes | None, value: bytes | None, sent: Sequence[Header], ours: Sequence[Header], limit: int
) -> Output:
    """A dead letter, with the headers that were ``sent`` and ours. Of a record larger than ``limit`` bytes it keeps
    the head, the size and the sha256, and none of the headers: a compressed batch may hold more than Kafka takes back.

    Names that begin with `crmkpi.` are ours alone: a record that brings them is most likely a letter, sent by hand.
    """
    own = [(name, text) for name, text in sent if not name.startswith(PREFIX)]
    size = len(value or b"") + len(key or b"") + sum(len(name.encode()) + len(text or b"") for name, text in own)
    if size <= limit:
        return key, value, [*own, *ours]
    whole = value or b""
    cut = [
        ("crmkpi.truncated", str(len(whole)).encode()),
        ("crmkpi.sha256", hashlib.sha256(whole).hexdigest().encode()),
    ]
    return (key or b"")[:HEAD] or None, whole[:HEAD], [*ours, *cut]
