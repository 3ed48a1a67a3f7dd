"""accept: records of the input topics become blocks of the journal, or dead letters.

It is stateless and at least once. The steps (numbered as in `streams.failpoints`):

1. a batch of fetched records is validated
2. its blocks are handed to the idempotent producer, keyed by tenant
3. so are its dead letters
4. Kafka has acknowledged all of them
5. the group's offsets are committed, unless partitions were reassigned since the fetch

Records repeated after a crash between 2 and 5 carry their origin, so `count` drops what it has seen. Each worker
writes an unbroken run from a committed offset, so a paused worker that wakes up late repeats but never skips.
"""

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import Iterable
from typing import Any

from aiokafka import AIOKafkaProducer
from faust.types import TP

from models.record import RawRecord
from models.refused import Rejection
from models.tenants import TenantBook
from models.validate import EVERYBODY, Known
from streams import dead_letters
from streams.checked import checked, sure
from streams.consumer import BatchConsumer
from streams.failpoints import reach
from streams.fetched import Fetched, slices
from streams.monitor.metrics import stats
from streams.options import WorkerOptions
from streams.producing import Output, lane_of, new_producer, send_all
from streams.stop import spawn

Places = dict[tuple[str, int], list[Output]]  # (topic, partition) -> what goes there, in order


