"""Records losses in the control topic: see `ops.losses`."""

from collections.abc import Sequence

from ops.losses import Loss, entry, read_losses
from streams.options import WorkerOptions
from streams.producing import new_producer, send_all


async def record_losses(options: WorkerOptions, found: Sequence[Loss]) -> None:
    """Write losses that are not yet in the control topic. Raises KafkaError."""
    if not found:
        return
    known = {
        loss[:4]
        for loss in await read_losses({"bootstrap_servers": list(options.brokers), **options.client}, options.control)
    }
    if fresh := [loss for loss in found if loss[:4] not in known]:
        await write_control(options, [entry(loss) for loss in fresh])


async def write_control(options: WorkerOptions, entries: Sequence[tuple[bytes, bytes | None]]) -> None:
    """Write entries to the control topic; returns once Kafka has acknowledged them. Raises KafkaError."""
    producer = new_producer(options)
    await producer.start()
    try:
        for done in await send_all(producer, options.control, 0, [(key, value, []) for key, value in entries]):
            await done
    finally:
        await producer.stop()
