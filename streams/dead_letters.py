"""Dead letters: the bytes as they came, and headers that say where from and why. They contain no text of the event."""

import hashlib
from typing import Final

from streams.producing import Headers, Output

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


def output(key: bytes | None, value: bytes | None, headers: Headers, limit: int) -> Output:
    """A dead letter. What is larger than ``limit`` bytes keeps its head, its size and its sha256."""
    size = len(value or b"") + len(key or b"")
    if size <= limit:
        return key, value, headers
    whole = value or b""
    cut = [
        ("crmkpi.truncated", str(len(whole)).encode()),
        ("crmkpi.sha256", hashlib.sha256(whole).hexdigest().encode()),
    ]
    return (key or b"")[:HEAD] or None, whole[:HEAD], [*headers, *cut]
