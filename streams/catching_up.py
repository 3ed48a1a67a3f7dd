"""Detects that a backlog is being loaded, so that incomplete numbers are not shown as final."""

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
STEADY: Final = 2  # consecutive readings that must agree before the backlog counts as loaded


class CatchUp:
    """Polls the lag of the whole group, inputs and journal."""

    def __init__(self, reader: LagReader) -> None:
        self.progress: float | None = None  # 0..1, the share of the topics' records that is read; None: caught up
        self._reader = reader
        self._windows = Windows()
        self._calm = STEADY

    async def run(self) -> None:
        """Poll for ever. While Kafka is away, the last known progress stands."""
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
