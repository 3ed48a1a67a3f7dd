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
    """Work until SIGTERM or SIGINT. Does not return: the process ends with 0 here, or with another code in `die`."""
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
    gc.freeze()  # modules and connections: walking them again and again would hold the loop
    await asked.wait()
    await stop(app, sink)


async def stop(app: App, sink: Sink) -> None:
    """Let running transactions end, leave the group, exit 0; after the deadline exit 0 all the same.

    What is not committed by then is repeated by the next owner, so the exit is clean in any case. Faust's own stop is
    not waited for: nothing it would do is still open.
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
