"""Reading what `verify` compares: each lane's state and journal from Kafka, the published numbers from Redis."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from cli.exits import kafka_away
from cli.recount import (
    Entries,
    JournalRecord,
    Recount,
    Verdict,
    aged,
    check_cells,
    check_documents,
    check_entries,
    restored,
)
from kpis.engine import Engine
from models.blocks import decode_block
from models.settings import Settings, TenantBook
from sinks.base import Revision
from sinks.read import RedisReader
from sinks.redis_sink import RedisSink
from streams import position
from streams.bootstrap import options_from
from streams.position import Position
from streams.restore import new_reader, read_partition

PUBLISHED_S: Final = 30.0  # within it a worker that runs publishes what it has counted
# With how many KPIs whose segments wait, and the (epoch, position) up to which all was sent.
Published = tuple[Revision | None, list[dict[str, Any]], int, tuple[int, int]]
Tell = Callable[[int, int], None]  # lanes done, lanes in all


@dataclass
class Audit:
    """One verification: of every tenant, or of ``only`` one. ``live`` is False when the workers' clock is frozen."""

    place: Settings
    book: TenantBook
    only: str | None = None
    live: bool = True
    verdict: Verdict = field(default_factory=Verdict)

    async def run(self, tell: Tell) -> Verdict:
        """Compares lane by lane. Raises CliError with code 69 when Kafka is away, SinkUnavailable for Redis."""
        lanes = self.place.journal_partitions
        try:
            async with _reader(self.place) as reader:
                for lane in range(lanes):
                    tell(lane, lanes)
                    await self._lane(reader, lane)
        except (KafkaError, OSError) as error:
            raise kafka_away(self.place.kafka.bootstrap_servers) from error
        tell(lanes, lanes)
        if not self.verdict.facts and not self.verdict.notes:
            self.verdict.notes.append(f"nothing has been counted yet{f' of {self.only}' if self.only else ''}")
        return self.verdict

    def new_engine(self) -> Engine:
        """An empty one."""
        return Engine(self.book)

    def wanted(self, tenant: str) -> bool:
        """Whether this tenant is asked for."""
        return self.only in (None, tenant)

    async def _lane(self, reader: AIOKafkaConsumer, lane: int) -> None:
        options = options_from(self.place)
        journal = TopicPartition(options.journal, lane)
        at, kept = await _state(reader, TopicPartition(options.state, lane))
        if at is None:
            if (await reader.end_offsets([journal]))[journal]:
                self.verdict.notes.append(f"lane {lane}: the journal has records, nothing is counted yet")
            return
        self.verdict.lanes += 1
        engine = restored(self.new_engine, kept)
        states = (engine.state(tenant) for tenant in filter(self.wanted, engine.tenants()))
        self.verdict.identity_conflicts += sum(state.tenant.people.identity.conflicts for state in states)
        others = set(filter(self.wanted, engine.outdated()))
        for tenant in sorted(others):
            self.verdict.notes.append(f"{tenant}: counted with other settings than those given here, or another build")

        def wanted(tenant: str) -> bool:
            return self.wanted(tenant) and tenant not in others

        check_cells(engine, filter(wanted, engine.tenants()), self.verdict)
        if recount := await self._recount(reader, journal, at):
            check_entries(kept, recount.entries, wanted, self.verdict)
            for tenant in sorted(filter(wanted, recount.engine.tenants())):
                await self._published(recount.engine, tenant, at)

    async def _recount(self, reader: AIOKafkaConsumer, tp: TopicPartition, at: Position) -> Recount | None:
        """A recount of the journal up to the state's position; None when its beginning has been deleted."""
        if begin := (await reader.beginning_offsets([tp]))[tp]:
            text = f"lane {tp.partition}: the journal begins at offset {begin}: what came before cannot be recounted"
            self.verdict.notes.append(text)
            return None
        recount = Recount(self.new_engine)
        async for records in read_partition(reader, tp, upto=at.next):
            blocks = ((r.key or b"", decode_block(r.value or b""), r.timestamp) for r in records)
            taken = recount.take(JournalRecord(key.decode(), block, stamp) for key, block, stamp in blocks)
            self.verdict.records += taken
        return recount

    async def _published(self, engine: Engine, tenant: str, at: Position) -> None:
        revision, documents, waiting, complete = await self._newest(tenant, at)
        if revision is None:
            self.verdict.differs(f"{tenant}: nothing is published")
        elif not revision[:2] <= (at.epoch, at.next) <= complete:
            text = f"{tenant}: published is {revision[:2]}, counted {(at.epoch, at.next)}: events flow, try again"
            self.verdict.notes.append(text)
        elif waiting:
            text = f"{tenant}: the segments of {waiting} KPIs are still to be published: try again"
            self.verdict.notes.append(text)
        else:
            counted = engine.documents(tenant, revision[2], live=self.live, full=True)
            own = partial(engine.ageing_documents, tenant)
            check_documents(documents, aged(documents, counted, revision[2], own), self.verdict)

    async def _newest(self, tenant: str, at: Position) -> Published:
        """What is published, once it is as new as the state: what was counted a moment ago is on its way to Redis, and
        segments come a little later than the rest.
        """
        end = asyncio.get_running_loop().time() + PUBLISHED_S
        while True:
            found = await _read_published(self.place.redis.url, tenant)
            revision, _, waiting, complete = found
            new = revision is not None and complete >= (at.epoch, at.next) and not waiting
            if new or asyncio.get_running_loop().time() > end:
                return found
            await asyncio.sleep(0.1)


async def _state(reader: AIOKafkaConsumer, tp: TopicPartition) -> tuple[Position | None, Entries]:
    """A lane's entries as compaction would leave them, and its position."""
    entries: Entries = {}
    async for records in read_partition(reader, tp):
        for record in records:
            if record.value is None:
                entries.pop(record.key or b"", None)
            else:
                entries[record.key or b""] = record.value
    stored = entries.pop(position.KEY, None)
    return (position.decode(stored) if stored else None), entries


async def _read_published(url: str, tenant: str) -> Published:
    """The documents with the revision they belong to, and how many KPIs wait: again when a publication came between."""
    sink = RedisSink(url)
    try:
        async with RedisReader(url) as reader:
            while True:
                before = await sink.revision(tenant)
                status, documents = await reader.status(tenant), await reader.documents(tenant)
                if await sink.revision(tenant) == before:
                    return before, documents, status.waiting if status else 0, status.rev if status else (0, 0)
    finally:
        await sink.close()


@asynccontextmanager
async def _reader(place: Settings) -> AsyncIterator[AIOKafkaConsumer]:
    reader = new_reader(options_from(place))
    try:
        await reader.start()
        yield reader
    finally:
        await reader.stop()
