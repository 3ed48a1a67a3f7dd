"""Finds where a partition becomes readable again after an unreadable batch."""

from collections.abc import Awaitable, Callable
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CorruptRecordException, KafkaTimeoutError, UnsupportedCodecError

UNREADABLE: Final = (CorruptRecordException, UnsupportedCodecError, ValueError)
TRIES: Final = 30  # of one second each


async def readable(consumer: AIOKafkaConsumer, place: TopicPartition, offset: int) -> bool:
    """Whether the batch that holds ``offset`` can be read. Raises KafkaTimeoutError if nothing arrives."""
    consumer.unsubscribe()  # drops what was fetched from elsewhere
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
    """The first offset above ``offset`` at which ``good`` is true; ``end`` if there is none.

    Offsets of a batch are good or bad together, so this gallops to the first good one and then bisects.
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
    """Where to resume when the batch at ``offset`` cannot be read; ``offset`` itself if it can."""
    end = (await consumer.end_offsets([place]))[place]

    async def good(at: int) -> bool:
        return await readable(consumer, place, at)

    if offset >= end or await good(offset):
        return offset
    return await past(offset, end, good)
