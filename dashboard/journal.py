"""Reads one tenant's part of the journal, from shortly before its end."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.partitioner import murmur2

from access.kafka import client_options
from dashboard.ports import Fetched, KafkaUnavailable
from models import topics
from models.blocks import decode_block
from models.record import Block
from models.settings import Settings, SettingsError

log = logging.getLogger(__name__)
BACK: Final = 200  # records before the end to start with, including those of other tenants in the partition
AT_ONCE: Final = 200  # records
WAIT_MS: Final = 1_000
FIRST_S: Final = 15.0
FAILED: Final = (KafkaError, OSError, TimeoutError, SettingsError)


class KafkaJournal:
    """`Journal` of one installation."""

    def __init__(self, place: Settings) -> None:
        self._place = place

    async def blocks(self, tenant: str) -> AsyncGenerator[Fetched, None]:
        """Uses its own consumer without a group, so nothing is committed. Raises `KafkaUnavailable`."""
        lane = int((murmur2(tenant.encode()) & 0x7FFFFFFF) % self._place.journal_partitions)
        place = TopicPartition(topics.journal(self._place), lane)
        try:
            async with self._consumer() as consumer:
                end, current = await self._begin(consumer, place), False
                while True:
                    found = (await consumer.getmany(place, timeout_ms=WAIT_MS, max_records=AT_ONCE)).get(place, [])
                    current = current or not found or found[-1].offset + 1 >= end
                    yield Fetched(list(_decoded(found, tenant.encode())), current)
        except FAILED as error:
            what = str(error) or type(error).__name__
            raise KafkaUnavailable(f"{self._place.kafka.bootstrap_servers}: {what}") from error

    @asynccontextmanager
    async def _consumer(self) -> AsyncIterator[AIOKafkaConsumer]:
        consumer = AIOKafkaConsumer(
            **client_options(self._place.kafka), enable_auto_commit=False, isolation_level="read_committed"
        )
        try:
            async with asyncio.timeout(FIRST_S):
                await consumer.start()
            yield consumer
        finally:
            await consumer.stop()

    async def _begin(self, consumer: AIOKafkaConsumer, place: TopicPartition) -> int:
        """Seeks to shortly before the end, which is returned."""
        consumer.assign([place])
        async with asyncio.timeout(FIRST_S):
            begins, ends = await consumer.beginning_offsets([place]), await consumer.end_offsets([place])
        end = int(ends[place])
        consumer.seek(place, max(int(begins[place]), end - BACK))
        return end


def _decoded(records: Iterable[Any], key: bytes) -> Iterable[Block]:
    for record in records:
        if record.key != key:
            continue
        try:
            yield decode_block(record.value)
        except orjson.JSONDecodeError as error:
            log.warning("journal record %s/%s is no block: %s", record.partition, record.offset, error)