class Acceptor:
    """The accept stage of one worker: all its input partitions together."""

    def __init__(self, options: WorkerOptions) -> None:
        self.options = options
        self.consumer: BatchConsumer
        self.accepted = 0
        self.rejected = 0
        self._producer: AIOKafkaProducer
        self._inbox: dict[TP, deque[tuple[Fetched, int]]] = {}  # ranges and their bytes, by partition
        self._tags: dict[TP, int] = {}  # bytes served; the partition with the lowest tag is next
        self._served = 0  # the tag of the last one served: a partition that starts to wait gets no lower one
        self._known = EVERYBODY
        self._waiting: Counter[TP] = Counter()  # records in the inbox
        self._bytes = 0  # in the inbox
        self._paused: set[TP] = set()
        self._wake = asyncio.Event()
        self._working = asyncio.Lock()
        self._sent: asyncio.Queue[tuple[list[asyncio.Future[Any]], list[Fetched]]] = asyncio.Queue(3)

    def configure(self, book: TenantBook) -> None:
        """Set the known tenants, and whether others may send, from the next batch on."""
        self._known = Known(book, closed=not book.open)

    async def start(self, consumer: BatchConsumer) -> None:
        """Connect the producer and start processing."""
        self.consumer = consumer
        self._producer = new_producer(self.options)
        await self._producer.start()
        self._tasks = [
            spawn(self._run(), lambda: "accepting events"),
            spawn(self._confirm(), lambda: "confirming accepted events"),
        ]

    def offer(self, fetched: Fetched) -> None:
        """Add a fetched range. Never waits: with too much to do it pauses the partition."""
        tp = TP(fetched.topic, fetched.partition)
        if tp not in self._inbox:
            self._inbox[tp] = deque()
            self._tags[tp] = max(self._tags.get(tp, 0), self._served)
        size = fetched.bytes
        self._inbox[tp].append((fetched, size))
        self._waiting[tp] += len(fetched.records)
        self._bytes += size
        self._wake.set()
        if self._waiting[tp] > self.options.batch_events or self._bytes > self.options.inbox_bytes:
            self._paused.add(tp)
            self.consumer.pause(*tp)

    async def quiet(self) -> None:
        """Drop what waits; finish and commit what was sent."""
        self._clear()
        async with self._working:
            self._clear()
            await self._sent.join()

    async def stop(self) -> None:
        """Disconnect, once quiet."""
        for task in self._tasks:
            task.cancel()
        await self._producer.stop()

    def _clear(self) -> None:
        self._inbox.clear()
        self._paused.clear()
        self._waiting.clear()
        self._bytes = 0

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            async with self._working:
                while self._inbox:
                    await self._batch(self._take())

    def _take(self) -> list[Fetched]:
        """Enough ranges for a batch, partitions in fair turns.

        Start-time fair queueing (Goyal, Vin and Cheng, 1996): a partition that starts to wait is next, however much the
        others have waiting; after that all get equal bytes.
        """
        options, waited = self.options, self._bytes
        taken: list[Fetched] = []
        records = 0
        while self._inbox and records < options.batch_events and waited - self._bytes < options.batch_bytes:
            taken.append(self._next())
            records += len(taken[-1].records)
        self._resume()
        return taken

    def _next(self) -> Fetched:
        tp = min(self._inbox, key=self._tags.__getitem__)
        fetched, size = self._inbox[tp].popleft()
        if not self._inbox[tp]:
            del self._inbox[tp]
        self._served = self._tags[tp]
        self._tags[tp] += size
        self._waiting[tp] -= len(fetched.records)
        self._bytes -= size
        return fetched

    def _resume(self) -> None:
        if self._bytes > self.options.inbox_bytes // 2:
            return
        for tp in [tp for tp in self._paused if self._waiting[tp] <= self.options.batch_events // 2]:
            self._paused.discard(tp)
            self.consumer.resume(*tp)

    async def _batch(self, taken: list[Fetched]) -> None:
        journal: Places = defaultdict(list)
        letters: Places = defaultdict(list)
        for fetched in taken:
            for records in slices(fetched.records, self.options.slice_records, self.options.slice_bytes):
                with stats.process.labels("accept").time():
                    self._validate(fetched._replace(records=records), journal, letters)
                await asyncio.sleep(0)
        reach("accept-1-validated")
        sent = await self._send(journal)
        reach("accept-2-journal")
        sent += await self._send(letters)
        reach("accept-3-dead-letters")
        await self._sent.put((sent, taken))

    def _validate(self, fetched: Fetched, journal: Places, letters: Places) -> None:
        raw = [
            RawRecord(r.topic, r.partition, r.offset, r.timestamp, r.key, r.value, r.headers) for r in fetched.records
        ]
        rows, rejections, blocks = checked(raw, self._known)
        self.accepted += len(rows)
        self.rejected += len(rejections)
        stats.accepted(fetched.topic, rows)
        stats.refused(fetched.topic, [rejection.reason for rejection in rejections])
        for tenant, block in blocks:
            journal[self.options.journal, lane_of(tenant, self.options.lanes)].append((tenant.encode(), block, []))
        for rejection in rejections:
            place = fetched.topic + self.options.dlq_suffix, fetched.partition
            letters[place].append(sure(self._letter, rejection))

    def _letter(self, rejection: Rejection) -> Output:
        raw = rejection.record
        headers = dead_letters.headers_of(
            raw.topic, raw.partition, raw.offset, raw.timestamp,
            stage="accept", reason=rejection.reason, field=rejection.field, detail=rejection.detail,
            tenant=rejection.tenant,
        )  # fmt: skip
        return dead_letters.output(raw.key, raw.value, list(raw.headers), headers, self.options.dead_letter_bytes)

    async def _send(self, places: Places) -> list[asyncio.Future[Any]]:
        """Concurrently, so that a lane with a lot of data doesn't delay the others."""
        handed = [send_all(self._producer, *place, outputs) for place, outputs in places.items()]
        return [future for futures in await asyncio.gather(*handed) for future in futures]

    async def _confirm(self) -> None:
        while True:
            sent, taken = await self._sent.get()
            await asyncio.gather(*sent)
            reach("accept-4-acknowledged")
            await self.consumer.commit_offsets(_ends(taken), taken[-1].era)
            reach("accept-5-committed")
            stats.batches.labels("accept").inc()
            self._sent.task_done()


def _ends(taken: Iterable[Fetched]) -> dict[TP, int]:
    return {TP(fetched.topic, fetched.partition): fetched.end for fetched in taken}
