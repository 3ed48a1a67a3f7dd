"""How far a consumer group is behind, in records and in seconds.

Rules: lag is never negative; a partition without a committed offset has no lag (None), not "everything"; seconds are
the age of the first unread record, so they keep growing while nothing is read.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from types import TracebackType
from typing import Any, NamedTuple, Self

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError, GroupLoadInProgressError, NotCoordinatorForGroupError
from aiokafka.structs import OffsetAndMetadata

from access.kafka import client_options
from access.stoppable import StoppableConsumer
from models.settings import KafkaSettings
from ops.event_time import event_time

COORDINATOR_S = 10.0
FETCH_BYTES = 128 << 10
FIRST_RECORD_S = 3.0  # time limit for finding the first unread records of all partitions


class PartitionLag(NamedTuple):
    """One partition. `records` and `seconds` are None if nothing was committed.

    `seconds` is also None if the first unread record did not arrive in time, or was not requested.
    `lost`: records that retention deleted before they were read (0 in a healthy system).
    `commits`: changes with every commit of our workers, even of the same offset; None for other groups.
    `event_time`: event time of the first unread event, ms UTC; None if unknown.
    """

    topic: str
    partition: int
    committed: int | None
    end: int
    records: int | None
    seconds: float | None
    lost: int
    begin: int = 0
    commits: int | None = None
    event_time: int | None = None

    @property
    def place(self) -> tuple[str, int]:
        """Topic and partition."""
        return self.topic, self.partition


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
        """Age of the oldest unread record; 0 if everything is read."""
        return max((item.seconds or 0.0 for item in self.partitions), default=0.0)

    @property
    def uncommitted(self) -> int:
        """Partitions for which this group has never committed an offset."""
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
    """Reads the lag repeatedly over two open connections: `async with LagReader(...) as lag: await lag.read()`."""

    def __init__(self, kafka: KafkaSettings | str, group: str, topics: Iterable[str]) -> None:
        options: dict[str, Any] = {"client_id": "crmkpi-lag", **client_options(kafka)}
        self.group = group
        self._topics = sorted(topics)
        self._admin = AIOKafkaAdminClient(**options)
        # One batch per partition is enough. The broker sends a batch above this size for the first partition of a
        # request only, so a very small limit would cost a round trip per partition.
        self._consumer = StoppableConsumer(
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

    async def read(self, *, ages: bool = True) -> GroupLag:
        """The current lag. Raises KafkaError if the broker is away. Without ``ages`` no record is fetched.

        With them, a partition with nothing but transaction markers left has no lag: they are not records.
        """
        places = await self._places()
        offsets = await self._committed()
        committed = {place: meta.offset for place, meta in offsets.items()}
        begins = await self._consumer.beginning_offsets(places) if places else {}
        ends = await self._consumer.end_offsets(places) if places else {}
        counts = {place: records_behind(committed.get(place), begins[place], ends[place]) for place in places}
        unread = {place: max(committed[place], begins[place]) for place in places if counts[place][0]}
        first = await self._first_unread({place: (at, ends[place]) for place, at in unread.items()}) if ages else {}
        for place in [place for place, record in first.items() if record is None]:
            counts[place] = (0, counts[place][1])
        return GroupLag(
            self.group,
            tuple(
                PartitionLag(
                    place.topic,
                    place.partition,
                    offsets[place].offset if place in offsets else None,
                    ends[place],
                    records,
                    _seconds(records, record.timestamp if (record := first.get(place)) else None),
                    lost,
                    begins[place],
                    _commits(offsets[place].metadata) if place in offsets else None,
                    event_time(record) if record else None,
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

    async def _committed(self) -> dict[TopicPartition, OffsetAndMetadata]:
        found = await self._offsets()
        return {place: meta for place, meta in found.items() if meta.offset >= 0}

    async def _offsets(self) -> dict[TopicPartition, OffsetAndMetadata]:
        end = asyncio.get_running_loop().time() + COORDINATOR_S
        while True:
            try:
                return dict(await self._admin.list_consumer_group_offsets(self.group))
            except (GroupCoordinatorNotAvailableError, NotCoordinatorForGroupError, GroupLoadInProgressError):
                if asyncio.get_running_loop().time() > end:  # a new or restarted broker has to load its groups
                    raise
                await asyncio.sleep(0.1)

    async def _first_unread(
        self, unread: dict[TopicPartition, tuple[int, int]]
    ) -> dict[TopicPartition, ConsumerRecord | None]:
        """First unread records, from (where to look, end). None: only markers up to the end.

        A partition is left out if nothing arrived in time.
        """
        found: dict[TopicPartition, ConsumerRecord | None] = {}
        self._consumer.assign(list(unread))
        for place, (offset, _) in unread.items():
            self._consumer.seek(place, offset)
        end = asyncio.get_running_loop().time() + FIRST_RECORD_S
        while (waiting := [p for p in unread if p not in found]) and asyncio.get_running_loop().time() < end:
            got = await self._consumer.getmany(*waiting, timeout_ms=200)
            for place in waiting:
                if got.get(place):
                    found[place] = got[place][0]
                elif await self._consumer.position(place) >= unread[place][1]:
                    found[place] = None
                if place in found:
                    self._consumer.pause(place)  # the next fetch is for the others only
        return found


def _seconds(records: int | None, first: int | None) -> float | None:
    if records == 0:
        return 0.0
    return None if records is None or first is None else max(0.0, time.time() - first / 1000)


def _commits(metadata: str) -> int | None:
    """The commit time that workers write into an offset's metadata."""
    return int(metadata) if metadata.isdecimal() else None
