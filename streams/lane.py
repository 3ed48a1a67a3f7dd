"""A lane: the task that owns one journal partition and counts, commits and publishes its batches."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from models.tenants import TenantBook
from streams.engine.client import Counted, EngineFailed, LaneEngine
from streams.engine.rows import Record
from streams.fetched import Fetched
from streams.inbox import Inbox, Item
from streams.monitor.lags import lags
from streams.monitor.metrics import stats
from streams.options import WorkerOptions
from streams.position import Position
from streams.publish import Publisher
from streams.restore import restore
from streams.stop import spawn
from streams.suspects import Suspects
from streams.table import LaneState
from streams.transact import Transactor

log = logging.getLogger(__name__)


BACKLOG: Final = 4  # a lane with more than this share of a full batch waiting is behind
HEAD_START: Final = 0.1  # seconds; counting does not wait longer for a slow or unavailable store
LEAST_BATCH: Final = 64 << 10  # bytes; the smallest amount handed to the engine at a time
WARY: Final = 3  # after this many failed starts at one position, probe every event in a copy of the engine first


class Lane:
    """Counts what has arrived, one slice a batch; the next batch is counted while the previous one commits.

    That is safe because nothing continues after a failed commit: the process ends and the state is restored from Kafka.
    Documents are computed only when everything counted is committed.
    """

    def __init__(
        self, options: WorkerOptions, partition: int, state: LaneState, transactor: Transactor, publisher: Publisher,
        pause: Callable[[bool], None],
    ) -> None:  # fmt: skip
        self.options = options
        self.partition = partition
        self.state = state
        self.transactor = transactor
        self.publisher = publisher
        self.batches = 0
        self.blocked: str | None = None  # why counting is blocked until an operator acts
        self._pause = pause  # tells the consumer to stop (True) or resume (False) fetching the partition
        self._paused = False
        self._inbox = Inbox()
        self._limit = LEAST_BATCH
        self._wake = asyncio.Event()
        self._going = asyncio.Event()
        self._working = asyncio.Lock()
        self._committing: asyncio.Task[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._counted = 0  # the position after what is counted, committed or not
        self._suspects = Suspects(partition, state)
        self._tried = False  # events went to the engine since the start
        self._background = True  # background work is allowed; it stops after raising

    @property
    def ready(self) -> bool:
        """Whether the lane is restored and has a position."""
        return self._task is not None

    @property
    def position(self) -> Position:
        """The committed position."""
        assert self.state.position is not None, "a lane that was not started has no position"
        return self.state.position

    @property
    def engine(self) -> LaneEngine:
        """The lane's state in the engine process."""
        return self.state.engine

    @property
    def now(self) -> int:
        """The time for computing documents, ms."""
        return self.publisher.now

    @property
    def quarantining(self) -> bool:
        """Whether events are counted one at a time, because one of them could not be counted."""
        return self._counted < self._suspects.end

    async def start(self, at: Position) -> None:
        """Start at ``at``, with the state restored. Counting begins with `go`."""
        await self.transactor.commit((), (), at)
        self._suspects.wary = at.tries >= WARY
        self.state.position = at
        self._counted = at.next
        self.publisher.everything()
        self._task = spawn(self._run(), lambda: f"lane {self.partition} of the journal at offset {self._counted}")

    def go(self) -> None:
        """The partition flows from `position`."""
        self._inbox.expect(self.position.next)
        self._going.set()

    def offer(self, fetched: Fetched) -> None:
        """Add a fetched range. Never waits: a lane with too much to do pauses its partition."""
        self._inbox.offer(fetched)
        self._wake.set()
        if not self._paused and self._inbox.bytes > self.options.batch_bytes:
            self._paused = True
            self._pause(True)

    def configure(self, book: TenantBook) -> None:
        """Tenant settings changed in the engine: there may be background work."""
        self.state.engine.pending = self._background = True
        self._wake.set()

    async def quiet(self) -> None:
        """Drop what waits and finish the running transaction. The lane resumes from `position`."""
        self._going.clear()
        self._clear()
        async with self._working:
            self._clear()
            await self._settle()

    async def publish_rest(self) -> None:
        """Publish what is committed but unpublished: a quiet lane's last act before the worker stops."""
        await self.publisher.settle()
        if self.publisher.pending:
            self.publisher.hurry()
            await self.publisher.start(self.position)
            await self.publisher.settle()

    async def stop(self) -> None:
        """End a quiet lane, whose partition goes to another worker."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self.transactor.close()

    def _clear(self) -> None:
        self._inbox.clear()
        self._paused = False

    async def _run(self) -> None:
        while True:
            await self._going.wait()
            if self.blocked or not (self._inbox or self._has_work):
                await self._wait(self.publisher.due())
            async with self._working:
                if self._going.is_set():
                    await self._turn()

    async def _wait(self, timeout: float) -> None:
        self._wake.clear()
        if timeout > 0:
            waiting = asyncio.ensure_future(self._wake.wait())
            try:
                await asyncio.wait([waiting], timeout=timeout)
            finally:
                waiting.cancel()

    async def _turn(self) -> None:
        if self._inbox and not self.blocked:
            await self._batch()
        if self._has_work and not self.blocked:
            await self._work()
        self.publisher.tick()
        if self.publisher.due(behind=self._behind) == 0:
            await self._settle()
            await self._publish()
            if not self._behind:
                # Publish what was counted first: the next batch would delay the write.
                await self.publisher.settle(HEAD_START)

    @property
    def _has_work(self) -> bool:
        """Whether redefinitions, erasures or expired entries wait."""
        return self._background and self.state.engine.pending

    @property
    def _behind(self) -> bool:
        """Whether so many events wait that counting takes priority."""
        return self._inbox.bytes >= self.options.batch_bytes // BACKLOG

    # -- batches ---------------------------------------------------------------------------------------------------

    async def _batch(self) -> None:
        items = [item for item in self._inbox.head(self._limit) if item.record is not None]
        records = [item.record for item in items if item.record is not None]
        try:
            counted = await self._count(records)
        except EngineFailed as failure:
            await self._isolate(records, items[-1].next, failure)
            return
        if counted is not None:
            taken = sum(item.size for item in items[: counted.taken])
            self._limit = min(max(2 * taken, LEAST_BATCH), self.options.batch_bytes)
        at = self._inbox.advance(counted.taken if counted is not None else 0)
        self._counted = max(self._counted, at)
        self._unpause()
        await self._commit_beside(counted, items, self._counted)

    async def _count(self, records: list[Record]) -> Counted | None:
        if not records:
            return None
        if not self._tried:
            await self._note_try()
        if self._suspects.wary:
            self._suspects.wary = False
            raise EngineFailed("Ended", "the worker failed three times at this position", "")
        return await self.state.engine.count(records, self._suspects.found, single=self.quarantining)

    async def _note_try(self) -> None:
        """Record the attempt before the first event is counted here, to detect an event that kills the process.

        Not at startup: restarts of a lane without events prove nothing.
        """
        self._tried = True
        await self._settle()
        at = self.position._replace(tries=self.position.tries + 1)
        await self.transactor.commit((), (), at)
        self.state.position = at

    async def _work(self) -> None:
        """A slice of background work, as a batch without events at the same position."""
        try:
            counted = await self.state.engine.work()
        except EngineFailed as failure:
            log.error("lane %s: recomputation failed; not retried until settings change: %s", self.partition, failure)
            self._background = False
            await self._settle()
            await self._reload()
            return
        if counted.entries or counted.touched or counted.redefined or counted.failures:
            await self._commit_beside(counted, [], self._counted)

    async def _commit_beside(self, counted: Counted | None, items: list[Item], to: int) -> None:
        """Commit after the previous commit, while the next batch is counted."""
        await self._settle()
        at = self.position._replace(next=to, tries=self.position.tries if to == self.position.next else 0)
        doing = f"committing lane {self.partition} at {at.next}"
        self._committing = spawn(self._commit(counted, items, at), lambda: doing)

    def _unpause(self) -> None:
        if self._paused:
            self._paused = False
            self._pause(False)

    async def _commit(self, counted: Counted | None, items: list[Item], at: Position) -> None:
        began = time.monotonic()
        if counted is None:
            await self.transactor.commit((), (), at)
        else:
            letters = self._suspects.letters(counted.letters)
            entries = [*counted.entries, *self._suspects.entries(letters, items)]
            await self.transactor.commit(entries, letters, at)
            stats.committed(letters, counted.tally, time.monotonic() - began)
        lags.committed(self.options.journal, self.partition, at.next)
        self.state.position = at
        self.batches += 1
        if counted is not None:
            self.publisher.touch(counted.touched)
            self.publisher.whole(counted.redefined)
            for tenant, error in counted.failures:
                log.error("lane %s: tenant %s: %s; its numbers stay unchanged", self.partition, tenant, error)
        self._wake.set()

    async def _settle(self) -> None:
        if self._committing is not None:
            await asyncio.wait([self._committing])
            self._committing = None

    # -- quarantine ------------------------------------------------------------------------------------------------

    async def _isolate(self, records: list[Record], end: int, failure: EngineFailed) -> None:
        """The engine raised: find the events it can't count. The lane's state is half changed, so it is restored
        from the changelog; then the records are counted one event at a time without those.
        """
        await self._settle()
        log.error("lane %s: %s while counting offset %s: finding the event", self.partition, failure, self._counted)
        self._suspects.end = max(self._suspects.end, end)
        await self._reload()
        found = await self.state.engine.probe(records, self._suspects.found)
        if not found and self._suspects.failed_at == self._counted and failure.kind != "Ended":
            self._no_event(records, end, failure)
            return
        self._suspects.failed_at = self._counted
        self._suspects.add(found)

    def _no_event(self, records: list[Record], end: int, failure: EngineFailed) -> None:
        """It failed again with single events: the journal record is not a valid block."""
        if len(records) > 1:
            self._limit = 1  # count those before it, one record at a time
            return
        if self.position.tries <= WARY:
            raise failure  # a restart may help
        self.blocked = f"offset {self._counted} of the journal cannot be counted: {failure}"
        log.error(
            "lane %s is blocked: %s; to skip it: crmkpi topics skip %s %s --to %s",
            self.partition, self.blocked, self.options.journal, self.partition, end,
        )  # fmt: skip

    async def _reload(self) -> None:
        fresh = replace(self.state, position=None, entries=0, quarantined=set())
        await fresh.engine.drop()
        await restore(self.options, self.partition, fresh)
        assert fresh.position is not None, "a lane that counted has a position"
        assert fresh.position.next == self.position.next, "the state was moved by another process"
        self.state.quarantined = fresh.quarantined
        self.publisher.everything()

    # -- publishing ------------------------------------------------------------------------------------------------

    async def _publish(self) -> None:
        if self.publisher.outranked is not None:
            await self._outrank(self.publisher.outranked)
        await self.publisher.start(self.position)

    async def _outrank(self, epoch: int) -> None:
        """The store holds a newer revision. Raise our epoch above it, in a transaction: committing proves that we own
        the lane, so that revision comes from another clock or from recreated topics.
        """
        at = self.position._replace(epoch=epoch + 1)
        await self.transactor.commit((), (), at)
        self.state.position = at
        self.publisher.outranked = None
        self.publisher.everything()
