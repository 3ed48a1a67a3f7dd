"""One worker process from start to stop."""

import asyncio
import gc
import os
import signal
import threading
from typing import cast

from aiokafka.errors import KafkaConnectionError

from sinks.base import Sink
from streams.app import App
from streams.consumer import BatchConsumer
from streams.stop import die

OK = 0


async def run(app: App, sink: Sink) -> None:
    """Work until SIGTERM or SIGINT. Does not return: the process exits with 0 here, or with another code in `die`."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, asked.set)
    try:
        await app.monitoring.start()
        await app.queries.start(app.options)
        await app.start()
    except KafkaConnectionError as exc:
        die(f"cannot reach Kafka at {', '.join(app.options.brokers)}", exc)
    except Exception as exc:  # noqa: BLE001
        die("starting", exc)
    gc.collect()
    gc.freeze()  # modules and connections: repeated collections would stall the loop
    await asked.wait()
    await stop(app, sink)


async def stop(app: App, sink: Sink) -> None:
    """Finish running transactions, leave the group, exit 0; exit 0 at the deadline in any case.

    The next owner repeats what is uncommitted by then, so the exit is always clean. Faust's own stop is skipped: it has
    nothing left to do.
    """
    deadline = threading.Timer(app.options.stop_deadline, os._exit, (OK,))
    deadline.daemon = True
    deadline.start()
    consumer = cast(BatchConsumer, app.consumer)
    try:
        consumer.stop_flow()
        app.ownership.stopping = True
        await app.ownership.quiet()
        await app.ownership.close()
        await consumer.leave()
        await sink.close()
    except Exception as exc:  # noqa: BLE001
        die("stopping", exc)
    os._exit(OK)
