"""Resends dead letters: the events and their markers in one transaction."""

from collections.abc import Mapping, Sequence

from streams.options import WorkerOptions
from streams.producing import Output, new_producer, send_all

Places = Mapping[tuple[str, int], Sequence[Output]]  # (topic, partition) -> what goes there


async def resend(options: WorkerOptions, events: Places, marks: Sequence[tuple[bytes, bytes]]) -> None:
    """All or nothing. A concurrent run's transaction is aborted. Raises KafkaError."""
    producer = new_producer(options, f"{options.app_id}-dlq")
    await producer.start()
    try:
        await producer.begin_transaction()
        marked: list[Output] = [(key, value, []) for key, value in marks]
        for (topic, partition), outputs in {**events, (options.marks, 0): marked}.items():
            for done in await send_all(producer, topic, partition, outputs):
                await done
        await producer.commit_transaction()
    finally:
        await producer.stop()
