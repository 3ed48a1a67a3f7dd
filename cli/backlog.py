"""Loading no faster than workers count: what is sent but not counted yet stays a small, steady amount.

It keeps transactions short and memory flat however slow the machine is, and makes a progress bar honest: what it shows
as loaded is counted but for these last records.
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

INPUTS: Final = 4_000  # records that wait to be accepted
BLOCKS: Final = 400  # records of the journal that wait to be counted; each holds some events of one tenant
LOOK_S: Final = 0.05
Check = Callable[[], None]


class Backlog:
    """What waits for the workers of a place whose topics nobody wrote to before."""

    def __init__(self, place: Settings, admin: Any, consumer: Any) -> None:
        self._place, self._admin, self._consumer = place, admin, consumer
        self._journal = topics.journal(place)
        self._lanes = [TopicPartition(self._journal, lane) for lane in range(place.journal_partitions)]

    async def room(self, sent: int, check: Check) -> None:
        """Waits until more may be sent; ``sent``: records the broker has. ``check`` is called meanwhile."""
        while not await self._fits(sent):
            check()
            await asyncio.sleep(LOOK_S)

    async def _fits(self, sent: int) -> bool:
        try:
            found = await self._admin.list_consumer_group_offsets(self._place.app_id)
        except KafkaError:  # the group's coordinator needs a moment after the broker's start, or moves
            return sent <= INPUTS
        committed = {place: max(meta.offset, 0) for place, meta in found.items()}
        accepted = sum(offset for place, offset in committed.items() if place.topic != self._journal)
        ends = await self._consumer.end_offsets(self._lanes)
        blocks = sum(ends[lane] - committed.get(lane, 0) for lane in self._lanes)
        return bool(sent - accepted <= INPUTS and blocks <= BLOCKS)


@asynccontextmanager
async def backlog(place: Settings) -> AsyncIterator[Backlog]:
    """A Backlog with connections of its own."""
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
