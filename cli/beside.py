"""Runs background tasks alongside a main task without losing a failure."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def beside(main: Coroutine[Any, Any, None], *others: Coroutine[Any, Any, None]) -> None:
    """Runs all until ``main`` ends or any task fails; then cancels the rest and raises the failure."""
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
