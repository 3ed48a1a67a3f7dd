"""Batched delivery: a Faust consumer that yields one message per fetched batch instead of one per record.

It bypasses Faust's bookkeeping of acknowledged offsets: `accept` and the lanes decide what is done.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping
from typing import Any, cast

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import CommitFailedError, ConsumerStoppedError, RecordTooLargeError
from aiokafka.structs import OffsetAndMetadata
from faust.transport.consumer import Consumer, ensure_TPset
from faust.transport.drivers.aiokafka import Transport
from faust.types import TP, ConsumerMessage

from access.stoppable import StoppableConsumer
from streams import header_keys
from streams.assignor import LaneAssignor, lane_assignor
from streams.drain import Records, drain
from streams.fetched import Fetched
from streams.monitor.lags import lags
from streams.options import WorkerOptions
from streams.producing import commit_stamp
from streams.stop import describe, die, moved_by_hand

log = logging.getLogger(__name__)


class Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Ends the process when a callback raises; aiokafka would log the exception and carry on."""

    def __init__(self, consumer: "BatchConsumer") -> None:
        self.consumer = consumer

    def on_partitions_revoked(self, revoked: Iterable[Any]) -> Awaitable[None]:
        self.consumer.app.on_rebalance_start()
        return self._run(self.consumer.on_partitions_revoked(ensure_TPset(revoked)), "giving partitions back")

    def on_partitions_assigned(self, assigned: Iterable[Any]) -> Awaitable[None]:
        tps = ensure_TPset(assigned)
        # aiokafka doesn't pass generations to the assignor, so stale claims would count as much as current ones
        self.consumer.assignor.on_generation_assignment(self.consumer.kafka._coordinator.generation)
        self.consumer.hold(tps)  # before any await, or the fetcher looks up committed offsets itself
        return self._run(self.consumer.on_partitions_assigned(tps, self.consumer.era), "taking partitions over")

    async def _run(self, callback: Awaitable[None], doing: str) -> None:
        try:
            await callback
        except Exception as exc:  # noqa: BLE001
            die(doing, exc)


