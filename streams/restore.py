"""Restores state from Kafka: one partition of the changelog, read committed, to its end."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition

from access.stoppable import StoppableConsumer
from streams import header_keys
from streams.failpoints import reach
from streams.fetched import Record
from streams.monitor.metrics import stats
from streams.options import WorkerOptions
from streams.stop import Refused
from streams.table import LaneState

STALLED = 60.0  # seconds without progress before the end
SOON = 2.0  # seconds in which nothing is compacted: only closed segments are, and the cleaner runs every 15 s


def new_reader(options: WorkerOptions) -> StoppableConsumer:
    """A consumer without a group, for reading partitions from their beginning. Not started."""
    header_keys.allow_any()
    return StoppableConsumer(
        bootstrap_servers=list(options.brokers),
        client_id=f"{options.app_id}-reader",
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
        fetch_max_wait_ms=50,
        max_partition_fetch_bytes=4 * options.fetch_bytes,
        request_timeout_ms=int(options.request_timeout * 1000),
        **options.client,
    )


async def read_partition(
    reader: AIOKafkaConsumer, tp: TopicPartition, upto: int | None = None, chunk: int = 5_000, start: int | None = None
) -> AsyncIterator[Sequence[Record]]:
    """The records of a partition from ``start`` to ``upto``, in chunks; default: from its beginning to its current end.

    The end is the last stable offset: after it lie only open transactions, and the caller has fenced those that matter.
    Raises TimeoutError if nothing arrives before the end.
    """
    reader.assign([tp])
    first = start if start is not None else (await reader.beginning_offsets([tp]))[tp]
    end = upto if upto is not None else (await reader.end_offsets([tp]))[tp]
    reader.seek(tp, first)
    loop = asyncio.get_running_loop()
    moved = loop.time()
    at = first
    while at < end:
        records = (await reader.getmany(tp, timeout_ms=1000, max_records=chunk)).get(tp, [])
        if records:
            yield [record for record in records if record.offset < end]
        before, at = at, await reader.position(tp)  # markers and compacted records move it without a record
        if at != before:
            moved = loop.time()
        elif loop.time() - moved > STALLED:
            raise TimeoutError(f"{tp.topic}/{tp.partition} is at {at} of {end}: a transaction is still open")


async def read_flowing(reader: AIOKafkaConsumer, tp: TopicPartition) -> AsyncIterator[Sequence[Record]]:
    """The records of a changelog that is being written, read to an end at which they form a consistent state.

    Compaction removes an entry once a newer one follows, and during the read the newer one may land after the end that
    was known at the start. So what arrived meanwhile is read too, until a pass is too short for further compaction.
    """
    loop = asyncio.get_running_loop()
    start, took = None, SOON
    while took >= SOON:
        began, end = loop.time(), (await reader.end_offsets([tp]))[tp]
        async for records in read_partition(reader, tp, end, start=start):
            yield records
        start, took = end, loop.time() - began


async def restore(options: WorkerOptions, partition: int, state: LaneState) -> None:
    """Fill ``state`` from the changelog. Other lanes continue: the engine is held for only a chunk at a time."""
    tp = TopicPartition(options.state, partition)
    reader = new_reader(options)
    await state.engine.open()
    try:
        await reader.start()
        first = (await reader.beginning_offsets([tp]))[tp]
        end = (await reader.end_offsets([tp]))[tp]
        async for records in read_partition(reader, tp, chunk=options.restore_records):
            stats.recovering(partition, (records[-1].offset + 1 if records else end) - first, end - first)
            await state.load([(record.key or b"", record.value) for record in records])
            reach("restore-2-loading")
            await asyncio.sleep(_test_delay(len(records)))
    finally:
        stats.recovered(partition)
        await reader.stop()
    if state.position is None and (state.entries or first > 0):
        raise Refused(
            f"the state of lane {partition} in {options.state} has no position: the topic was emptied or is not ours. "
            "Restore the topic, or count what the journal still holds: crmkpi topics rebase --accept-loss"
        )
    await state.engine.restored()
    reach("restore-3-loaded")


def _test_delay(records: int) -> float:
    """Tests slow a restore down to outlast the session timeout: CRMKPI_TEST_RESTORE_RATE, entries a second."""
    rate = float(os.environ.get("CRMKPI_TEST_RESTORE_RATE", 0))
    return records / rate if rate else 0.0
