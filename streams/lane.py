"""A lane: the one task that owns a partition of the journal, applies its batches, commits and publishes them."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Final

from models.blocks import decode_block
from models.tenants import TenantBook
from streams.engine_port import Outcome
from streams.fetched import Fetched
from streams.options import WorkerOptions
from streams.position import Position
from streams.publish import Publisher
from streams.stop import spawn
from streams.table import LaneState
from streams.transact import Transactor

log = logging.getLogger(__name__)


BACKLOG: Final = 4  # a lane with more to do than this part of a full batch is behind
BACKGROUND: Final = 0.05  # seconds of work beside the events in a turn, at least
HEAD_START: Final = 0.1  # seconds; a store that takes longer, or is away, does not hold the counting up


class NotContiguous(Exception):
    """A fetched batch was lost on its way to the lane."""


class Lane:
    """Applies what has arrived as one batch; while that commits, the next one is applied already.

    It is safe because nothing goes on after a failed commit: the process ends and the state comes back from Kafka.
    Documents are made only when everything applied is committed.
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
        self._pause = pause  # asks the consumer to stop (True) or go on (False) fetching the partition
        self._paused = False
        self._inbox: deque[Fetched] = deque()
        self._inbox_bytes = 0
        self._wake = asyncio.Event()
        self._going = asyncio.Event()
        self._working = asyncio.Lock()
        self._committing: asyncio.Task[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._applied = 0

    @property
    def ready(self) -> bool:
        """Restored, and with a position."""
        return self._task is not None

    @property
    def position(self) -> Position:
        """What is committed."""
        assert self.state.position is not None, "a lane that was not started has no position"
        return self.state.position

    def start(self, at: Position) -> None:
        """The state is restored: it stands at ``at``. Nothing moves before `go`."""
        self.state.position = at
        self._applied = at.next
        self.publisher.everything()
        self._task = spawn(self._run(), lambda: f"lane {self.partition} of the journal at offset {self._applied}")

    def go(self) -> None:
        """The partition flows from `position` on."""
        self._going.set()

    def offer(self, fetched: Fetched) -> None:
        """Take a fetched range. Never waits: a lane with too much to do pauses its partition."""
        self._inbox.append(fetched)
        self._inbox_bytes += fetched.bytes
        self._wake.set()
        if not self._paused and self._inbox_bytes > self.options.batch_bytes:
            self._paused = True
            self._pause(True)

    def configure(self, book: TenantBook) -> None:
        """Tenants have other settings: what they change is counted again, beside the events."""
        self.state.engine.configure(book)
        self._wake.set()

    async def quiet(self) -> None:
        """Drop what waits and let the running transaction end: after this `position` is where the lane goes on."""
        self._going.clear()
        self._clear()
        async with self._working:
            self._clear()
            await self._settle()

    async def publish_rest(self) -> None:
        """Publish what is committed and not published yet: the last words of a quiet lane before the worker stops."""
        await self.publisher.settle()
        if self.publisher.pending:
            self.publisher.hurry()
            await self.publisher.start(self.position)
            await self.publisher.settle()

    async def stop(self) -> None:
        """End a quiet lane: its partition goes to somebody else."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self.transactor.close()

    def _clear(self) -> None:
        self._inbox.clear()
        self._inbox_bytes = 0
        self._paused = False

    async def _run(self) -> None:
        while True:
            await self._going.wait()
            if not self._inbox and not self.state.engine.pending:
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
        began = self._now()
        if self._inbox:
            await self._batch()
        if self.state.engine.pending:
            await self._step(max(BACKGROUND, self._now() - began))
        self.publisher.tick()
        if self.publisher.due(behind=self._behind) == 0:
            await self._settle()
            await self._publish()
            if not self._behind:
                # What was counted is seen before more is: the next batch would hold the loop, and the write with it.
                await self.publisher.settle(HEAD_START)

    @property
    def _behind(self) -> bool:
        """Whether so many events wait that counting them comes first."""
        return self._inbox_bytes >= self.options.batch_bytes // BACKLOG

    async def _batch(self) -> None:
        taken = 0
        while self._inbox and taken < self.options.batch_bytes:
            fetched = self._inbox.popleft()
            size = fetched.bytes
            taken += size
            self._inbox_bytes -= size
            self._apply(fetched)
            await asyncio.sleep(0)
        outcome = self.state.engine.finish()
        self._unpause()
        await self._start_commit(outcome)

    async def _start_commit(self, outcome: Outcome) -> None:
        await self._settle()
        at = self.position._replace(next=self._applied)
        self._committing = spawn(self._commit(outcome, at), lambda: f"committing lane {self.partition} at {at.next}")

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def _step(self, seconds: float) -> None:
        """Do work that waits beside the events, for as long as these just took: what is counted twice must catch up."""
        end = self._now() + seconds
        while self.state.engine.step() and self._now() < end:
            await asyncio.sleep(0)
        outcome = self.state.engine.finish()
        for failure in outcome.failures:
            log.error(
                "lane %s: %s could not be counted again (%s): its numbers stay those of the settings before",
                self.partition, failure.tenant, failure.error,
            )  # fmt: skip
        if outcome.entries:
            await self._start_commit(outcome)

    def _apply(self, fetched: Fetched) -> None:
        if fetched.start != self._applied:
            raise NotContiguous(f"expected offset {self._applied}, was handed {fetched.start} to {fetched.end}")
        for record in fetched.records:
            tenant = (record.key or b"").decode()
            self.state.engine.apply(decode_block(record.value or b""), tenant, record.timestamp)
        self._applied = fetched.end

    def _unpause(self) -> None:
        if self._paused:
            self._paused = False
            self._pause(False)

    async def _commit(self, outcome: Outcome, at: Position) -> None:
        await self.transactor.commit(outcome, at)
        self.state.position = at
        self.batches += 1
        self.publisher.touch(outcome.touched)
        if outcome.redefined:
            self.publisher.whole(outcome.redefined)
            tenants = ", ".join(sorted(outcome.redefined))
            log.info("lane %s: settings or formulas changed, counted again: %s", self.partition, tenants)
        self._wake.set()

    async def _settle(self) -> None:
        if self._committing is not None:
            await asyncio.wait([self._committing])
            self._committing = None

    async def _publish(self) -> None:
        if self.publisher.outranked is not None:
            await self._outrank(self.publisher.outranked)
        await self.publisher.start(self.position)

    async def _outrank(self, epoch: int) -> None:
        """The store holds a revision above ours. Raise our epoch above it, in a transaction: that we can commit one
        proves that we own the lane and the store's revision is of another clock, or of another life of the topics.
        """
        at = self.position._replace(epoch=epoch + 1)
        await self.transactor.commit(None, at)
        self.state.position = at
        self.publisher.outranked = None
        self.publisher.everything()
