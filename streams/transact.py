"""One Kafka transaction a batch.

The order (numbers are those of `streams.failpoints`):

1. the batch is applied in memory; nothing is written
2. the transaction begins
3. the changed entries go to the changelog
4. the lane's position, one more entry
5. conflicts go to the dead-letter topics
6. the group's offset, for lag tools
7. Kafka has acknowledged every record
8. the transaction is committed: from here on the batch has happened, before it has not
9. what changed is published

Before 2 the conflicts' records are read again from the input topics, so that a letter holds the event as it was sent.
Nothing else is awaited between 2 and 8, so a transaction never waits for other work.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

import orjson
from aiokafka import AIOKafkaProducer, TopicPartition

from models.reconstructed import reconstructed
from models.record import Row
from streams import dead_letters, position
from streams.engine_port import Conflict, Outcome
from streams.failpoints import reach
from streams.options import WorkerOptions
from streams.originals import Origin, Original, Originals
from streams.position import Position
from streams.producing import Output, new_producer, send_all


def made_again(one: Conflict) -> Original:
    """What stands for a conflict's record when that is gone: its event, made again from the journal."""
    return Original(None, reconstructed(Row(*orjson.loads(one.row))), [dead_letters.RECONSTRUCTED], -1)


class Transactor:
    """The transactional producer of one lane. Whoever starts one for the same lane ends this one's transactions."""

    def __init__(self, options: WorkerOptions, partition: int) -> None:
        self.options = options
        self.partition = partition
        self.originals = Originals(options)
        self.producer: AIOKafkaProducer = new_producer(options, f"{options.app_id}-count-{partition}")

    async def fence(self) -> None:
        """End any earlier owner's open transaction and keep it from starting another."""
        await self.producer.start()
        reach("restore-1-fenced")

    async def close(self) -> None:
        """Give connections back."""
        await self.originals.close()
        await self.producer.stop()

    async def commit(self, outcome: Outcome | None, at: Position) -> None:
        """Write a batch and its position, or the position alone. Raises when any of it is refused."""
        reach("count-1-applied")
        conflicts = outcome.conflicts if outcome else ()
        originals = await self.originals.fetch({(one.topic, one.partition, one.offset) for one in conflicts})
        await self.producer.begin_transaction()
        reach("count-2-begun")
        sent = await self._entries(outcome, at)
        sent += await self._conflicts(conflicts, originals)
        reach("count-5-dead-letters")
        tp = TopicPartition(self.options.journal, self.partition)
        await self.producer.send_offsets_to_transaction({tp: at.next}, self.options.app_id)
        reach("count-6-offset")
        await asyncio.gather(*sent)
        reach("count-7-acknowledged")
        await self.producer.commit_transaction()
        reach("count-8-committed")

    async def _entries(self, outcome: Outcome | None, at: Position) -> list[asyncio.Future[object]]:
        entries = outcome.entries if outcome else ()
        outputs: Iterable[Output] = [(key, value, []) for key, value in entries]
        sent = await send_all(self.producer, self.options.state, self.partition, outputs)
        reach("count-3-entries")
        where: Output = (position.KEY, position.encode(at), [])
        sent += await send_all(self.producer, self.options.state, self.partition, [where])
        reach("count-4-position")
        return sent

    async def _conflicts(
        self, conflicts: Sequence[Conflict], originals: Mapping[Origin, Original]
    ) -> list[asyncio.Future[object]]:
        by_origin: dict[tuple[str, int], list[Output]] = {}
        for one in conflicts:
            found = originals.get((one.topic, one.partition, one.offset)) or made_again(one)
            headers = dead_letters.headers_of(
                one.topic, one.partition, one.offset, found.timestamp, stage="count", reason="id_conflict", field="id",
                detail="an event of this tenant, source and id came before with other content",
                tenant=one.tenant,
            )  # fmt: skip
            headers = [*found.headers, *headers]
            letter = dead_letters.output(found.key, found.value, headers, self.options.dead_letter_bytes)
            by_origin.setdefault((one.topic, one.partition), []).append(letter)
        sent = []
        for (topic, partition), letters in by_origin.items():
            sent += await send_all(self.producer, topic + self.options.dlq_suffix, partition, letters)
        return sent
