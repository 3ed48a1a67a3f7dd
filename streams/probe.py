"""Where a partition can be read again behind a batch that cannot."""

from collections.abc import Awaitable, Callable
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CorruptRecordException, KafkaTimeoutError, UnsupportedCodecError

UNREADABLE: Final = (CorruptRecordException, UnsupportedCodecError, ValueError)
TRIES: Final = 30  # of a second each


async def readable(consumer: AIOKafkaConsumer, place: TopicPartition, offset: int) -> bool:
    """Whether the batch that holds ``offset`` can be read. Raises KafkaTimeoutError when nothing at all comes."""
    consumer.unsubscribe()  # what was fetched from elsewhere is dropped
    consumer.assign([place])
    consumer.seek(place, offset)
    for _ in range(TRIES):
        try:
            records = await consumer.getmany(place, timeout_ms=1000, max_records=1)
            if records or await consumer.position(place) > offset:
                return True
        except UNREADABLE:
            return False
    raise KafkaTimeoutError(f"{place.topic}/{place.partition}: nothing received from offset {offset}")


async def past(offset: int, end: int, good: Callable[[int], Awaitable[bool]]) -> int:
    """The first offset above ``offset`` at which ``good`` is true; ``end`` when there is none.

    All offsets of one batch are good or bad together, so it gallops to the first good one and then halves.
    """
    bad, step = offset, 1
    while bad + step < end and not await good(bad + step):
        bad += step
        step *= 2
    found = min(bad + step, end)
    while found - bad > 1:
        middle = (found + bad) // 2
        if await good(middle):
            found = middle
        else:
            bad = middle
    return found


async def past_unreadable(consumer: AIOKafkaConsumer, place: TopicPartition, offset: int) -> int:
    """Where to go on when the batch at ``offset`` cannot be read; ``offset`` itself when it can."""
    end = (await consumer.end_offsets([place]))[place]

    async def good(at: int) -> bool:
        return await readable(consumer, place, at)

    if offset >= end or await good(offset):
        return offset
    return await past(offset, end, good)
