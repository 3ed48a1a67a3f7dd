"""What the runtime's own tests share: a ledger of events, workers as processes, and what came out."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.producer.message_accumulator import BatchBuilder

from models import topics
from models.settings import Settings, load_settings
from ops.topics import admin, ensure, wanted_topics
from sinks.read import RedisReader
from streams import quarantine
from streams.bootstrap import options_from
from streams.read import read_state
from tests.integration.counting_engine import CountingEngine

Counts = dict[str, dict[str, int]]
LANES, INPUTS = 4, 2
PATIENCE = 120.0  # of a machine that does other things too


class Rig:
    """One application of its own on the shared servers."""

    def __init__(self, bootstrap: str, redis_url: str, app_id: str, log: Path) -> None:
        self.env = {
            "CRMKPI_KAFKA__BOOTSTRAP_SERVERS": bootstrap,
            "CRMKPI_REDIS__URL": redis_url,
            "CRMKPI_APP_ID": app_id,
            "CRMKPI_TOPIC_PREFIX": f"{app_id}.",
            "CRMKPI_JOURNAL_PARTITIONS": str(LANES),
            "CRMKPI_INPUT_PARTITIONS": str(INPUTS),
            "CRMKPI_SESSION_TIMEOUT_S": "6",
        }
        self.settings: Settings = load_settings(
            {
                "kafka": {"bootstrap_servers": bootstrap}, "redis": {"url": redis_url}, "app_id": app_id,
                "topic_prefix": f"{app_id}.", "journal_partitions": LANES, "input_partitions": INPUTS,
                "session_timeout_s": 6,
            }
        )  # fmt: skip
        self.options = options_from(self.settings)
        self.input = topics.inputs(self.settings)[0]
        self.log = log
        self.expected: dict[str, Counter[str]] = defaultdict(Counter)
        self.refused = 0  # dead letters there must be
        self.sent = 0

    async def make_topics(self) -> None:
        """As the worker would; some tests need them earlier."""
        async with admin(self.settings.kafka.bootstrap_servers) as link:
            await ensure(link, wanted_topics(self.settings))

    # -- events ----------------------------------------------------------------------------------------------------

    async def produce(self, number: int, *, tenants: int = 5, rate: float = 0.0) -> None:
        """Events, some repeated, conflicting or broken. ``rate``: events a second, 0 as fast as it goes."""
        producer = AIOKafkaProducer(bootstrap_servers=self.settings.kafka.bootstrap_servers, acks="all")
        await producer.start()
        try:
            chunk = int(rate / 10) or 2_000
            for first in range(0, number, chunk):
                began = time.monotonic()
                await self._chunk(producer, min(chunk, number - first), tenants)
                if rate:
                    await asyncio.sleep(max(0.0, 0.1 - (time.monotonic() - began)))
        finally:
            await producer.stop()

    async def _chunk(self, producer: AIOKafkaProducer, number: int, tenants: int) -> None:
        values: dict[int, list[bytes]] = {partition: [] for partition in range(INPUTS)}
        for _ in range(number):
            at = self.sent
            self.sent += 1
            values[at % INPUTS].extend(self._event(at, f"tenant-{at % tenants}"))
        for partition, events in values.items():
            await _send(producer, self.input, partition, events)

    def _event(self, at: int, tenant: str) -> Iterator[bytes]:
        counts = self.expected[tenant]
        good: dict[str, Any] = {"id": f"e{at}", "source": "/test", "type": "crm.page.viewed"}
        good |= {
            "time": "2026-11-01T10:00:00Z",
            "tenantid": tenant,
            "data": {"anonymous_id": f"v{at % 97}", "url": "https://a.example/"},
        }
        yield json.dumps(good).encode()
        counts["crm.page.viewed"] += 1
        if at % 10 == 3:
            yield json.dumps(good).encode()
            counts["duplicate"] += 1
        if at % 50 == 7:
            yield json.dumps(good | {"data": {"anonymous_id": "other", "url": "https://b.example/"}}).encode()
            counts["conflict"] += 1
            self.refused += 1
        if at % 20 == 11:
            yield json.dumps(good | {"id": f"bad{at}", "data": {}}).encode()
            counts["rejected"] += 1
            self.refused += 1

    async def poison(self, type_: str, *, tenant: str = "tenant-1", number: int = 1) -> None:
        """Valid events of a type that the counting engine is told to fail at."""
        producer = AIOKafkaProducer(bootstrap_servers=self.settings.kafka.bootstrap_servers, acks="all")
        await producer.start()
        try:
            for _ in range(number):
                self.sent += 1
                event: dict[str, Any] = {
                    "id": f"p{self.sent}",
                    "source": "/test",
                    "type": type_,
                    "time": "2026-11-01T10:00:00Z",
                }
                event |= {"tenantid": tenant, "data": {"anonymous_id": "v", "link_url": "https://a.example/"}}
                await producer.send_and_wait(self.input, json.dumps(event).encode(), partition=0)
                self.expected[tenant]["quarantined"] += 1
                self.refused += 1
        finally:
            await producer.stop()

    # -- workers ---------------------------------------------------------------------------------------------------

    def start(
        self, *, env: dict[str, str] | None = None, log: Path | None = None, stdin: int | None = None, **options: Any
    ) -> subprocess.Popen[bytes]:
        """A worker process."""
        told = {**os.environ, **self.env, "COUNTING_WORKER": json.dumps(options), **(env or {})}
        command = [sys.executable, "-m", "tests.integration.counting_worker"]
        with (log or self.log).open("ab") as out:
            return subprocess.Popen(command, env=told, stdin=stdin, stdout=out, stderr=out)

    @contextmanager
    def worker(
        self, *, env: dict[str, str] | None = None, log: Path | None = None, stdin: int | None = None, **options: Any
    ) -> Iterator[subprocess.Popen[bytes]]:
        """A worker that is certainly gone at the end."""
        process = self.start(env=env, log=log, stdin=stdin, **options)
        try:
            yield process
        finally:
            end(process)
            if process.stdin:
                process.stdin.close()

    @contextmanager
    def heir(self, **options: Any) -> Iterator[Callable[[], None]]:
        """A worker that is loaded, and begins when told: after a death nobody waits for Python to start."""
        with self.worker(env={"COUNTING_WAITS": "1"}, stdin=subprocess.PIPE, **options) as waiting:

            def begin() -> None:
                assert waiting.stdin is not None
                waiting.stdin.write(b"\n")
                waiting.stdin.flush()

            yield begin

    async def flowing(self, *, lanes: int = 1, log: Path | None = None) -> None:
        """Wait until a worker says that it restored so many lanes."""

        async def look() -> bool:
            return (log or self.log).read_text().count("restored in") >= lanes

        await self.until(look, True)

    # -- what came out ---------------------------------------------------------------------------------------------

    async def counts(self) -> Counts:
        """What the changelog holds, as a fresh engine reads it."""
        found: Counts = {}
        for partition in range(LANES):
            engine = CountingEngine()
            for key, value in (await read_state(self.options, partition))[0].items():
                if not key.startswith(quarantine.TABLE):
                    engine.load(key, value)
            found.update({tenant: dict(counter) for tenant, counter in engine.counts.items()})
        return found

    def wanted(self) -> Counts:
        """What there must be."""
        return {tenant: dict(counter) for tenant, counter in self.expected.items()}

    async def exact(self, within: float = PATIENCE) -> None:
        """Wait for the counts to be right; fail when they are not, or stay not."""
        await self.until(self.counts, self.wanted(), within)
        await asyncio.sleep(0.3)
        assert await self.counts() == self.wanted(), "right at first, then not"

    async def published(self) -> Counts:
        """What a reader of Redis sees."""
        async with RedisReader(self.settings.redis.url) as board:
            return {
                tenant: {document["kpi"]: document["value"] for document in await board.documents(tenant)}
                for tenant in self.expected
            }

    async def until(self, look: Callable[[], Awaitable[Any]], wanted: Any, within: float = PATIENCE) -> None:
        """Look again and again until it is as wanted."""
        until = time.monotonic() + within
        while (seen := await look()) != wanted:
            assert time.monotonic() < until, f"{seen} != {wanted} after {within} s; {self._said()}"
            await asyncio.sleep(0.2)

    def _said(self) -> str:
        return self.log.read_text()[-2000:] if self.log.exists() else ""

    async def dead_letters(self) -> list[dict[str, str]]:
        """Headers of every dead letter of the input topic, without repeats of the same origin."""
        tps = [TopicPartition(topics.dead_letters(self.input), partition) for partition in range(INPUTS)]
        records = await read_all(self.settings.kafka.bootstrap_servers, tps)
        letters = [{name: value.decode() for name, value in record.headers} for record in records]
        return list({(x["crmkpi.topic"], x["crmkpi.partition"], x["crmkpi.offset"]): x for x in letters}.values())


def end(process: subprocess.Popen[bytes]) -> int:
    """Stop a worker gracefully, or not; its exit code."""
    if process.poll() is None:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        try:
            return process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait(5)


async def read_all(bootstrap: str, tps: list[TopicPartition]) -> list[Any]:
    """Every committed record of these partitions as they are now."""
    reader = AIOKafkaConsumer(bootstrap_servers=bootstrap, isolation_level="read_committed", enable_auto_commit=False)
    await reader.start()
    try:
        reader.assign(tps)
        await reader.seek_to_beginning(*tps)
        ends = await reader.end_offsets(tps)
        records: list[Any] = []
        while any([await reader.position(tp) < ends[tp] for tp in tps]):
            for found in (await reader.getmany(timeout_ms=200)).values():
                records += found
        return records
    finally:
        await reader.stop()


async def _send(producer: AIOKafkaProducer, topic: str, partition: int, values: list[bytes]) -> None:
    batch: BatchBuilder = producer.create_batch()
    sent = []
    for value in values:
        if batch.append(key=None, value=value, timestamp=None) is None:
            sent.append(await producer.send_batch(batch, topic, partition=partition))
            batch = producer.create_batch()
            batch.append(key=None, value=value, timestamp=None)
    sent.append(await producer.send_batch(batch, topic, partition=partition))
    await asyncio.gather(*sent)
