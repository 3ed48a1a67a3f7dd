"""The full path: raw input topics to Redis through one worker process, then a restart of that worker."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from confluent_kafka import KafkaException

from bench.place import environment
from bench.settle import Watch
from bench.worker import Worker
from models.settings import Settings
from sinks.redis_sink import RedisSink

START_S = 60.0
LONGEST_S = 3600.0
RESTORED = re.compile(r"lane \d+: (\d+) entries restored in ([0-9.]+) s")


class Full(NamedTuple):
    """The result of one run through the worker."""

    events: int
    seconds: float  # from the first journal record to the Redis revision that covers the last
    start_s: float  # from process start to the first journal record
    rss_mb: float  # largest resident size

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds


async def until(true: Callable[[], Awaitable[bool]], worker: Worker, seconds: float, pause: float) -> None:
    """Poll until ``true()``. Raises RuntimeError with the end of the worker's log if it exits or takes too long.

    A broker that doesn't know its new topics yet, or is away, counts as "not yet".
    """
    end = perf_counter() + seconds
    while not await _asked(true):
        if worker.code is not None:
            raise RuntimeError(f"the worker ended with code {worker.code}:\n{worker.tail()}")
        if perf_counter() > end:
            raise RuntimeError(f"nothing after {seconds:g} s; the end of the worker's log:\n{worker.tail()}")
        await asyncio.sleep(pause)


async def _asked(true: Callable[[], Awaitable[bool]]) -> bool:
    try:
        return await true()
    except KafkaException:
        return False


async def count_all(settings: Settings, worker: Worker, events: int, tenants: list[str]) -> Full:
    """Watch a newly started worker until all ``events`` are in Redis."""
    watch = Watch(settings)
    born = perf_counter()
    try:

        async def flowing() -> bool:
            return bool(watch.journal_ends())

        async def accepted() -> bool:
            return watch.unaccepted() == 0

        await until(flowing, worker, START_S, 0.01)
        begun = perf_counter()
        await until(accepted, worker, LONGEST_S, 0.2)
        wanted = watch.tenant_ends(tenants)

        async def visible() -> bool:
            return not await watch.behind(wanted)

        await until(visible, worker, LONGEST_S, 0.02)
        return Full(events, perf_counter() - begun, begun - born, worker.peak_mb())
    finally:
        await watch.close()


async def restore(settings: Settings, tenants: list[str], log: Path) -> float:
    """State records per second that a fresh worker reads until its lanes flow.

    The time is the slowest lane's in the worker's log; if some of those lines are missing, the time since process
    start.
    """
    watch = Watch(settings)
    sink = RedisSink(settings.redis)
    records = watch.changelog_records()
    before = {tenant: await sink.revision(tenant) for tenant in tenants}
    born, worker = perf_counter(), Worker(environment(settings), log)
    try:

        async def again() -> bool:
            return all([await sink.revision(tenant) != held for tenant, held in before.items()])

        await until(again, worker, 600, 0.02)
        whole = perf_counter() - born
        lanes = [float(seconds) for _, seconds in RESTORED.findall(log.read_text())]
        return records / (max(*lanes, 0.001) if len(lanes) >= settings.journal_partitions else whole)
    finally:
        worker.stop()
        await sink.close()
        await watch.close()
