"""One Kafka transaction a batch.

The steps (numbered as in `streams.failpoints`):

1. the batch is applied in memory; nothing is written
2. the transaction begins
3. the changed entries go to the changelog
4. so does the lane's position, as one more entry
5. conflicting and quarantined events go to the dead-letter topics
6. the group's offset is committed, for lag tools
7. Kafka has acknowledged every record
8. the transaction commits: only from here on has the batch happened
9. what changed is published

Before step 2 the conflicts' records are reread from the input topics, so that a letter holds the event as it was sent.
Nothing else is awaited between 2 and 8, so a transaction never waits for other work.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence

import orjson
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.structs import OffsetAndMetadata

from models.reconstructed import reconstructed
from models.record import Row
from ops.losses import Loss, entry
from streams import dead_letters, position
from streams.engine_port import Entry, Letter
from streams.failpoints import reach
from streams.options import WorkerOptions
from streams.originals import Origin, Original, Originals
from streams.position import Position
from streams.producing import Output, commit_stamp, new_producer, send_all


def rebuilt(one: Letter) -> Original:
    """A stand-in for a letter's original record that is gone: its event, reconstructed from the journal."""
    return Original(None, reconstructed(Row(*orjson.loads(one.row))), [], -1)


class Transactor:
    """The transactional producer of one lane. Starting another one for the same lane fences this one."""

    def __init__(self, options: WorkerOptions, partition: int) -> None:
        self.options = options
        self.partition = partition
        self.originals = Originals(options)
        self.producer: AIOKafkaProducer = new_producer(options, f"{options.app_id}-count-{partition}")

    async def fence(self) -> None:
        """Abort any earlier owner's open transaction and keep it from starting another."""
        await self.producer.start()
        reach("restore-1-fenced")

    async def close(self) -> None:
        """Close the connections."""
        await self.originals.close()
        await self.producer.stop()

    async def commit(self, entries: Sequence[Entry], letters: Sequence[Letter], at: Position) -> None:
        """Write a batch and its position, or the position alone. Raises if any part of it is refused."""
        reach("count-1-applied")
        originals = await self.originals.fetch({(one.topic, one.partition, one.offset) for one in letters})
        await self.producer.begin_transaction()
        reach("count-2-begun")
        sent = await self._entries(entries, at)
        sent += await self._letters(letters, originals)
        reach("count-5-dead-letters")
        tp = TopicPartition(self.options.journal, self.partition)
        await self.producer.send_offsets_to_transaction(
            {tp: OffsetAndMetadata(at.next, commit_stamp())}, self.options.app_id
        )
        reach("count-6-offset")
        await asyncio.gather(*sent)
        reach("count-7-acknowledged")
        await self.producer.commit_transaction()
        reach("count-8-committed")

    async def _entries(self, entries: Sequence[Entry], at: Position) -> list[asyncio.Future[object]]:
        outputs: Iterable[Output] = [(key, value, []) for key, value in entries]
        sent = await send_all(self.producer, self.options.state, self.partition, outputs)
        reach("count-3-entries")
        where: Output = (position.KEY, position.encode(at), [])
        sent += await send_all(self.producer, self.options.state, self.partition, [where])
        reach("count-4-position")
        return sent

    async def _letters(
        self, letters: Sequence[Letter], originals: Mapping[Origin, Original]
    ) -> list[asyncio.Future[object]]:
        by_origin: dict[tuple[str, int], list[Output]] = {}
        for one in letters:
            original = originals.get((one.topic, one.partition, one.offset))
            found = original or rebuilt(one)
            detail = "an event with the same tenant, source and id but different content came first"
            if one.reason == "engine_error":
                detail = f"the event could not be counted: {one.kind}"
            headers = dead_letters.headers_of(
                one.topic, one.partition, one.offset, found.timestamp, stage="count", reason=one.reason,
                field="id" if one.reason == "id_conflict" else None, detail=detail, tenant=one.tenant,
            )  # fmt: skip
            headers += [] if original else [dead_letters.RECONSTRUCTED]
            limit = self.options.dead_letter_bytes
            letter = dead_letters.output(found.key, found.value, found.headers, headers, limit)
            by_origin.setdefault((one.topic, one.partition), []).append(letter)
        sent = []
        for (topic, partition), outputs in by_origin.items():
            sent += await send_all(self.producer, topic + self.options.dlq_suffix, partition, outputs)
        return sent + await send_all(self.producer, self.options.control, 0, _alarms(letters))


def _alarms(letters: Sequence[Letter]) -> list[Output]:
    """What `lag` and `doctor` show of quarantined events until they are acknowledged."""
    now = int(time.time() * 1000)
    found = (Loss(x.topic, x.partition, x.offset, x.offset + 1, now, "quarantined") for x in letters
             if x.reason == "engine_error")  # fmt: skip
    return [(key, value, []) for key, value in map(entry, found)]
