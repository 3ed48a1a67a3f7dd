"""What travels on Kafka: raw records in, journal rows between the two agents."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, TypedDict


class RawRecord(NamedTuple):
    """One record of an input topic (or one line of a file), exactly as received."""

    topic: str
    partition: int
    offset: int
    timestamp: int  # ms; the broker's append time. Files have none: -1
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]] = ()


class Row(NamedTuple):
    """An accepted event in the journal: a JSON array in this order.

    ``data`` is the producer's ``data`` after validation, with these changes: each ``amount``, ``tax``, ``mrr`` is an
    integer in minor units of ``currency`` (upper case) if the currency is known, else left out with flag UNPRICED; if
    one of them has more decimals than that, all are in units of 10^-9 and ``currency`` ends in 9 (``EUR9``);
    ``closed_at``, ``effective_at``, ``due_at`` are integer UTC milliseconds, or YYYY-MM-DD if sent as a date (a day in
    the tenant's zone); ``deal stage`` names are untouched. That applies to the types that have these fields; in other
    and unknown types they are the producer's own. ``rate`` of crm.fx.rate_set and ``value`` of crm.target.set are plain
    decimal text (``value`` None: withdrawn). Ids and names sent as integers are text, in Unicode NFC and trimmed,
    placeholders are left out, and ``source`` is in lower case; ``version`` is an integer; ``user_agent`` is cut to 512
    characters.
    """

    offset: int
    received: int  # r of kpi-precise.md A, ms UTC: recordedtime, else record timestamp, else t
    tenant: str
    identity: int  # 64-bit hash of (tenant, source, id)
    content: int  # 64-bit hash of (type, time as sent, canonical data)
    type: str  # "crm.page.viewed"
    time: int  # t of kpi-precise.md A, ms UTC
    flags: int
    source: str
    id: str
    data: dict[str, Any]


class Refusal(NamedTuple):
    """A rejected record in the journal, so that quality KPIs survive crashes exactly."""

    offset: int
    received: int
    tenant: str
    reason: str


TIME_MISSING: Final = 1  # the producer sent no time; the record's timestamp was used
CLAMPED: Final = 2  # up to 5 minutes ahead of the record's timestamp: clamped to it
SKEW: Final = 4  # corrected by sentat and recordedtime
BOT: Final = 8  # `machine: true`, or a robot's user agent
UNPRICED: Final = 16  # an amount without a currency
DERIVED_ID: Final = 32  # id derived from topic/partition/offset/timestamp
PLACEHOLDER: Final = 128  # an id such as `undefined` or `null` was left out
UNKNOWN_TYPE: Final = 64  # a crm. type unknown to this build: kept and counted


class Block(TypedDict):
    """The value of one journal record: one tenant's part of one fetched batch of one input partition."""

    topic: str
    partition: int
    rows: list[list[Any]]  # Row as lists, in offset order
    refused: list[list[Any]]  # Refusal as lists, in offset order
