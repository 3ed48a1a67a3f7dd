"""What `verify` compares: a lane's state at a recorded position, and the journal up to it. Fences no owner."""

from collections.abc import AsyncIterator
from typing import NamedTuple

from aiokafka import TopicPartition

from models.blocks import decode_block
from models.record import Block
from streams import position
from streams.engine_port import Entry
from streams.options import WorkerOptions
from streams.position import Position
from streams.restore import new_reader, read_flowing, read_partition


class Accepted(NamedTuple):
    """One record of the journal."""

    tenant: str
    timestamp: int  # ms
    block: Block


async def read_state(options: WorkerOptions, partition: int) -> tuple[dict[bytes, bytes], Position | None]:
    """The lane's live entries as last committed, and their position (None: nothing was ever committed).

    Entries and position are written in one transaction, so they always belong together.
    """
    entries: dict[bytes, bytes] = {}
    reader = new_reader(options)
    try:
        await reader.start()
        async for records in read_flowing(reader, TopicPartition(options.state, partition)):
            for record in records:
                _put(entries, (record.key or b"", record.value))
    finally:
        await reader.stop()
    at = entries.pop(position.KEY, None)
    return entries, position.decode(at) if at is not None else None


async def read_journal(options: WorkerOptions, partition: int, upto: int) -> AsyncIterator[Accepted]:
    """The lane's journal from its beginning up to the offset ``upto`` (exclusive), in order."""
    reader = new_reader(options)
    try:
        await reader.start()
        async for records in read_partition(reader, TopicPartition(options.journal, partition), upto):
            for record in records:
                yield Accepted((record.key or b"").decode(), record.timestamp, decode_block(record.value or b""))
    finally:
        await reader.stop()


def _put(entries: dict[bytes, bytes], entry: Entry) -> None:
    key, value = entry
    if value is None:
        entries.pop(key, None)
    else:
        entries[key] = value
