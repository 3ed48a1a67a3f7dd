"""Dead letters: the original bytes, plus headers with origin and reason. The headers never quote the event."""

import hashlib
from collections.abc import Sequence
from typing import Final

from streams.producing import Header, Headers, Output

PREFIX: Final = "crmkpi."  # prefix of our headers
HEAD: Final = 64 << 10  # bytes kept of a record that is too large


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
    """Our headers: enough to find the original and to drop repeats (same topic, partition and offset)."""
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
"""Marks a letter whose original record was gone: the event was reconstructed from the journal."""


def output(
    key: bytes | None, value: bytes | None, sent: Sequence[Header], ours: Sequence[Header], limit: int
) -> Output:
    """A dead letter with the headers that were ``sent`` and ours. A record larger than ``limit`` bytes is cut to its
    head, size and sha256, without its headers: a compressed batch may hold more than Kafka accepts back.

    Incoming headers that start with `crmkpi.` are dropped: such a record is most likely a dead letter, resent by hand.
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
