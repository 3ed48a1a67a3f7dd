"""How far a consumer group is behind, in records and in seconds.

The rules: never negative; a partition without a committed offset has no lag (None), it is not "everything"; seconds are
the age of the first record that was not read yet, so they keep growing while nobody reads.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from types import TracebackType
from typing import Any, NamedTuple, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError, GroupLoadInProgressError, NotCoordinatorForGroupError
from aiokafka.structs import OffsetAndMetadata

from access.kafka import client_options
from models.settings import KafkaSettings

COORDINATOR_S = 10.0
FETCH_BYTES = 128 << 10
FIRST_RECORD_S = 3.0  # how long to look for the first unread records of all partitions together


class PartitionLag(NamedTuple):
    """One partition. `records` and `seconds` are None when nothing was committed.

    `seconds` is None also when the first unread record did not come in time.
    `lost`: records that retention deleted before they were read (0 in any healthy system).
    """

    topic: str
    partition: int
    committed: int | None
    end: int
    records: int | None
    seconds: float | None
    lost: int


class GroupLag(NamedTuple):
    """A whole group. Totals leave out partitions without a committed offset; `uncommitted` counts those."""

    group: str
    partitions: tuple[PartitionLag, ...]

    @property
    def records(self) -> int:
        """Unread records in all partitions."""
        return sum(item.records or 0 for item in self.partitions)

    @property
    def seconds(self) -> float:
        """Age of the oldest unread record; 0 when all is read."""
        return max((item.seconds or 0.0 for item in self.partitions), default=0.0)

    @property
    def uncommitted(self) -> int:
        """Partitions of which this group has never committed an offset."""
        return sum(item.committed is None for item in self.partitions)

    def of(self, topic: str) -> GroupLag:
        """The part of one topic."""
        return GroupLag(self.group, tuple(item for item in self.partitions if item.topic == topic))


def records_behind(committed: int | None, begin: int, end: int) -> tuple[int | None, int]:
    """(unread records, records lost to retention) of a partition that holds offsets begin to end - 1."""
    if committed is None:
        return None, 0
    return max(0, end - max(committed, begin)), max(0, begin - committed)


class LagReader:
    """Reads the lag again and again over two open connections: `async with LagReader(...) as lag: await lag.read()`."""

    def __init__(self, kafka: KafkaSettings | str, group: str, topics: Iterable[str]) -> None:
        options: dict[str, Any] = {"client_id": "crmkpi-lag", **client_options(kafka)}
        self.group = group
        self._topics = sorted(topics)
        self._admin = AIOKafkaAdminClient(**options)
        # One batch a partition is all that is needed. The broker sends a batch above this size for the first partition
        # of a request only, so a very small size would cost a round trip for each partition.
        self._consumer = AIOKafkaConsumer(
            **options, enable_auto_commit=False, max_partition_fetch_bytes=FETCH_BYTES, isolation_level="read_committed"
        )

    async def __aenter__(self) -> Self:
        try:
            await self._admin.start()
            await self._consumer.start()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close both connections."""
        await self._consumer.stop()
        await self._admin.close()

    async def read(self) -> GroupLag:
        """The lag now. Raises KafkaError when the broker is away."""
        places = await self._places()
        committed = await self._committed()
        begins = await self._consumer.beginning_offsets(places) if places else {}
        ends = await self._consumer.end_offsets(places) if places else {}
        counts = {place: records_behind(committed.get(place), begins[place], ends[place]) for place in places}
        unread = {place: max(committed[place], begins[place]) for place in places if counts[place][0]}
        times = await self._first_times(unread)
        return GroupLag(
            self.group,
            tuple(
                PartitionLag(
                    place.topic,
                    place.partition,
                    committed.get(place),
                    ends[place],
                    records,
                    _seconds(records, times.get(place)),
                    lost,
                )
                for place, (records, lost) in counts.items()
            ),
        )

    async def _places(self) -> list[TopicPartition]:
        wanted = set(self._topics)
        described = [item for item in await self._admin.describe_topics() if item["topic"] in wanted]
        return sorted(
            TopicPartition(item["topic"], part["partition"]) for item in described for part in item["partitions"]
        )

    async def _committed(self) -> dict[TopicPartition, int]:
        found = await self._offsets()
        return {place: meta.offset for place, meta in found.items() if meta.offset >= 0}

    async def _offsets(self) -> dict[TopicPartition, OffsetAndMetadata]:
        end = asyncio.get_running_loop().time() + COORDINATOR_S
        while True:
            try:
                return dict(await self._admin.list_consumer_group_offsets(self.group))
            except (GroupCoordinatorNotAvailableError, NotCoordinatorForGroupError, GroupLoadInProgressError):
                if asyncio.get_running_loop().time() > end:  # a new or restarted broker needs a moment for its groups
                    raise
                await asyncio.sleep(0.1)

    async def _first_times(self, unread: dict[TopicPartition, int]) -> dict[TopicPartition, int]:
        """Timestamps (ms) of the first unread records; a partition is left out when it gave none in time."""
        times: dict[TopicPartition, int] = {}
        self._consumer.assign(list(unread))
        for place, offset in unread.items():
            self._consumer.seek(place, offset)
        end = asyncio.get_running_loop().time() + FIRST_RECORD_S
        while (waiting := [p for p in unread if p not in times]) and asyncio.get_running_loop().time() < end:
            for place, records in (await self._consumer.getmany(*waiting, timeout_ms=200)).items():
                times[place] = records[0].timestamp
                self._consumer.pause(place)  # what it asks for next is for the others only
        return times


def _seconds(records: int | None, first: int | None) -> float | None:
    if records == 0:
        return 0.0
    return None if records is None or first is None else max(0.0, time.time() - first / 1000)
