"""Running background work beside something, with no failure lost."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def beside(main: Coroutine[Any, Any, None], *others: Coroutine[Any, Any, None]) -> None:
    """Runs all until ``main`` ends or any of them fails; then the rest is cancelled and the failure raised."""
    first = asyncio.create_task(main)
    tasks = [first, *map(asyncio.create_task, others)]
    pending = set(tasks)
    try:
        while pending and not first.done():
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
