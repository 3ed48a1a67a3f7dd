"""The effect of one tenant's load on its neighbour: ``python -m bench.neighbours [--events N]``.

A live tenant signs up twenty users a second. Meanwhile another tenant back-fills its history at full speed, is
recounted under another time zone, and has subjects erased; then the worker is killed, Redis is flushed, and everything
is verified. For each phase: the time from the broker's acknowledgement of a live event until a Redis reader sees it,
and how long the loop stalled.
"""

import argparse
import asyncio
import os
import re
import signal
import tempfile
import urllib.request
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep, time
from typing import Any, Final
from zlib import crc32

import orjson

from bench.broker import Sender, create_inputs, produce
from bench.latency import PROBE_TOPIC, signups
from bench.place import environment, place
from bench.settle import Watch, flush
from bench.worker import Worker
from bench.workload import PARTITIONS, Made, events, rfc3339
from models import topics
from models.settings import Settings
from ops.local import local_servers
from sinks.read import RedisReader

LIVE, HEAVY = "live", "heavy"  # in different lanes
PROBES_S: Final = 20
PORT: Final = 19464
BUCKET: Final = re.compile(r'crmkpi_loop_stall_seconds_bucket\{le="([^"]+)"\} ([0-9.e+]+)')
ERASURES: Final = 500
VERIFY: Final = ("-m", "cli", "verify")
MIDDLE_S: Final = 4.0  # into the recount


