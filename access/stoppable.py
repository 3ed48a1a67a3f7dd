"""A consumer that can be stopped at any time."""

import asyncio
from typing import Any, Final

from aiokafka import AIOKafkaConsumer

AGAIN: Final = 0.5  # seconds


class StoppableConsumer(AIOKafkaConsumer):  # type: ignore[misc]
    """An aiokafka consumer whose `stop` always returns.

    When an assignment is replaced, aiokafka's fetcher cancels the pending request and waits for it. If the fetcher
    itself is cancelled meanwhile, it takes that for the request's cancellation: it carries on, and `stop` never
    returns.
    """

    async def stop(self) -> None:
        """Close it; the fetcher is cancelled repeatedly until it has ended."""
        stopping = asyncio.ensure_future(super().stop())
        fetching: asyncio.Task[Any] | None = getattr(self._fetcher, "_fetch_task", None)
        while not (await asyncio.wait([stopping], timeout=AGAIN))[0]:
            if fetching is not None:
                fetching.cancel()
        stopping.result()
