"""What was fetched from the input topics and waits to be accepted, and whose turn it is."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from heapq import heapify, heappop, heapreplace
from itertools import chain, islice, takewhile
from typing import Final

from faust.types import TP

from streams.fetched import Fetched, Record, size_of

FAIR_PART: Final = 8  # of so many records of a batch one goes by share, the others by age


class InputQueue:
    """Fetched ranges by partition, given out in batches.

    Most of a batch is the oldest that waits, by the broker's time, whatever its partition: topics with little traffic
    would otherwise run hours ahead of the others through a backlog, and late events are expensive to count. Before
    that comes start-time fair queueing (Goyal, Vin and Cheng, 1996): a partition that begins to wait is next, however
    much the others have waiting, and an eighth of each batch belongs to the partition that was given least. So an old
    backlog never shuts out a younger one.
    """

    def __init__(self) -> None:
        self.bytes = 0  # of all that waits
        self.records: Counter[TP] = Counter()  # that wait, by partition
        self._ranges: dict[TP, deque[Fetched]] = {}
        self._tags: dict[TP, int] = {}  # bytes that a partition was given, from where it began to wait
        self._share = 0  # the tag of the last fair turn: who begins to wait has no lower one

    def __bool__(self) -> bool:
        return bool(self._ranges)

    def clear(self) -> None:
        """Drop everything: it is fetched again."""
        self._ranges.clear()
        self.records.clear()
        self.bytes = 0

    def put(self, fetched: Fetched) -> None:
        """Add a range behind those of its partition."""
        tp = TP(fetched.topic, fetched.partition)
        if tp not in self._ranges:
            self._ranges[tp] = deque()
            self._tags[tp] = max(self._tags.get(tp, 0), self._share)
        self._ranges[tp].append(fetched)
        self.records[tp] += len(fetched.records)
        self.bytes += fetched.bytes

    def take(self, records: int, size: int) -> list[Fetched]:
        """The next batch: at most so many records, and a record more than so many bytes. A range a partition."""
        wanted = Wanted(records, size)
        taken = [*self._by_share(wanted, max(records // FAIR_PART, 1)), *self._by_age(wanted)]
        return joined(taken)

    def _by_share(self, wanted: "Wanted", part: int) -> Iterator[Fetched]:
        """Up to ``part`` records of each partition that begins to wait, and of that with the least share."""
        first = True
        while self._ranges and wanted:
            least = min(self._ranges, key=self._tags.__getitem__)
            if self._tags[least] > self._share and not first:
                return
            first = False
            self._share = self._tags[least]
            chosen = list(takewhile(wanted.take, islice(self._waiting(least), part)))
            yield from self._cut(least, len(chosen))

    def _by_age(self, wanted: "Wanted") -> Iterator[Fetched]:
        """What is oldest, of all partitions."""
        found: Counter[TP] = Counter()
        waiting = {tp: self._waiting(tp) for tp in self._ranges}
        heads = [(record.timestamp, tp, record) for tp, of in waiting.items() for record in islice(of, 1)]
        heapify(heads)
        while heads and wanted.take(heads[0][2]):
            _, tp, _ = heads[0]
            found[tp] += 1
            if (record := next(waiting[tp], None)) is not None:
                heapreplace(heads, (record.timestamp, tp, record))
            else:
                heappop(heads)
        for tp in waiting:
            yield from self._cut(tp, found[tp])

    def _waiting(self, tp: TP) -> Iterator[Record]:
        return chain.from_iterable(one.records for one in self._ranges[tp])

    def _cut(self, tp: TP, number: int) -> Iterator[Fetched]:
        """A partition's first records, and the ranges without any before and after them."""
        ranges = self._ranges[tp]
        while ranges and number >= len(ranges[0].records):
            number -= len(ranges[0].records)
            yield self._given(tp, ranges.popleft())
        if number:
            whole = ranges.popleft()
            middle = whole.records[number].offset
            ranges.appendleft(whole._replace(start=middle, records=whole.records[number:]))
            yield self._given(tp, whole._replace(end=middle, records=whole.records[:number]))
        if not ranges:
            del self._ranges[tp]

    def _given(self, tp: TP, fetched: Fetched) -> Fetched:
        self._tags[tp] += fetched.bytes
        self.records[tp] -= len(fetched.records)
        self.bytes -= fetched.bytes
        return fetched


class Wanted:
    """What a batch has room for."""

    def __init__(self, records: int, size: int) -> None:
        self.records = records
        self.bytes = size

    def __bool__(self) -> bool:
        return self.records > 0 and self.bytes > 0

    def take(self, record: Record) -> bool:
        """Whether there is room for this one; the last may be larger than what is left."""
        if not self:
            return False
        self.records -= 1
        self.bytes -= size_of(record)
        return True


def joined(ranges: Iterable[Fetched]) -> list[Fetched]:
    """One range for those of a partition that follow each other."""
    found: dict[tuple[str, int, int], list[Fetched]] = {}
    for one in ranges:
        found.setdefault((one.topic, one.partition, one.era), []).append(one)
    return [
        parts[0]._replace(end=parts[-1].end, records=list(chain.from_iterable(one.records for one in parts)))
        for parts in found.values()
    ]