class Probes(Thread):
    """Sign-ups of the live tenant, and when each was acknowledged (monotonic)."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(daemon=True)
        self._settings = settings
        self.acked: list[float] = []
        self.stop = Event()

    def run(self) -> None:
        sender = Sender(self._settings.kafka, **{"linger.ms": 2})
        topic = self._settings.topic_prefix + PROBE_TOPIC
        for n in range(1_000_000):
            if self.stop.is_set():
                break
            user = f"probe-{n}-{int(time())}"
            event = {"id": user, "source": "/probe", "type": "crm.user.signed_up", "time": rfc3339(int(time() * 1000)),
                     "tenantid": LIVE, "data": {"user_id": user}}  # fmt: skip
            sender.producer.produce(topic, orjson.dumps(event), LIVE.encode(), n % PARTITIONS, on_delivery=self._ack)
            sender.poll()
            sleep(1 / PROBES_S)
        sender.flush(60)

    def _ack(self, error: Any, message: Any) -> None:
        self.acked.append(monotonic())


class Seen:
    """When the n-th sign-up was visible (monotonic)."""

    def __init__(self, reader: RedisReader) -> None:
        self._reader = reader
        self.times: list[float] = []

    async def run(self) -> None:
        """Poll until cancelled."""
        while True:
            visible = await signups(self._reader, LIVE)
            self.times += [monotonic()] * (visible - len(self.times))
            await asyncio.sleep(0.01)


class Neighbours:
    """The phases, on one worker with a supervisor."""

    def __init__(self, settings: Settings, config: Path, worker: Worker, number: int, dimensions: int) -> None:
        self.settings, self.config, self.worker, self.number = settings, config, worker, number
        self.dimensions = [f"trait_{n}" for n in range(dimensions)]
        self.probes = Probes(settings)
        # Generated before measuring: real producers run on other machines.
        self.history = [
            event._replace(topic=settings.topic_prefix + event.topic, value=with_traits(event, self.dimensions))
            for event in events(number, [HEAVY], int(time() * 1000), span_ms=90 * 86_400_000)
        ]

    async def run(self, say: Callable[[str], None]) -> None:
        """All phases."""
        async with RedisReader(self.settings.redis) as reader:
            self.seen = Seen(reader)
            looking = asyncio.create_task(self.seen.run())
            self.configure()
            self.probes.start()
            await self._until(lambda: _true(len(self.seen.times) > 3 * PROBES_S), 120)
            await self._phase("quiet", self._quiet, say)
            await self._phase(f"back-fill of {self.number:,}", self._back_fill, say)
            await self._phase("counted again", lambda: self._redefine(reader, "Asia/Tokyo"), say)
            await self._phase("counted again, kill -9", lambda: self._redefine(reader, "Asia/Kolkata", True), say)
            await self._phase(f"{ERASURES} erasures", self._erase, say)
            await self._phase("kill -9", self._kill, say)
            documents = len(await reader.documents(HEAVY)) + len(await reader.documents(LIVE))
            await self._phase(f"{documents:,} documents", lambda: self._flush(reader, documents), say)
            await self._phase("verify", lambda: self._verify(say), say)
            self.probes.stop.set()
            looking.cancel()

    def configure(self, tz: str = "UTC") -> None:
        """Write the tenant's settings."""
        self.config.write_text(f'[tenants.{HEAVY}]\ntz = "{tz}"\ndimensions = {self.dimensions}\n')

    async def _phase(self, name: str, work: Callable[[], Awaitable[object]], say: Callable[[str], None]) -> None:
        before, first, began = stalls(), len(self.probes.acked), monotonic()
        await work()
        took, last = monotonic() - began, len(self.probes.acked)
        await self._until(lambda: _true(len(self.seen.times) >= last), 600)
        waits = sorted(b - a for a, b in list(zip(self.probes.acked, self.seen.times, strict=False))[first:last])
        longest = gap([t for t in self.seen.times if t >= began - 1])
        p50, p99 = waits[len(waits) // 2], waits[int(len(waits) * 0.99)]
        say(
            f"{name:<26} {took:6.1f} s   live p50 {p50 * 1000:6.0f} ms  p99 {p99 * 1000:6.0f} ms  max "
            f"{waits[-1] * 1000:6.0f} ms  longest silence {longest:5.1f} s  loop {quantile(before, stalls())}"
        )

    async def _quiet(self) -> None:
        await asyncio.sleep(20)

    async def _back_fill(self) -> None:
        await asyncio.to_thread(produce, self.settings.kafka, self.history)
        await self._counted()

    async def _counted(self) -> None:
        watch = Watch(self.settings)
        try:
            await self._until(lambda: _true(watch.unaccepted() < 5 * PROBES_S), 3600)
            wanted = watch.tenant_ends([HEAVY])

            async def visible() -> bool:
                return not await watch.behind(wanted)

            await self._until(visible, 3600)
        finally:
            await watch.close()

    async def _redefine(self, reader: RedisReader, tz: str, killed: bool = False) -> None:
        self.configure(tz)
        if killed:
            await asyncio.sleep(MIDDLE_S)
            await self._kill()

        async def again() -> bool:
            document = await reader.document(HEAVY, "win_rate", "month")
            return document is not None and document["tz"] == tz

        await self._until(again, 3600)

    async def _flush(self, reader: RedisReader, documents: int) -> None:
        await flush(self.settings.redis)

        async def again() -> bool:
            found = await reader.status(HEAVY)  # erased subjects may have taken some documents with them
            return found is not None and not found.waiting and len(await reader.documents(HEAVY)) > documents // 2

        await self._until(again, 600)

    async def _erase(self) -> None:
        topic, now = self.settings.topic_prefix + "crm.customers.v1", rfc3339(int(time() * 1000))
        made = []
        for n in range(ERASURES):
            event = {"id": f"erase-{n}", "source": "/x", "type": "crm.privacy.erasure_requested", "time": now,
                     "tenantid": HEAVY, "data": {"customer_id": f"c-{n + 100}"}}  # fmt: skip
            made.append(Made(topic, n % PARTITIONS, HEAVY.encode(), orjson.dumps(event)))
        await asyncio.to_thread(produce, self.settings.kafka, made)
        await self._counted()

    async def _verify(self, say: Callable[[str], None]) -> None:
        process, most = Worker(self.worker.env, self.worker.log.with_name("verify.log"), module=VERIFY), 0.0
        while process.code is None:
            most = max(most, process.peak_mb())
            await asyncio.sleep(0.5)
        say(f"{process.tail()} (code {process.code}, {most:.0f} MB at most)")

    async def _kill(self) -> None:
        pid = int(re.findall(r"worker 1 started, process (\d+)", self.worker.log.read_text())[-1])
        os.kill(pid, signal.SIGKILL)
        seen = len(self.seen.times)
        await self._until(lambda: _true(len(self.seen.times) > seen + PROBES_S), 300)

    async def _until(self, true: Callable[[], Awaitable[bool]], seconds: float) -> None:
        end = monotonic() + seconds
        while not await true():
            if self.worker.code is not None or monotonic() > end:
                raise RuntimeError(f"not within {seconds:g} s; the end of the worker's log:\n{self.worker.tail()}")
            await asyncio.sleep(0.1)


async def _true(value: bool) -> bool:
    return value


def with_traits(event: Made, dimensions: list[str]) -> bytes:
    """The event with a value for each dimension, one of fifty."""
    if not dimensions:
        return event.value
    payload = orjson.loads(event.value)
    payload["data"]["traits"] = {name: f"value-{crc32(event.key + name.encode()) % 50}" for name in dimensions}
    return orjson.dumps(payload)


def gap(times: list[float]) -> float:
    """The longest time between consecutive values, seconds."""
    return max((b - a for a, b in pairwise(times)), default=0.0)


def stalls() -> dict[float, float]:
    """Upper bound (s) -> number of loop stalls of the worker up to that length."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/metrics", timeout=5) as answer:
            text = answer.read().decode()
    except OSError:
        return {}
    return {float(bound): float(count) for bound, count in BUCKET.findall(text)}


def quantile(before: dict[float, float], after: dict[float, float]) -> str:
    """p99.9 of the stalls between two readings, as its bucket."""
    if after.get(float("inf"), 0.0) < before.get(float("inf"), 0.0):
        before = {}  # of another worker
    counts = {bound: count - before.get(bound, 0.0) for bound, count in after.items()}
    total = counts.get(float("inf"), 0.0)
    if total <= 0:
        return "unknown"
    bound = next(bound for bound, count in sorted(counts.items()) if count >= 0.999 * total)
    return f"p99.9 <= {bound * 1000:g} ms of {total:.0f}"


def main() -> None:
    """Run everything on dedicated servers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--dimensions", type=int, default=0, help="traits that segment the heavy tenant's KPIs")
    given = parser.parse_args()
    with local_servers(print) as servers, tempfile.TemporaryDirectory(prefix="crmkpi-bench-") as folder:
        settings = place(servers.kafka.bootstrap, servers.redis.url, "neighbours")
        config = Path(folder, "crmkpi.toml")
        config.write_text("")
        env = {**environment(settings), "CRMKPI_CONFIG": str(config), "CRMKPI_HTTP__PORT": str(PORT)}
        create_inputs(settings.kafka, topics.inputs(settings), PARTITIONS)
        worker = Worker(env, Path(folder, "worker.log"), module=("-m", "cli", "worker"))
        try:
            asyncio.run(Neighbours(settings, config, worker, given.events, given.dimensions).run(print))
        finally:
            worker.stop()
            print(worker.tail(5))


if __name__ == "__main__":
    main()
