"""The records that simulated producers send, and their topics."""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

TOPICS: Final[dict[str, str]] = {
    "page": "crm.touchpoints.pages.v1",
    "link": "crm.touchpoints.pages.v1",
    "form": "crm.touchpoints.pages.v1",
    "email": "crm.touchpoints.email.v1",
    "call": "crm.touchpoints.calls.v1",
    "meeting": "crm.touchpoints.calls.v1",
    "chat": "crm.touchpoints.calls.v1",
    "social": "crm.touchpoints.social.v1",
    "deal": "crm.touchpoints.deals.v1",
    "lead": "crm.customers.v1",
    "customer": "crm.customers.v1",
    "identity": "crm.customers.v1",
    "order": "crm.revenue.v1",
    "subscription": "crm.revenue.v1",
    "renewal": "crm.revenue.v1",
    "payment": "crm.revenue.v1",
    "survey": "crm.surveys.v1",
    "user": "crm.activity.v1",
    "record": "crm.activity.v1",
    "ticket": "crm.activity.v1",
    "cost": "crm.costs.v1",
    "fx": "crm.costs.v1",
    "webinar": "crm.activity.v1",  # a type the service does not know
}
INPUT_TOPICS: Final[tuple[str, ...]] = tuple(dict.fromkeys(TOPICS.values()))


class Sent(NamedTuple):
    """One record on its way to Kafka. ``partition`` must be kept: conflicts rely on it (events.md, Identity)."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]
    time_ms: int  # when the producer sends it, ms UTC; never decreases within one world


class Step(NamedTuple):
    """An event in a company, before it is serialised."""

    time: int  # ms UTC, world time
    type: str  # without the "crm." prefix
    data: dict[str, Any]
    stamps: dict[str, int] | None  # fields of ``data`` that are instants: ms after the event
    dates: dict[str, int] | None  # fields of ``data`` that are local dates: days after the event


@dataclass(slots=True)
class Counts:
    """The number of records sent so far; the kinds are disjoint, ``sent`` is their sum (without ``late``)."""

    events: int = 0
    duplicates: int = 0
    conflicts: int = 0
    bad: int = 0
    late: int = 0

    @property
    def sent(self) -> int:
        """All records sent."""
        return self.events + self.duplicates + self.conflicts + self.bad
