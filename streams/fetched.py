"""A fetched batch: the unit in which records travel through Faust."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol


class Record(Protocol):
    """The fields we use of aiokafka's ConsumerRecord."""

    topic: str
    partition: int
    offset: int
    timestamp: int  # ms
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


class Fetched(NamedTuple):
    """All records at offsets [start, end) of one partition; none if only markers or compacted records lay there.

    Ranges of a partition are contiguous: each starts where the previous one ended. ``era`` counts rebalances: a range
    from an earlier era was fetched before partitions were reassigned and is void.
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
        return sum(map(size_of, self.records))


def size_of(record: Record) -> int:
    """Bytes of key, value and headers."""
    size = len(record.value or b"") + len(record.key or b"")
    return size + sum(len(name) + len(value or b"") for name, value in record.headers) if record.headers else size


def slices(records: Sequence[Record], number: int, size: int) -> Iterator[Sequence[Record]]:
    """All records in order, at most ``number`` and about ``size`` bytes at a time."""
    first = held = 0
    for place, record in enumerate(records):
        more = size_of(record)
        if place > first and (place - first >= number or held + more > size):
            yield records[first:place]
            first, held = place, 0
        held += more
    if records:
        yield records[first:]
