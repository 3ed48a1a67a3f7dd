"""Reads what `verify` compares, lane by lane: state and journal from Kafka, published numbers from Redis.

All positions are fixed in advance, so it terminates while events keep flowing: the state is read as of one transaction,
the journal up to that position. Then each tenant's documents are read from Redis and recounted at their own position.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from access.kafka import client_options
from cli.away import kafka_away
from cli.entries import Entries, Entry
from cli.recount import (
    QUARANTINE,
    Doc,
    JournalRecord,
    Quarantine,
    Recount,
    Verdict,
    aged,
    check_cells,
    check_documents,
    check_entries,
    outdated,
)
from cli.reflected import Reflected, object_of
from kpis.engine import Engine
from models.blocks import decode_block
from models.settings import RedisSettings, Settings, TenantBook
from ops.losses import Loss, gaps, read_losses
from sinks.base import Board
from sinks.read import RedisReader
from sinks.redis_sink import RedisSink
from streams import position
from streams.bootstrap import options_from
from streams.options import WorkerOptions
from streams.position import Position
from streams.restore import new_reader, read_flowing, read_partition

PUBLISHED_S: Final = 30.0  # within which a running worker publishes what it has counted
SEGMENTS_S: Final = 3.0  # how long to wait for segments while events of the tenant keep flowing
Tell = Callable[[int, int], None]  # journal records read, and in total
Wanted = Callable[[str], bool]


@dataclass
class Audit:
    """One verification: of every tenant, or of ``only`` one. ``live`` is False when the workers' clock is frozen."""

    place: Settings
    book: TenantBook
    only: str | None = None
    live: bool = True
    verdict: Verdict = field(default_factory=Verdict)

    async def run(self, tell: Tell) -> Verdict:
        """Compares lane by lane. Raises CliError (code 69) if Kafka is unavailable, SinkUnavailable for Redis."""
        options = options_from(self.place)
        try:
            lost = await read_losses(client_options(self.place.kafka), options.control)
            async with _reader(options) as reader, _Redis(self.place.redis) as redis:
                total = await _records(reader, options)
                for lane in range(options.lanes):
                    await Lane(
                        self, options, reader, redis, lane, lost, lambda: tell(self.verdict.records, total)
                    ).run()
                tell(total, total)
        except (KafkaError, OSError) as error:
            raise kafka_away(self.place.kafka, error) from error
        if not self.verdict.facts and not self.verdict.notes:
            whose = f" for tenant {self.only}" if self.only else ""
            self.verdict.notes.append(f"nothing has been counted yet{whose}: `crmkpi lag` shows waiting events")
        return self.verdict

    def wanted(self, tenant: str) -> bool:
        """Whether this tenant is to be verified."""
        return self.only in (None, tenant)


