"""Recovery steps an operator decides on: skipping what can't be read, and resuming where state and topics don't match.

Each is one transaction. A lane's is written under its own transactional id, which fences its owner: that worker ends
and restarts at the new position. An input partition's offset is committed inside a transaction as well, because Kafka
accepts plain commits only from members while the group has any.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from aiokafka import AIOKafkaProducer, TopicPartition

from ops.losses import Loss, Why, entry
from streams import position
from streams.options import WorkerOptions
from streams.position import Position
from streams.producing import Output, new_producer, send_all
from streams.read import read_state
from streams.restore import new_reader
from streams.topic_ids import recreated, topic_ids
from streams.transact import Transactor


class Moved(Exception):
    """The situation changed since it was agreed on: look again."""


class Standing(NamedTuple):
    """The facts a lane's decision depends on."""

    at: Position | None
    keys: tuple[bytes, ...]  # of the state's live entries
    emptied: bool  # records of the state topic were deleted
    first: int  # of the journal
    end: int
    topics: Mapping[str, str]  # name -> id, as they are now


class Rebase(NamedTuple):
    """Where a lane resumes."""

    next: int
    epoch: int
    lost: tuple[int, int] | None  # journal offsets [start, end) that will be missing from the numbers
    gone: tuple[bytes, ...]  # entries to delete
    reason: str


def rebase_of(standing: Standing, journal: str) -> Rebase | None:
    """The rebase a lane needs to match its topics; None if it matches. Pure."""
    at, first, end = standing.at, standing.first, standing.end
    if at is None:
        if not first and not standing.keys and not standing.emptied:
            return None
        lost = (0, first) if first else None
        return Rebase(first, 1, lost, standing.keys, "the state is lost: the journal will be counted again")
    changed = recreated(at.topics, standing.topics)
    gone = tuple(key for key in standing.keys if _high_of(key) in changed)
    text = f"{', '.join(changed)} was recreated" if changed else ""
    if journal in changed:
        return Rebase(first, at.epoch + 1, None, gone, f"{text}: uncounted records of the old journal are lost")
    if at.next < first:
        return Rebase(first, at.epoch + 1, (at.next, first), gone, "the journal was trimmed before it was counted")
    if at.next > end:
        return Rebase(
            end, at.epoch + 1, None, gone, f"the journal ends before offset {at.next}, the position of the state"
        )
    return Rebase(at.next, at.epoch + 1, None, gone, f"{text}: it will be read from the beginning") if changed else None


def _high_of(key: bytes) -> str | None:
    """The input topic whose highest offset an entry stores (see `kpis.state.stored`)."""
    parts = key[1:].split(b"\0")
    return parts[2].decode() if key[:1] == b"f" and len(parts) == 4 and parts[1] == b"high" else None


async def standing(options: WorkerOptions, lane: int) -> Standing:
    """A lane's current facts. Raises KafkaError."""
    entries, at = await read_state(options, lane)
    state, journal = TopicPartition(options.state, lane), TopicPartition(options.journal, lane)
    reader = new_reader(options)
    try:
        await reader.start()
        begins = await reader.beginning_offsets([state, journal])
        end = (await reader.end_offsets([journal]))[journal]
        ids = await topic_ids(reader._client, [options.journal, *options.inputs])
    finally:
        await reader.stop()
    return Standing(at, tuple(sorted(entries)), begins[state] > 0, begins[journal], end, ids)


async def rebase(options: WorkerOptions, lane: int, agreed: Rebase, now: int) -> None:
    """Write a lane's new position. Raises Moved if another rebase is needed by now."""
    owner = Transactor(options, lane)
    await owner.fence()
    try:
        found = await standing(options, lane)
        if rebase_of(found, options.journal) != agreed:
            raise Moved(f"lane {lane} was moved in the meantime")
        at = Position(agreed.next, agreed.epoch, found.topics)
        lost = [Loss(options.journal, lane, *agreed.lost, now, "rebased")] if agreed.lost else []
        await _move(owner, at, [(key, None, []) for key in agreed.gone], lost)
    finally:
        await owner.close()


async def skip_lane(options: WorkerOptions, lane: int, to: int, now: int) -> None:
    """Move a lane past what it cannot read. Raises Moved if it is already past, or was never counted."""
    owner = Transactor(options, lane)
    await owner.fence()
    try:
        _, at = await read_state(options, lane)
        if at is None or at.next >= to:
            raise Moved(f"lane {lane} is at {at.next if at else 'no position'}")
        lost = Loss(options.journal, lane, at.next, to, now, "skipped")
        await _move(owner, at._replace(next=to, tries=0), [], [lost])
    finally:
        await owner.close()


async def _move(owner: Transactor, at: Position, outputs: Sequence[Output], lost: Iterable[Loss]) -> None:
    options, producer = owner.options, owner.producer
    await producer.begin_transaction()
    for done in await send_all(producer, options.state, owner.partition, outputs):
        await done
    where: Output = (position.KEY, position.encode(at), [])
    for done in await send_all(producer, options.state, owner.partition, [where]):
        await done
    await _commit(producer, options, {TopicPartition(options.journal, owner.partition): at.next}, lost)


async def move_inputs(
    options: WorkerOptions, offsets: Mapping[tuple[str, int], tuple[int, int]], now: int, why: Why
) -> None:
    """Move the group's offsets: (topic, partition) -> (from, to). Skipped records are noted as lost."""
    producer = new_producer(options, f"{options.app_id}-skip")
    await producer.start()
    try:
        await producer.begin_transaction()
        lost = [Loss(*place, start, to, now, why) for place, (start, to) in offsets.items() if start < to]
        ends = {TopicPartition(*place): to for place, (_, to) in offsets.items()}
        await _commit(producer, options, ends, lost)
    finally:
        await producer.stop()


async def _commit(
    producer: AIOKafkaProducer, options: WorkerOptions, offsets: Mapping[TopicPartition, int], lost: Iterable[Loss]
) -> None:
    outputs: list[Output] = [(key, value, []) for key, value in map(entry, lost)]
    for done in await send_all(producer, options.control, 0, outputs):
        await done
    await producer.send_offsets_to_transaction(dict(offsets), options.app_id)
    await producer.commit_transaction()
