"""Ownership of lanes: fence, restore, seek, flow; and handing them back.

Assigned: the callback only fences (a producer with the lane's transactional id aborts any earlier owner's open
transaction). A background task restores the state, because heartbeats begin when the callback returns. Once restored,
the partition is sought to the stored position and flows. Revoked: flow stops, running transactions finish, what waits
is dropped and publishing stops. Lanes that stay keep their state, and a running restore continues; but every partition
is sought again.
"""

import asyncio
import logging
import time
from collections.abc import Iterable

from faust.types import TP

from models.tenants import TenantBook
from ops.losses import ACKNOWLEDGE, Loss
from sinks.base import QueryPort, Sink
from streams.accept import Acceptor
from streams.catching_up import CatchUp
from streams.clock import Clock
from streams.consumer import BatchConsumer
from streams.engine.client import EngineFailed, EngineProcess
from streams.fetched import Fetched
from streams.lane import Lane
from streams.losses import record_losses
from streams.monitor.metrics import stats
from streams.options import WorkerOptions
from streams.position import Position
from streams.publish import Publisher
from streams.restore import restore
from streams.stop import Refused, moved_by_hand, spawn
from streams.table import StateTable
from streams.topic_ids import recreated
from streams.transact import Transactor

log = logging.getLogger(__name__)

LAST_PUBLISH = 4.0  # seconds for publishing when the worker stops
REBASE = "crmkpi topics rebase --accept-loss"
AT_A_TIME = 3  # parallel restores; each is bound by this process's one core


