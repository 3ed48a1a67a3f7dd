"""The ledger: a compacted topic of decisions and deliveries.

A consumer group assigns its partitions, so that each tenant has one owner. On assignment, the owner starts a producer
with the partition's transactional id, which fences earlier owners; reads the partition to its end; and only then
decides anything. On revocation, work in progress has a few seconds to end. No offsets are committed: a partition is
always read from its beginning, and compaction keeps it small.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final

from aiokafka import AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import IllegalStateError

from access.kafka import client_options
from access.stoppable import StoppableConsumer
from models.settings import Settings
from models.topics import notices
from notify.entries import Entries, Entry, decode, encode, partition_of
from notify.failpoints import reach
from notify.lane import Lane
from ops.losses import read_small

log = logging.getLogger(__name__)
GRACE_S: Final = 5.0  # for deliveries in progress when a partition is revoked
POLL_MS: Final = 300
Work = Callable[[Lane], Awaitable[None]]


class Ledger:
    """One member of the group. ``work`` runs for each owned partition once it is read, until it is revoked."""

    def __init__(self, place: Settings, work: Work) -> None:
        self._topic, _ = notices(place)
        self._place, self._work = place, work
        self.lanes: dict[int, Lane] = {}
        self._tasks: dict[int, list[asyncio.Task[None]]] = {}
        self._member = False
        self._failed: asyncio.Future[None] | None = None
        session = int(place.session_timeout_s * 1000)
        self._consumer: Any = StoppableConsumer(
            **client_options(place.kafka),
            group_id=self._topic,
            client_id=f"{place.app_id}-notices",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            session_timeout_ms=session,
            heartbeat_interval_ms=session // 3,
        )

    @property
    def ready(self) -> bool:
        """Whether it is a member and has read all its partitions."""
        return self._member and all(lane.ready.is_set() for lane in self.lanes.values())

    async def run(self, stop: asyncio.Event) -> None:
        """Runs until ``stop``. Raises any failure, after which the ledger must not be used."""
        failed = self._failed = asyncio.get_running_loop().create_future()
        self._consumer.subscribe([self._topic], listener=_Listener(self))
        tasks: list[asyncio.Future[Any]] = [failed]
        try:
            await self._consumer.start()
            tasks += [asyncio.ensure_future(self._follow()), asyncio.ensure_future(stop.wait())]
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for one in ended:
                one.result()
        finally:
            await self.revoked()
            for one in tasks:
                one.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._consumer.stop()

    async def _follow(self) -> None:
        while True:
            found = await self._consumer.getmany(timeout_ms=POLL_MS)
            for place, records in found.items():
                if lane := self.lanes.get(place.partition):
                    for record in records:
                        if entry := decode(record.key, record.value):
                            lane.entries.put(record.offset, entry)
            await self._ready()

    async def _ready(self) -> None:
        for number, lane in list(self.lanes.items()):
            if lane.ready.is_set() or lane.end is None:
                continue
            with suppress(IllegalStateError):  # reassigned meanwhile
                if await self._consumer.position(TopicPartition(self._topic, number)) >= lane.end:
                    reach("ledger-2-read")
                    lane.ready.set()

    def assigned(self, partitions: Iterable[int]) -> None:
        """Open lanes in the background, so that heartbeats continue."""
        self._member = True
        for number in partitions:
            lane = self.lanes[number] = Lane(self._place, number)
            self._tasks[number] = [asyncio.create_task(self._own(lane), name=f"notices {number}")]
            self._tasks[number][0].add_done_callback(self._ended)

    async def _own(self, lane: Lane) -> None:
        await lane.fence()
        place = TopicPartition(self._topic, lane.partition)
        lane.end = (await self._consumer.end_offsets([place]))[place]
        await lane.ready.wait()
        log.info("notices of partition %d are ours", lane.partition)
        await self._work(lane)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or self._failed is None or self._failed.done():
            return
        if error := task.exception():
            self._failed.set_exception(error)

    async def revoked(self) -> None:
        """Close all lanes; work in progress has a while to end."""
        lanes, self.lanes = self.lanes, {}
        tasks, self._tasks = [task for one in self._tasks.values() for task in one], {}
        for lane in lanes.values():
            lane.closing.set()
        if tasks:
            await asyncio.wait(tasks, timeout=GRACE_S)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(lane.close() for lane in lanes.values()), return_exceptions=True)


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        await self._ledger.revoked()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self._ledger.assigned([place.partition for place in assigned])


async def read(place: Settings, tenant: str) -> Entries:
    """The ledger's current entries of a tenant (and of others in its partition). Raises KafkaError."""
    topic, partitions = notices(place)
    consumer: Any = StoppableConsumer(
        **client_options(place.kafka), client_id="crmkpi-notices", enable_auto_commit=False,
        isolation_level="read_committed",
    )  # fmt: skip
    found = Entries()
    try:
        await consumer.start()
        if topic in await consumer.topics():
            records = await read_small(consumer, TopicPartition(topic, partition_of(tenant, partitions)))
            for number, (key, value) in enumerate(records):
                if entry := decode(key, value):
                    found.put(number, entry)
    finally:
        await consumer.stop()
    return found


async def append(place: Settings, tenant: str, entries: Sequence[Entry]) -> None:
    """Write entries that need not come from the owner, which reads them within a second. Raises KafkaError."""
    topic, partitions = notices(place)
    producer: Any = AIOKafkaProducer(
        **client_options(place.kafka), client_id="crmkpi-notices", acks="all", enable_idempotence=True
    )
    await producer.start()
    try:
        for entry in entries:
            key, value = encode(entry)
            await producer.send_and_wait(topic, value, key=key, partition=partition_of(tenant, partitions))
    finally:
        await producer.stop()
