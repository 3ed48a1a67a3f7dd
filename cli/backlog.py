"""Back-pressure for bulk loads: keeps the number of records sent but not yet counted small and steady.

This keeps transactions short and memory flat on slow machines, and progress bars honest: all but the last few records
shown as loaded have been counted.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from access.kafka import client_options
from models import topics
from models.settings import Settings

INPUTS: Final = 4_000  # records waiting to be accepted
BLOCKS: Final = 400  # journal records waiting to be counted; each is a block of events of one tenant
LOOK_S: Final = 0.05
Check = Callable[[], None]


class Backlog:
    """The backlog of an installation with fresh topics."""

    def __init__(self, place: Settings, admin: Any, consumer: Any) -> None:
        self._place, self._admin, self._consumer = place, admin, consumer
        self._journal = topics.journal(place)
        self._lanes = [TopicPartition(self._journal, lane) for lane in range(place.journal_partitions)]

    async def room(self, sent: int, check: Check) -> None:
        """Waits until more may be sent. ``sent``: records acknowledged so far; ``check`` is called while waiting."""
        while not await self._fits(sent):
            check()
            await asyncio.sleep(LOOK_S)

    async def _fits(self, sent: int) -> bool:
        try:
            found = await self._admin.list_consumer_group_offsets(self._place.app_id)
        except KafkaError:  # the group coordinator is not ready yet after a broker start, or has moved
            return sent <= INPUTS
        committed = {place: max(meta.offset, 0) for place, meta in found.items()}
        accepted = sum(offset for place, offset in committed.items() if place.topic != self._journal)
        ends = await self._consumer.end_offsets(self._lanes)
        blocks = sum(ends[lane] - committed.get(lane, 0) for lane in self._lanes)
        return bool(sent - accepted <= INPUTS and blocks <= BLOCKS)


@asynccontextmanager
async def backlog(place: Settings) -> AsyncIterator[Backlog]:
    """A Backlog with its own connections."""
    options: dict[str, Any] = {"client_id": "crmkpi-backlog", **client_options(place.kafka)}
    admin = AIOKafkaAdminClient(**options)
    consumer = AIOKafkaConsumer(**options, enable_auto_commit=False)
    try:
        await admin.start()
        await consumer.start()
        yield Backlog(place, admin, consumer)
    finally:
        await consumer.stop()
        await admin.close()
