"""Whether a history is being loaded: numbers that lack what is still to be read must not look finished."""

import asyncio
import logging
import time
from typing import Final

from aiokafka.errors import KafkaError

from ops.lag import LagReader
from ops.observe import observations, report
from ops.verdicts import Windows

log = logging.getLogger(__name__)

LOOK_S: Final = 3.0
STEADY: Final = 2  # looks in a row that must agree before a history counts as loaded


class CatchUp:
    """Looks at the lag of the whole group, inputs and journal, again and again."""

    def __init__(self, reader: LagReader) -> None:
        self.progress: float | None = None  # 0..1, how much of what the topics hold is read; None: all that matters
        self._reader = reader
        self._windows = Windows()
        self._calm = STEADY

    async def run(self) -> None:
        """For ever. Kafka being away says nothing about the history: what was said last stays."""
        async with self._reader:
            while True:
                await asyncio.sleep(LOOK_S)
                try:
                    await self._look()
                except (KafkaError, OSError) as error:
                    log.debug("the lag cannot be read: %s", error)

    async def _look(self) -> None:
        found = await self._reader.read()
        self._windows.add(observations(found, time.monotonic()))
        seen = report(found, self._windows, time.time())
        self._calm = 0 if seen.catching_up else self._calm + 1
        self.progress = None if self._calm >= STEADY else round(seen.read_ratio, 3)
