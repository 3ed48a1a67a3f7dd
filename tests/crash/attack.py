"""Faults that come in as data: events the engine fails at, a damaged batch, changed settings, erasures, a back-fill."""

import asyncio
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random
from time import monotonic, sleep
from typing import Final

from confluent_kafka import TopicPartition

from bench.broker import Sender, reader
from bench.workload import Made, events
from models.settings import Settings, TenantBook
from ops.local import Kafka
from ops.local.process import ProcessUnit
from tests.crash.odd import CORRUPT, PAGES, erasures, event, poison
from tests.crash.plan import Fault
from tests.crash.pool import Pool

BACK_FILL: Final = 20_000  # events
PATIENCE_S: Final = 90.0
POLLS_S: Final = 1.0  # by then the broker has answered every fetch that a worker began before it was stopped
OTHER: Final = (("Asia/Tokyo", "JPY"), ("America/New_York", "USD"), ("Europe/London", "GBP"), ("Asia/Kolkata", "EUR"))


class Attack:
    """Does these faults to one installation, and remembers what the comparison must know of them."""

    def __init__(self, settings: Settings, kafka: Kafka, pool: Pool, own: dict[str, dict[str, str]], now_ms: int,
                 env: dict[str, str], folder: Path) -> None:  # fmt: skip
        self._settings, self._kafka, self._pool, self._env, self._folder = settings, kafka, pool, env, folder
        self._companies, self._now = list(own), now_ms
        self.own = own  # settings of tenants, as the file has them now
        self.tenants: list[str] = []  # besides the companies
        self.sent = 0
        self.write_settings()

    @property
    def book(self) -> TenantBook:
        """The settings of now."""
        return TenantBook.from_mapping({"tenants": self.own})

    def write_settings(self) -> None:
        """The tenants' file, in one step: a worker that looks at it sees the old or the new one."""
        path = self._folder / "crmkpi.toml"
        tables = [f'[tenants.{name}]\ntz = "{own["tz"]}"\ncurrency = "{own["currency"]}"\n'
                  for name, own in self.own.items()]  # fmt: skip
        path.with_suffix(".new").write_text("\n".join(tables))
        path.with_suffix(".new").replace(path)

    async def poison(self, fault: Fault) -> None:
        """Three bursts: each makes a lane look for its events while others come."""
        rng = Random(fault.pick)
        made = poison(rng, rng.sample(self._companies, min(3, len(self._companies))), self._partitions, self._now)
        for first in range(0, len(made), 9):
            await asyncio.to_thread(self._send, made[first : first + 9])
            await asyncio.sleep(1)

    async def settings(self, fault: Fault) -> None:
        """A company moves: another zone, another currency. All its numbers are counted again."""
        rng = Random(fault.pick)
        company = rng.choice(self._companies)
        tz, currency = rng.choice([other for other in OTHER if other[0] != self.own[company]["tz"]])
        self.own[company] = {"tz": tz, "currency": currency}
        self.write_settings()

    async def erasures(self, fault: Fault) -> None:
        """Two subjects are told of and erased."""
        rng = Random(fault.pick)
        made = erasures(rng, rng.choice(self._companies), self._partitions, self._now)
        await asyncio.to_thread(self._send, made)

    async def back_fill(self, fault: Fault) -> None:
        """A tenant of its own sends as fast as the broker takes it."""
        tenant = f"backfill-{len(self.tenants)}"
        self.tenants.append(tenant)
        await asyncio.to_thread(self._send, events(BACK_FILL, [tenant], self._now, seed=int(fault.pick * 1e9)))

    async def corrupt(self, fault: Fault) -> None:
        """A bit flips on the broker's disk before anybody has read the batch; an operator skips it.

        The bit is turned back once the group is past the batch: a broker that is killed later would cut the log off at
        a damaged batch, and with it what was acknowledged.
        """
        rng = Random(fault.pick)
        partition, key = rng.randrange(self._partitions), f"{CORRUPT}{rng.random():.12f}"
        topic = self._settings.topic_prefix + PAGES
        bit = self._damage(topic, partition, key)
        try:
            await self._until(lambda: self._logged(f"{topic}/{partition} cannot be read at offset"), "nobody saw it")
            await self._skip(topic, partition)
            await asyncio.to_thread(self._send, [self._view(f"behind-{key}", partition)])
            end = self._of_group(topic, partition)[1]
            await self._until(lambda: self._of_group(topic, partition)[0] >= end, f"{topic}/{partition} stands still")
        finally:
            flip(*bit)

    def _damage(self, topic: str, partition: int, key: str) -> tuple[Path, int]:
        """Send a batch of one record while all workers stand still, and flip a bit of it: where. Nothing else runs."""
        workers = [worker for worker in self._pool.workers + self._pool.leaving if not worker.paused]
        for worker in workers:
            worker.pause()
        try:
            sleep(POLLS_S)
            self._send([self._view(key, partition)])
            self.sent -= 1
            unit = self._kafka.unit
            assert isinstance(unit, ProcessUnit), "the broker's files are elsewhere"
            for file in sorted(unit.folder.glob(f"data/{topic}-{partition}/*.log"), reverse=True):
                if (at := file.read_bytes().rfind(key.encode())) >= 0:
                    flip(file, at)
                    return file, at
            raise AssertionError(f"{key} is in no segment of {topic}/{partition}")
        finally:
            for worker in workers:
                worker.resume()

    async def _skip(self, topic: str, partition: int) -> None:
        """As an operator does, told by the worker's log."""
        args = ("topics", "skip", topic, str(partition), "--past-corrupt", "--yes")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "cli", *args, cwd=self._folder, env={**os.environ, **self._env},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        out, _ = await process.communicate()
        if process.returncode or b"continues at offset" not in out:
            raise RuntimeError(f"crmkpi {' '.join(args)} ended with {process.returncode}: {out.decode()[-2000:]}")

    def _logged(self, text: str) -> bool:
        return any(text in log.read_text(errors="replace") for log in self._folder.glob("worker-*.log"))

    def _of_group(self, topic: str, partition: int) -> tuple[int, int]:
        """The group's offset in a partition, and the partition's end."""
        consumer = reader(self._settings.kafka, **{"group.id": self._settings.app_id})
        try:
            place = TopicPartition(topic, partition)
            return consumer.committed([place], 10)[0].offset, consumer.get_watermark_offsets(place, 10)[1]
        finally:
            consumer.close()

    async def _until(self, done: Callable[[], bool], what: str) -> None:
        end = monotonic() + PATIENCE_S
        while not await asyncio.to_thread(done):
            if monotonic() > end:
                raise RuntimeError(f"{what} after {PATIENCE_S:g} s")
            await asyncio.sleep(0.2)

    def _view(self, key: str, partition: int) -> Made:
        data = {"anonymous_id": f"v-{key}", "url": "https://a.example/"}
        return event("crm.page.viewed", key, self._companies[0], self._now, partition, **data)

    @property
    def _partitions(self) -> int:
        return self._settings.input_partitions

    def _send(self, records: Iterable[Made]) -> None:
        sender = Sender(self._settings.kafka)
        for record in records:
            sender.send(record._replace(topic=self._settings.topic_prefix + record.topic))
            sender.poll()
            self.sent += 1
        sender.flush()


def flip(file: Path, at: int) -> None:
    """Turn one bit of a file."""
    with file.open("r+b") as handle:
        handle.seek(at)
        byte = handle.read(1)[0]
        handle.seek(at)
        handle.write(bytes([byte ^ 1]))