class BatchConsumer(Consumer):
    """One aiokafka consumer in the worker's event loop."""

    era = 0
    kafka: AIOKafkaConsumer
    assignor: type[LaneAssignor]

    @property
    def options(self) -> WorkerOptions:
        return cast(WorkerOptions, self.app.options)  # type: ignore[attr-defined]

    # -- batches ---------------------------------------------------------------------------------------------------

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Any]]:
        """One message for each partition that advanced; its value is a `Fetched`."""
        for fetched in await self._fetch(timeout):
            if fetched.era == self.era:
                yield (
                    TP(fetched.topic, fetched.partition),
                    self._to_message(TP(fetched.topic, fetched.partition), fetched),
                )

    async def _fetch(self, timeout: float) -> list[Fetched]:
        if not self.flow_active:
            waiting = asyncio.ensure_future(self.can_resume_flow.wait())
            try:
                await asyncio.wait([waiting], timeout=timeout)
            finally:
                waiting.cancel()
            return []
        if not (drained := self._drained()):
            await self._more(timeout)
            drained = self._drained()
        # No await from here on: records, positions and era must match. Records drained while partitions were
        # being revoked are dropped; every position is sought again afterwards.
        return self._ranges(drained) if self.flow_active else []

    async def _more(self, timeout: float) -> None:
        """Wait until something is fetched."""
        if self.kafka._subscription.reassignment_in_progress:
            await self.kafka._subscription.wait_for_assignment()
        waiter = self.kafka._fetcher._create_fetch_waiter()
        done, _ = await asyncio.wait([waiter], timeout=timeout)
        if done:
            waiter.result()  # raises when the fetcher itself failed
        else:
            waiter.cancel()

    def _drained(self) -> Records:
        """What was fetched; an unreadable partition is blocked."""
        found, errors = drain(self.kafka._fetcher, self.options.poll_records)
        for tp, error in errors.items():
            self._block(tp, error)
        return found

    def _block(self, tp: TopicPartition, error: Exception) -> None:
        position = self.kafka._subscription.subscription.assignment.state_value(tp).position
        if isinstance(error, RecordTooLargeError):  # aiokafka has skipped it
            position = self._fetched_to.get(tp, position - 1)
            self.kafka.seek(tp, position)
        self.kafka.pause(tp)
        if TP(*tp) not in self.blocked:
            log.error(
                "%s/%s cannot be read at offset %s: %s. Retrying; to skip it: "
                "crmkpi topics skip %s %s --past-corrupt",
                tp.topic, tp.partition, position, describe(error), tp.topic, tp.partition,
            )  # fmt: skip
        self.blocked[TP(*tp)] = position, describe(error)

    async def keep_trying(self) -> None:
        """Retry blocked partitions: the broker's copy may be repaired, or an operator has skipped the record."""
        while True:
            await asyncio.sleep(self.options.try_again)
            if not self.blocked:
                continue
            era, committed = self.era, await self.committed(self.blocked)
            for tp, (position, _) in list(self.blocked.items()) if era == self.era else ():
                if committed[tp] > position and tp.topic == self.options.journal:
                    moved_by_hand(*tp, committed[tp])
                elif committed[tp] > position:
                    self.flow(tp.topic, tp.partition, committed[tp])
                elif TopicPartition(*tp) in self._fetched_to:
                    self.kafka.resume(TopicPartition(*tp))

    def _ranges(self, records: Records) -> list[Fetched]:
        assignment = self.kafka._subscription.subscription.assignment
        found = []
        for tp, start in list(self._fetched_to.items()):
            end = assignment.state_value(tp).position
            if end != start:
                if (block := self.blocked.get(TP(*tp))) and end > block[0]:  # records before the bad one don't
                    del self.blocked[TP(*tp)]
                found.append(Fetched(tp.topic, tp.partition, start, end, records.get(tp, ()), self.era))
                self._fetched_to[tp] = end
                lags.fetched(found[-1])
        return found

    async def _drain_messages(self, fetcher: Any) -> None:
        try:
            while not (self.should_stop or fetcher.should_stop):
                async for _, message in self.getmany(timeout=1.0):
                    await self.callback(message)
        except ConsumerStoppedError as exc:
            if not self.should_stop:
                die("fetching", exc)
        except Exception as exc:  # noqa: BLE001
            die("fetching", exc)

    def _to_message(self, tp: TP, record: Any) -> ConsumerMessage:
        era = record.era
        return ConsumerMessage(*tp, record.start, 0.0, 0, None, None, record, None, 0, 0, tp, generation_id=era)

    # -- flow ------------------------------------------------------------------------------------------------------

    def hold(self, assigned: Iterable[TP]) -> None:
        """Begin a new era: every partition waits for `flow` to say where to resume."""
        self.era += 1
        self.app.consumer_generation_id = self.era  # Faust's streams drop messages of other eras
        self._fetched_to: dict[TopicPartition, int] = {}
        self.blocked.clear()
        for tp in assigned:
            self.kafka.pause(TopicPartition(*tp))
            self.kafka.seek(TopicPartition(*tp), 0)

    def flow(self, topic: str, partition: int, offset: int) -> None:
        """Deliver the partition from ``offset``."""
        tp = TopicPartition(topic, partition)
        self.blocked.pop(TP(*tp), None)
        self.kafka.seek(tp, offset)
        self._fetched_to[tp] = offset
        lags.flows(topic, partition, offset)
        self.kafka.resume(tp)

    def pause(self, topic: str, partition: int) -> None:
        """Stop fetching this partition. Records fetched but not delivered are fetched again later."""
        tp = TopicPartition(topic, partition)
        if tp in self._fetched_to:
            self.kafka.pause(tp)

    def resume(self, topic: str, partition: int) -> None:
        """Continue where `pause` stopped."""
        tp = TopicPartition(topic, partition)
        if tp in self._fetched_to:
            self.kafka.resume(tp)

    def standing(self) -> dict[TP, tuple[int, int, float | None]]:
        """Readable flowing partitions: fetched to, last reported log end (0: none), reported when (epoch, s)."""
        subscription = self.kafka._subscription.subscription
        assignment = subscription.assignment if subscription is not None else None
        found: dict[TP, tuple[int, int, float | None]] = {}
        for tp, fetched_to in self._fetched_to.items():
            if TP(*tp) in self.blocked:
                continue
            state = assignment.state_value(tp) if assignment is not None else None
            if state is not None:
                reported = state.timestamp / 1000 if state.timestamp and not state.paused else None
                found[TP(*tp)] = fetched_to, state.lso or state.highwater or 0, reported
        return found

    async def committed(self, tps: Iterable[TP]) -> dict[TP, int]:
        """The group's offsets, fetched from the coordinator; -1 where there is none."""
        wanted = [TopicPartition(*tp) for tp in tps]
        found = await self.kafka._coordinator.fetch_committed_offsets(wanted)
        return {TP(*tp): found[tp].offset if tp in found else -1 for tp in wanted}

    async def commit_offsets(self, offsets: Mapping[TP, int], era: int) -> bool:
        """Commit what `accept` has done; False, and nothing committed, if partitions were reassigned since."""
        if era != self.era:
            return False
        try:
            await self.kafka.commit(
                {TopicPartition(*tp): OffsetAndMetadata(at, commit_stamp()) for tp, at in offsets.items()}
            )
        except CommitFailedError:
            return False  # rebalancing: the next owner resumes from the last commit, and `count` drops the repeats
        for tp, at in offsets.items():
            lags.committed(tp.topic, tp.partition, at)
        return True

    async def wait_empty(self) -> None:
        """Faust calls this before partitions are revoked: finish everything that runs."""
        await self.app.ownership.quiet()  # type: ignore[attr-defined]

    # -- what Faust expects of a driver ----------------------------------------------------------------------------

    async def on_start(self) -> None:
        self._fetched_to = {}
        self.blocked: dict[TP, tuple[int, str]] = {}  # unreadable partitions: where, and why
        self.assignor = lane_assignor(self.options.journal)
        header_keys.allow_any()
        self.kafka = _new_consumer(self.options, self.assignor)
        await self.kafka.start()

    async def on_stop(self) -> None:
        await self.kafka.stop()

    async def leave(self) -> None:
        """Leave the group at once; otherwise it waits for a static member to come back."""
        self.kafka._coordinator._group_instance_id = None
        await self.kafka.stop()

    async def subscribe(self, topics: Iterable[str]) -> None:
        self.kafka.subscribe(topics=set(topics), listener=Listener(self))

    def assignment(self) -> set[TP]:
        return ensure_TPset(self.kafka.assignment())

    def highwater(self, tp: TP) -> int:
        return cast(int, self.kafka.highwater(TopicPartition(*tp)) or 0)

    async def position(self, tp: TP) -> int | None:
        return self._fetched_to.get(TopicPartition(*tp))

    async def earliest_offsets(self, *partitions: TP) -> Mapping[TP, int]:
        found = await self.kafka.beginning_offsets([TopicPartition(*tp) for tp in partitions])
        return {TP(*tp): offset for tp, offset in found.items()}

    async def highwaters(self, *partitions: TP) -> Mapping[TP, int]:
        found = await self.kafka.end_offsets([TopicPartition(*tp) for tp in partitions])
        return {TP(*tp): offset for tp, offset in found.items()}

    def topic_partitions(self, topic: str) -> int | None:
        found = self.kafka._client.cluster.partitions_for_topic(topic)
        return len(found) if found else None

    def track_message(self, message: Any) -> None:
        """Unused: we track offsets ourselves."""

    def ack(self, message: Any) -> bool:
        """Unused: we track offsets ourselves."""
        message.acked = True
        return True

    async def commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        """Unused: `accept` commits what it flushed, a lane within its transaction."""
        return False

    async def verify_all_partitions_active(self) -> None:
        """Unused: see `streams.watchdog`."""

    def pause_partitions(self, tps: Iterable[TP]) -> None:
        """Unused: `hold` pauses around rebalances."""

    async def _unused(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError("not part of batched delivery")

    _commit = _getmany = seek_to_committed = seek_wait = _seek = create_topic = perform_seek = _unused

    def _new_topicpartition(self, topic: str, partition: int) -> TP:
        return TP(topic, partition)

    def key_partition(self, topic: str, key: bytes | None, partition: int | None = None) -> int | None:
        raise NotImplementedError("not part of batched delivery")

    def close(self) -> None:
        """Unused: the worker's stop path closes the consumer."""


class BatchTransport(Transport):
    """Faust's aiokafka transport with `BatchConsumer`."""

    Consumer = BatchConsumer


def _new_consumer(options: WorkerOptions, assignor: type[LaneAssignor]) -> AIOKafkaConsumer:
    return StoppableConsumer(
        bootstrap_servers=list(options.brokers),
        client_id=options.app_id,
        group_id=options.app_id,
        group_instance_id=options.group_instance_id,
        partition_assignment_strategy=[assignor],
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
        fetch_max_wait_ms=int(options.fetch_wait * 1000),
        max_partition_fetch_bytes=options.fetch_bytes,
        fetch_max_bytes=16 * options.fetch_bytes,
        session_timeout_ms=int(options.session_timeout * 1000),
        heartbeat_interval_ms=int(options.heartbeat * 1000),
        rebalance_timeout_ms=int(options.rebalance_timeout * 1000),
        request_timeout_ms=int(options.request_timeout * 1000),
        max_poll_interval_ms=24 * 3600 * 1000,  # effectively off: the watchdog detects a stuck consumer better
        metadata_max_age_ms=int(options.metadata_max_age * 1000),
        **options.client,
    )
