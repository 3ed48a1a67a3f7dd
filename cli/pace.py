"""Paces history loads at the speed of the workers, so that other tenants' numbers stay fresh.

Parcels of events are tracked through the topics: acknowledged by the broker, accepted (the group's input offsets have
passed them), counted (the lanes have passed the journal's end at that time). About two seconds' worth of work may be in
flight at any time; the number of events is measured.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from access.kafka import client_options
from cli.term import say
from models import topics
from models.settings import Settings

PARCEL: Final = 500  # events
AHEAD_S: Final = 2.0
LEAST, MOST = 1_000, 20_000  # minimum of events in flight
LOOK_S: Final = 0.05
STALLED_S: Final = 30.0
Offsets = Mapping[TopicPartition, int]


@dataclass
class Parcel:
    """Events sent together."""

    count: int
    inputs: Offsets  # the offsets after them
    journal: Offsets | None = None  # the journal's end when they were accepted


class Pace:
    """Decides whether more may be sent. Pure: offsets and time (s) are passed in."""

    def __init__(self, journal: Offsets, now: float) -> None:
        self._begin = journal
        self._parcels: deque[Parcel] = deque()
        self._last = now  # last time something was counted, or nothing was in flight
        self.on_the_way = 0
        self.per_second = LEAST / AHEAD_S

    @property
    def room(self) -> bool:
        """Whether more may be sent."""
        return self.on_the_way < min(max(AHEAD_S * self.per_second, LEAST), MOST)

    def stalled(self, now: float) -> float:
        """Seconds without progress while something is waiting."""
        return now - self._last if self._parcels else 0.0

    def sent(self, count: int, inputs: Offsets, now: float) -> None:
        """Add a parcel acknowledged by the broker."""
        if not self._parcels:
            self._last = now
        self._parcels.append(Parcel(count, inputs))
        self.on_the_way += count

    def look(self, committed: Offsets, journal: Offsets, now: float) -> None:
        """Update with the group's committed offsets and the journal's end."""
        counted = 0
        for parcel in self._parcels:
            if parcel.journal is None and _passed(committed, parcel.inputs):
                parcel.journal = {tp: end for tp, end in journal.items() if end > self._begin.get(tp, 0)}
        while self._parcels and (held := self._parcels[0].journal) is not None and _passed(committed, held):
            counted += self._parcels.popleft().count
        if counted:
            self.on_the_way -= counted
            self.per_second += (counted / max(now - self._last, LOOK_S) - self.per_second) / 4
            self._last = now


def _passed(committed: Offsets, ends: Offsets) -> bool:
    return all(committed.get(tp, 0) >= end for tp, end in ends.items())


class Pacer:
    """Paces one import, with its own connections."""

    def __init__(self, place: Settings, admin: Any, consumer: Any) -> None:
        self._group = place.app_id
        self._lanes = [TopicPartition(topics.journal(place), lane) for lane in range(place.journal_partitions)]
        self._admin, self._consumer = admin, consumer
        self._pace: Pace | None = None  # None: at full speed
        self._told = False

    async def start(self) -> None:
        """Start; without workers there is nothing to pace by."""
        if await self._alone():
            say("no worker is running: sending at full speed")
        else:
            self._pace = Pace(await self._consumer.end_offsets(self._lanes), time.monotonic())

    @property
    def note(self) -> str:
        """For a progress line."""
        pace = self._pace
        return f"throttled, {pace.on_the_way} in flight" if pace else "at full speed"

    async def sent(self, landed: Iterable[Any]) -> None:
        """Take acknowledged records (their metadata), and wait until more may be sent."""
        if self._pace is None:
            return
        ends: dict[TopicPartition, int] = {}
        count = 0
        for one in landed:
            tp = TopicPartition(one.topic, one.partition)
            ends[tp] = max(ends.get(tp, 0), one.offset + 1)
            count += 1
        self._pace.sent(count, ends, time.monotonic())
        await self._look(self._pace)
        while self._pace is not None and not self._pace.room:
            await asyncio.sleep(LOOK_S)
            await self._look(self._pace)
            await self._stalled(self._pace)

    async def _look(self, pace: Pace) -> None:
        try:
            found = await self._admin.list_consumer_group_offsets(self._group)
        except KafkaError:  # the coordinator is moving or just starting: try again next time
            return
        committed = {tp: meta.offset for tp, meta in found.items()}
        pace.look(committed, await self._consumer.end_offsets(self._lanes), time.monotonic())

    async def _stalled(self, pace: Pace) -> None:
        if pace.stalled(time.monotonic()) < STALLED_S:
            self._told = False
        elif await self._alone():
            say("no worker is running any more: continuing at full speed")
            self._pace = None
        elif not self._told:
            self._told = True
            say("nothing counted for 30 s: waiting for workers (`crmkpi lag` shows where; --full-speed does not wait)")

    async def _alone(self) -> bool:
        """Whether the group has no members."""
        try:
            answers = await self._admin.describe_consumer_groups([self._group])
        except KafkaError:
            return True
        return all(group[2] in ("Empty", "Dead") for answer in answers for group in answer.groups)


@asynccontextmanager
async def pacer(place: Settings) -> AsyncIterator[Pacer]:
    """A Pacer that has started. Raises KafkaError."""
    options: dict[str, Any] = client_options(place.kafka)
    admin = AIOKafkaAdminClient(**options, client_id="crmkpi-import")
    consumer = AIOKafkaConsumer(**options, client_id="crmkpi-import", enable_auto_commit=False)
    try:
        await admin.start()
        await consumer.start()
        found = Pacer(place, admin, consumer)
        await found.start()
        yield found
    finally:
        await consumer.stop()
        await admin.close()