class Ownership:
    """The lanes and input partitions of one worker."""

    def __init__(
        self, options: WorkerOptions, engines: EngineProcess, table: StateTable, acceptor: Acceptor, sink: Sink,
        clock: Clock,
    ) -> None:  # fmt: skip
        self.options = options
        self.engines = engines
        self.table = table
        self.acceptor = acceptor
        self.sink = sink
        self.clock = clock
        self.consumer: BatchConsumer
        self.topic_ids: dict[str, str] = {}  # of the journal and the inputs
        self.lanes: dict[int, Lane] = {}
        self.catch_up: CatchUp | None = None
        self.query: QueryPort | None = None  # where this process answers queries; None: nowhere
        self.flowing = False
        self.stopping = False  # the worker is stopping: new assignments are for others
        self._restores: dict[int, asyncio.Task[None]] = {}
        self._reading: set[int] = set()
        self._slots = asyncio.Semaphore(AT_A_TIME)

    # -- what agents hand over -------------------------------------------------------------------------------------

    def offer(self, fetched: Fetched) -> None:
        """A range of the journal, for its lane. Ranges of an earlier assignment are void."""
        if fetched.era == self.consumer.era and self.flowing:
            self.lanes[fetched.partition].offer(fetched)

    def offer_input(self, fetched: Fetched) -> None:
        """A range of an input topic."""
        if fetched.era == self.consumer.era and self.flowing:
            self.acceptor.offer(fetched)

    def lane(self, partition: int) -> Lane | None:
        """This worker's lane of a partition; None: another worker owns it."""
        return self.lanes.get(partition)

    def is_restoring(self, partition: int) -> bool:
        """Whether its state is being read right now (not waiting for its turn)."""
        return partition in self._reading

    def configure(self, book: TenantBook) -> None:
        """Tenant settings changed; future lanes get them from the start."""
        self.acceptor.configure(book)
        spawn(self._configure(book), lambda: "handing settings to the engine")

    async def _configure(self, book: TenantBook) -> None:
        await self.engines.configure(book)
        for lane in self.lanes.values():
            lane.configure(book)

    # -- rebalances ------------------------------------------------------------------------------------------------

    async def quiet(self) -> None:
        """Before partitions are revoked: finish what runs, start nothing new."""
        self.flowing = False
        busy = [lane.quiet() for lane in self.lanes.values() if lane.ready]
        await asyncio.wait_for(asyncio.gather(self.acceptor.quiet(), *busy), self.options.rebalance_timeout)

    async def assigned(self, tps: Iterable[TP]) -> None:
        """After an assignment: drop lanes that left, fence new ones, and let ready ones flow."""
        if self.stopping:
            return
        tps = list(tps)
        mine = {tp.partition for tp in tps if tp.topic == self.options.journal}
        if gone := self.lanes.keys() - mine:
            await asyncio.gather(*(self._drop(partition) for partition in gone))
        await asyncio.gather(*(self._open(partition) for partition in mine - self.lanes.keys()))
        starts = await self._input_positions([tp for tp in tps if tp.topic != self.options.journal])
        # No await from here on: a restore that finishes now finds everything flowing.
        for tp, offset in starts.items():
            self.consumer.flow(tp.topic, tp.partition, offset)
        self.flowing = True
        for lane in self.lanes.values():
            if lane.ready:
                self._flow(lane)

    async def close(self) -> None:
        """Stop, already quiet: publish what is committed, then hand everything back."""
        ready = [asyncio.ensure_future(lane.publish_rest()) for lane in self.lanes.values() if lane.ready]
        if ready:  # don't wait for a slow or unavailable store: the next owner publishes everything
            await asyncio.wait(ready, timeout=LAST_PUBLISH)
        await asyncio.gather(*(self._drop(partition) for partition in list(self.lanes)))
        await self.acceptor.stop()

    def _used(self) -> int:
        """How many lanes have tenants: they share the time for computing documents."""
        return max(1, sum(lane.publisher.used for lane in self.lanes.values()))

    async def _open(self, partition: int) -> None:
        transactor = Transactor(self.options, partition)
        await transactor.fence()
        state = self.table.open(partition)
        publisher = Publisher(
            self.options, state.engine, self.sink, self.clock, partition, self._used, lambda: self.query,
            lambda: self.catch_up.progress if self.catch_up else None,
        )  # fmt: skip
        lane = Lane(self.options, partition, state, transactor, publisher, lambda stop: self._pause(partition, stop))
        self.lanes[partition] = lane
        self._restores[partition] = spawn(self._restore(lane), lambda: f"restoring lane {partition}")

    async def _drop(self, partition: int) -> None:
        lane = self.lanes.pop(partition)
        restoring = self._restores.pop(partition, None)
        if restoring is not None:
            restoring.cancel()
            await asyncio.wait([restoring])
        await lane.stop()
        await self.table.drop(partition)

    async def _restore(self, lane: Lane) -> None:
        began = asyncio.get_running_loop().time()
        async with self._slots:
            self._reading.add(lane.partition)
            try:
                await restore(self.options, lane.partition, lane.state)
                at = await self._where(lane)
                await lane.start(at)
            except EngineFailed as failure:
                self._block(lane, f"its state cannot be read: {failure}")
                return
            finally:
                self._reading.discard(lane.partition)
        log.info(
            "lane %s: %s entries restored in %.1f s, resuming at offset %s",
            lane.partition, lane.state.entries, asyncio.get_running_loop().time() - began, at.next,
        )  # fmt: skip
        self._restores.pop(lane.partition, None)
        if self.flowing:
            self._flow(lane)

    def _block(self, lane: Lane, why: str) -> None:
        """Stop one lane until an operator acts; the others continue."""
        lane.blocked = why
        log.error("lane %s is blocked: %s", lane.partition, why)

    async def look_at_blocked(self) -> None:
        """Watch for ever whether an operator has moved a blocked lane."""
        while True:
            await asyncio.sleep(self.options.try_again)
            blocked = {TP(self.options.journal, one.partition): one for one in self.lanes.values() if one.blocked}
            if not blocked:
                continue
            for tp, to in (await self.consumer.committed(blocked)).items():
                if blocked[tp].ready and to > blocked[tp].position.next:
                    moved_by_hand(*tp, to)

    def _flow(self, lane: Lane) -> None:
        self.consumer.flow(self.options.journal, lane.partition, lane.position.next)
        lane.go()

    def _pause(self, partition: int, stop: bool) -> None:
        act = self.consumer.pause if stop else self.consumer.resume
        act(self.options.journal, partition)

    # -- where to resume -------------------------------------------------------------------------------------------

    async def _where(self, lane: Lane) -> Position:
        """The position stored in the state, or the journal's beginning for a new state.

        The journal must still hold everything after that position, and reach at least up to it.
        """
        tp = TP(self.options.journal, lane.partition)
        first = (await self.consumer.earliest_offsets(tp))[tp]
        end = (await self.consumer.highwaters(tp))[tp]
        at = lane.state.position or Position(first, 1, {})
        if lane.state.position is None and first > 0:
            raise Refused(
                f"lane {lane.partition} has no state, but {tp.topic} begins at offset {first}: earlier events would be "
                f"missing. Restore {self.options.state}, or count what is left: {REBASE}"
            )
        if changed := recreated(at.topics, self.topic_ids):
            raise Refused(
                f"{', '.join(changed)} was deleted and recreated since lane {lane.partition} was counted: its offsets "
                "now belong to other events. Rename the topic, start with a new topic prefix, or accept the topic as "
                f"it is: {REBASE}"
            )
        if not first <= at.next <= end:
            raise Refused(
                f"lane {lane.partition} is at offset {at.next}, but {tp.topic} has {first} to {end}: uncounted events "
                f"are gone. Restore them, or continue without them: {REBASE}"
            )
        return at._replace(topics=self.topic_ids)

    async def _input_positions(self, tps: list[TP]) -> dict[TP, int]:
        """The group's offsets, or the beginning where there is none: `count` drops repeats."""
        if not tps:
            return {}
        committed = await self.consumer.committed(tps)
        earliest = await self.consumer.earliest_offsets(*tps)
        ends = await self.consumer.highwaters(*tps)
        starts, lost = {}, []
        for tp in tps:
            at, first, end = committed[tp], earliest[tp], ends[tp]
            if at > end:
                raise Refused(
                    f"{tp.topic}/{tp.partition} ends at {end}, but {at} was read before: the topic was recreated. "
                    "Its offsets now belong to other events: rename it, start with a new app id, or accept the topic "
                    f"as it is: {REBASE}"
                )
            if 0 <= at < first:
                lost.append(Loss(tp.topic, tp.partition, at, first, int(time.time() * 1000), "retention"))
                log.error("%s; %s", lost[-1].text(), ACKNOWLEDGE)
                stats.lost.labels(tp.topic).inc(first - at)
            starts[tp] = max(at, first)
        await record_losses(self.options, lost)  # before reading anything, so that no commit can hide the loss
        return starts
