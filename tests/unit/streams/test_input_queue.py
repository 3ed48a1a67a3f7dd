"""What is given out first of what waits."""

from collections import Counter
from typing import Any

from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from models.record import RawRecord
from streams.fetched import Fetched
from streams.input_queue import FAIR_PART, InputQueue

SIZE, ALL = 20, 1 << 30


def waiting(partition: int, start: int, at: int = 0, size: int = SIZE, apart: int = 1) -> Fetched:
    """A range of records of one byte, written ``apart`` ms from each other, the first of them at ``at``."""
    records: Any = [RawRecord("in", partition, start + n, at + n * apart, None, b"x") for n in range(size)]
    return Fetched("in", partition, start, start + size, records, 0)


def filled(*ranges: Fetched) -> InputQueue:
    """A queue in which these wait."""
    queue = InputQueue()
    for fetched in ranges:
        queue.put(fetched)
    return queue


def given_out(queue: InputQueue, records: int, size: int = ALL) -> dict[int, tuple[int, int]]:
    """Offsets by partition of the next batch."""
    return {one.partition: (one.start, one.end) for one in queue.take(records, size)}


def test_who_begins_to_wait_is_in_the_next_batch() -> None:
    """Whatever the others have waiting, however old it is."""
    queue = filled(*(waiting(busy, start, at=start) for busy in (0, 1) for start in range(0, 400, SIZE)))
    assert given_out(queue, 80) == {0: (0, 40), 1: (0, 40)}
    queue.put(waiting(2, 0, at=9_500, size=5))
    queue.put(waiting(3, 0, at=9_500, size=50))
    found = given_out(queue, 80)
    assert (found[2], found[3]) == ((0, 5), (0, 80 // FAIR_PART))


def test_coming_back_is_no_new_beginning() -> None:
    """A partition that has nothing waiting for a moment still waits until the others were given as much."""
    queue = filled(waiting(0, 0, size=50), *(waiting(1, start, at=60) for start in range(0, 80, SIZE)))
    assert given_out(queue, 56) == {0: (0, 49), 1: (0, 7)}
    assert given_out(queue, 2) == {0: (49, 50), 1: (7, 8)}
    queue.put(waiting(0, 50, at=100))
    assert given_out(queue, 60) == {1: (8, 68)}


def test_a_backlog_is_read_in_the_order_in_which_it_was_written() -> None:
    """Also where one topic has five times the traffic of another: no batch holds anything older than the one before."""
    queue = filled(
        *(waiting(0, start, at=start) for start in range(0, 10_000, SIZE)),
        *(waiting(1, start, at=start * 5, apart=5) for start in range(0, 2_000, SIZE)),
    )
    newest = 0
    while queue:
        times = [record.timestamp for one in queue.take(400, ALL) for record in one.records]
        assert min(times) >= newest - 400  # of a share that was larger than its part
        newest = max(times)


def test_a_batch_is_bounded_by_bytes() -> None:
    """The last record may be larger than what is left."""
    queue = filled(waiting(0, 0), waiting(1, 0))
    assert sum(len(one.records) for one in queue.take(1_000, 15)) == 15


def test_a_young_partition_is_not_shut_out_by_an_old_backlog() -> None:
    """It gets its part of every batch, though more of the backlog comes all the time."""
    queue, old, young = filled(waiting(1, 0, at=10**6, size=200)), 0, 0
    for _ in range(20 + 1):
        while queue.records[TP("in", 0)] < 200:
            queue.put(waiting(0, old))
            old += SIZE
        young += sum(len(one.records) for one in queue.take(80, ALL) if one.partition == 1)
    assert young == 200


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 10**6), st.integers(0, 40)), max_size=100),
    st.integers(1, 90),
)
def test_every_record_is_given_out_once(given: list[tuple[int, int, int]], records: int) -> None:
    """In order, in ranges that chain and hold their markers, whatever the times."""
    ends: Counter[int] = Counter()
    queue = InputQueue()
    for partition, at, size in given:
        queue.put(waiting(partition, ends[partition], at, size)._replace(end=ends[partition] + size + 1))
        ends[partition] += size + 1  # a marker behind each range
    read: Counter[int] = Counter()
    told = 0
    while queue:
        batch = queue.take(records, ALL)
        assert sum(len(one.records) for one in batch) <= records
        for one in batch:
            assert one.start == read[one.partition]
            assert all(one.start <= record.offset < one.end for record in one.records)
            read[one.partition] = one.end
            told += len(one.records)
    assert read == ends
    assert told == sum(size for _, _, size in given)
    assert (queue.bytes, queue.records.total()) == (0, 0)


def test_a_range_without_records_goes_at_once() -> None:
    """Its offsets are committed with what is done."""
    queue = filled(*(waiting(0, start) for start in range(0, 200, SIZE)))
    queue.take(40, ALL)
    queue.put(Fetched("in", 1, 0, 5, (), 0))
    assert given_out(queue, 10)[1] == (0, 5)
    assert queue.records[TP("in", 1)] == 0
