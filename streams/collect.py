"""Garbage collection by hand: the collector walking a large live state costs a quarter of the throughput."""

import asyncio
import gc
from collections.abc import Callable

LOOK = 2.0  # seconds
LONGEST = 300.0  # seconds a worker that is never idle goes without


def freeze() -> None:
    """A restore ended: what it made is there to stay and is not looked at again."""
    gc.collect()
    gc.freeze()


def thaw() -> None:
    """A lane went away: its state may be collected."""
    gc.unfreeze()
    gc.collect()


async def collect_when_idle(progress: Callable[[], int]) -> None:
    """Turn automatic collection off, and collect what came since whenever ``progress`` stands still."""
    gc.disable()
    loop = asyncio.get_running_loop()
    before, last, done = progress(), loop.time(), True
    while True:
        await asyncio.sleep(LOOK)
        now = progress()
        idle, before = now == before, now
        if (idle and not done) or loop.time() - last > LONGEST:
            gc.collect(1)
            last, done = loop.time(), True
        done = done and idle
