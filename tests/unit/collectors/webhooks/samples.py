"""What a sample is: a delivery, and the events it must become."""

from typing import Any, Final, NamedTuple

from collectors.arrived import Arrived
from tests.unit.collectors.webhooks.sent import sent

Expected = tuple[str, str, str | None, dict[str, Any]]
"""Type without ``crm.``, id, time, data."""

AT: Final = "2026-11-18T11:59:00Z"
AT_MS: Final = 1_795_003_140_000
AT_S: Final = AT_MS // 1000


class Sample(NamedTuple):
    """A delivery of a provider."""

    provider: str
    name: str
    content: Any
    expected: tuple[Expected, ...] = ()
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    bad: tuple[str, ...] = ()  # the fields of what cannot be made into events
    ignored: int = 0

    def arrived(self) -> Arrived:
        """The request."""
        return sent(self.provider, self.content, query=self.query, headers=dict(self.headers))

    def __str__(self) -> str:
        return f"{self.provider}: {self.name}"