class Lane:
    """The verification of one lane."""

    def __init__(
        self, audit: Audit, options: WorkerOptions, reader: AIOKafkaConsumer, redis: "_Redis", lane: int,
        lost: list[Loss], tell: Callable[[], None],
    ) -> None:  # fmt: skip
        self.audit, self.verdict = audit, audit.verdict
        self.reader, self.redis, self.tell = reader, redis, tell
        self.lane = lane
        self.state = TopicPartition(options.state, lane)
        self.journal = TopicPartition(options.journal, lane)
        self.gaps = gaps(lost, options.journal, lane)
        # After `topics rebase`, a lane's state no longer follows from the journal alone.
        self.rebased = any(x[:2] == tuple(self.journal) and x.why == "rebased" for x in lost)
        self.quarantine = Quarantine()
        self.others: set[str] = set()  # tenants counted with different settings or by another build

    async def run(self) -> None:
        """Verify this lane. Raises KafkaError and SinkUnavailable."""
        begin = (await self.reader.beginning_offsets([self.journal]))[self.journal]
        whole = begin == 0 and not self.rebased
        recount, at = await (self._counted_anew() if whole else self._taken_from_the_state(begin))
        if at is None:
            if (await self.reader.end_offsets([self.journal]))[self.journal]:
                self.verdict.notes.append(f"lane {self.lane}: the journal has records, but nothing is counted yet")
            return
        self.verdict.lanes += 1
        self.verdict.quarantined += len(self.quarantine.origins)
        for tenant in sorted(self.others):
            note = f"{tenant}: counted with different settings from those given here, or by a different build"
            self.verdict.notes.append(note)
        tenants = sorted(filter(self.wanted, recount.engine.tenants()))
        states = (recount.engine.state(tenant) for tenant in tenants)
        self.verdict.identity_conflicts += sum(state.tenant.people.identity.conflicts for state in states)
        check_cells(recount.engine, tenants, self.verdict)
        now = at.next
        for tenant in tenants:
            now = await self._published(recount, tenant, at.epoch, now)

    def wanted(self, tenant: str) -> bool:
        """Whether a tenant is compared."""
        return self.audit.wanted(tenant) and tenant not in self.others

    async def _counted_anew(self) -> tuple[Recount, Position | None]:
        """Recount the journal from its beginning and compare its entries with the state's."""
        recount = Recount(Engine(self.audit.book), self.quarantine)
        with Entries() as entries:
            at = await self._state(lambda found: entries.keep(found))
            if at is None:
                return recount, None
            entries.count_once()
            entries.renew()
            self.others = set(filter(self.audit.wanted, outdated(entries.pairs(), self.audit.book)))
            async for records in self._journal(0, at.next):
                entries.count(recount.take(records))
            check_entries(entries.pairs(), self.wanted, self.verdict, recount.floors)
        return recount, at

    async def _taken_from_the_state(self, begin: int) -> tuple[Recount, Position | None]:
        """Start from the state; everything still in the journal must be in it."""
        engine = Engine(self.audit.book)
        objects: set[tuple[str, str, str]] = set()

        def load(entries: Iterable[Entry]) -> None:
            for key, value in entries:
                engine.load(key, value)
                if found := object_of(key):
                    (objects.discard if value is None else objects.add)(found)

        recount = Recount(engine, self.quarantine)
        at = await self._state(load)
        if at is None:
            return recount, None
        for _ in engine.restored():
            pass
        self.others = set(filter(self.audit.wanted, engine.outdated()))
        reflected = Reflected(engine, objects, self.quarantine)
        self.verdict.since(await self._first_time(begin, at.next))
        async for records in self._journal(begin, at.next):
            reflected.take(records, self.wanted, self.verdict)
        recount.touched = reflected.touched
        return recount, at

    async def _state(self, take: Callable[[Iterable[Entry]], None]) -> Position | None:
        """Read the changelog in order, as of one transaction, without the lane's own entries. Returns its position."""
        at = None
        async for records in read_flowing(self.reader, self.state):
            entries = []
            for record in records:
                key, value = record.key or b"", record.value
                if key == position.KEY:
                    at = position.decode(value) if value is not None else None
                elif key[:1] == QUARANTINE:
                    self.quarantine.load(key, value)
                else:
                    entries.append((key, value))
            take(entries)
            await asyncio.sleep(0)
        return at

    async def _journal(self, start: int, upto: int) -> AsyncIterator[list[JournalRecord]]:
        """The journal's records of a range, without offsets skipped by an operator."""
        ends = [start, *(offset for gap in self.gaps for offset in gap), upto]
        for begin, end in zip(ends[::2], ends[1::2], strict=True):
            if (begin := max(begin, start)) >= (end := min(end, upto)):
                continue
            async for records in read_partition(self.reader, self.journal, end, start=begin):
                self.verdict.records += len(records)
                yield [
                    JournalRecord(r.offset, (r.key or b"").decode(), decode_block(r.value or b""), r.timestamp)
                    for r in records
                ]
                self.tell()

    async def _first_time(self, begin: int, upto: int) -> int:
        async for records in self._journal(begin, min(upto, begin + 1)):
            self.verdict.records -= len(records)
            return records[0].timestamp
        return 0

    async def _published(self, recount: Recount, tenant: str, epoch: int, now: int) -> int:
        """Compare a tenant's documents with the recount at their position. Returns how far the recount has advanced."""
        touched = recount.touched.get(tenant, 0)
        (revision, documents, waiting), complete = await self.redis.newest(tenant, touched, epoch)
        if revision is None:
            self.verdict.differs(f"{tenant}: nothing is published")
            return now
        if revision[0] < epoch:
            self.verdict.differs(f"{tenant}: published in epoch {revision[0]}, counted in epoch {epoch}")
            return now
        if revision[1] > now:
            async for records in self._journal(now, revision[1]):
                recount.take(records)
            now = revision[1]
        if recount.touched.get(tenant, 0) > max(revision[1], complete[1]):
            text = f"published up to offset {revision[1]}, counted up to {recount.touched[tenant]}"
            self.verdict.differs(f"{tenant}: {text}: publishing has stopped")
            return now
        counted = recount.engine.documents(tenant, revision[2], live=self.audit.live, full=True)
        own = partial(recount.engine.ageing_documents, tenant)
        again = aged(documents, counted, revision[2], own)
        if waiting:  # events keep flowing: segments of some KPIs are older, of an unknown position
            self.verdict.totals_only += 1
            check_documents(_totals(documents), _totals(again), self.verdict)
        else:
            check_documents(documents, again, self.verdict)
        return now


def _totals(documents: Iterable[Doc]) -> list[Doc]:
    return [doc for doc in documents if not doc.get("segment")]


class _Redis:
    """Reader and sink of the store, as a context manager."""

    def __init__(self, place: RedisSettings) -> None:
        self._sink, self._reader = RedisSink(place), RedisReader(place)

    async def __aenter__(self) -> "_Redis":
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._reader.close()
        await self._sink.close()

    async def newest(self, tenant: str, touched: int, epoch: int) -> tuple[Board, tuple[int, int]]:
        """The published documents, once they cover the tenant's records below ``touched``, and the lane's position.

        Counts of the last moments are still on their way to Redis, and segments follow a little later.
        """
        loop = asyncio.get_running_loop()
        began, first = loop.time(), await self._sink.revision(tenant)
        while (waited := loop.time() - began) < PUBLISHED_S:
            revision, (waiting, complete) = await self._sink.revision(tenant), await self._status(tenant)
            new = revision is not None and max(revision[:2], complete) >= (epoch, touched)
            moves = revision is not None and first is not None and revision[1] > first[1]
            if new and (not waiting or (moves and waited > SEGMENTS_S)):
                break
            await asyncio.sleep(0.1)
        _, complete = await self._status(tenant)
        return await self._reader.board(tenant), complete

    async def _status(self, tenant: str) -> tuple[int, tuple[int, int]]:
        status = await self._reader.status(tenant)
        return (status.waiting, status.rev) if status else (0, (0, 0))


@asynccontextmanager
async def _reader(options: WorkerOptions) -> AsyncIterator[AIOKafkaConsumer]:
    reader = new_reader(options)
    try:
        await reader.start()
        yield reader
    finally:
        await reader.stop()


async def _records(reader: AIOKafkaConsumer, options: WorkerOptions) -> int:
    """The approximate number of records in the journal."""
    lanes = [TopicPartition(options.journal, lane) for lane in range(options.lanes)]
    begins, ends = await reader.beginning_offsets(lanes), await reader.end_offsets(lanes)
    return sum(ends[lane] - begins[lane] for lane in lanes)
