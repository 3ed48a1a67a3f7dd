"""A fetched batch: the unit in which records travel through Faust."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Record(Protocol):
    """What is used of aiokafka's ConsumerRecord."""

    topic: str
    partition: int
    offset: int
    timestamp: int  # ms
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


class Fetched(NamedTuple):
    """All records of the offsets [start, end) of one partition, none when only markers or compacted ones lay there.

    Ranges of one partition chain: each starts where the one before it ended. ``era`` counts rebalances: a range of an
    earlier era was fetched before the partitions were dealt anew and is void.
    """

    topic: str
    partition: int
    start: int
    end: int
    records: Sequence[Record]
    era: int

    @property
    def bytes(self) -> int:
        """Size of keys, values and headers."""
        return sum(
            len(record.value or b"") + len(record.key or b"") + sum(len(k) + len(v or b"") for k, v in record.headers)
            for record in self.records
        )
