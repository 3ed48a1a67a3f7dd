"""A tenant's status in the API's form. Pure."""

from typing import Any, Final

from dashboard.replies import instant
from sinks.base import Status

STALE_MS: Final = 90_000  # a live worker confirms its numbers every second; see docs/redis.md
SILENT: Final = "no worker has said that the numbers are current"


def current(status: Status, now: int) -> dict[str, Any]:
    """``as_of`` and ``checked`` (RFC 3339), ``stale``, ``catching_up``, ``reason`` (why stale, or None)."""
    stale = now - status.checked > STALE_MS
    return {
        "as_of": instant(status.as_of),
        "checked": instant(status.checked),
        "stale": stale,
        "catching_up": status.catching_up,
        "reason": SILENT if stale else None,
    }


def rev(status: Status) -> str:
    """The revision as in documents: epoch.position."""
    return f"{status.rev[0]}.{status.rev[1]}"
