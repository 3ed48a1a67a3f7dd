"""The cost of idle tenants: ``python -m bench.idle [--tenants N]``.

Each tenant sent some events ten weeks ago. Once everything is published the worker is restarted, so that none counts as
live. Measures the CPU time of its two processes for some minutes without any event, then with ten live tenants; their
memory, and that of Redis.
"""

import argparse
import asyncio
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep, time
from typing import Final

from bench.broker import create_inputs, produce
from bench.place import environment, place
from bench.settle import Watch, flush
from bench.worker import Worker, children
from bench.workload import PARTITIONS, Made, events
from models import topics
from models.settings import Settings
from ops.local import local_servers
from sinks.client import connect
from sinks.read import RedisReader

AGE_MS: Final = 75 * 86_400_000  # no window edge passes them during the run
LIVE: Final = 10


def history(settings: Settings, tenants: int, each: int) -> Iterator[Made]:
    """Events of all tenants."""
    until = int(time() * 1000) - AGE_MS
    for number in range(tenants):
        for made in events(each, [f"tenant-{number}"], until, seed=number):
            yield made._replace(topic=settings.topic_prefix + made.topic)


def cpu(pids: list[int]) -> float:
    """CPU seconds used by processes so far."""
    spent = [Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13] for pid in pids]
    return sum(int(ticks) for pair in spent for ticks in pair) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> str:
    """Resident memory of a process, and its proportional set size (shared pages are split evenly)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    found = {name: int(rest.split()[0]) / 1024 for name, _, rest in (line.partition(":") for line in lines[1:])}
    return f"{found['Rss']:.0f} MB (PSS {found['Pss']:.0f})"


async def published(settings: Settings, tenants: int, worker: Worker) -> None:
    """Wait until every tenant has all its documents."""
    async with RedisReader(settings.redis) as reader:
        left = {f"tenant-{number}" for number in range(tenants)}
        while left:
            await asyncio.sleep(2)
            for name in list(left):
                status = await reader.status(name)
                if status is None or status.waiting:
                    break
                left.discard(name)
            if worker.code is not None:
                raise RuntimeError(f"the worker ended:\n{worker.tail()}")


async def counted(settings: Settings, tenants: int, worker: Worker) -> None:
    """Wait until every event is counted and every tenant has some documents."""
    watch = Watch(settings)
    try:
        while watch.unaccepted() or await watch.behind(watch.tenant_ends([f"tenant-{n}" for n in range(tenants)])):
            await asyncio.sleep(2)
            if worker.code is not None:
                raise RuntimeError(f"the worker ended:\n{worker.tail()}")
    finally:
        await watch.close()


async def used(settings: Settings) -> float:
    """Memory that Redis uses, MB."""
    client = connect(settings.redis)
    try:
        return float((await client.info("memory"))["used_memory"]) / 2**20
    finally:
        await client.aclose()


def shares(pids: list[int], seconds: float) -> str:
    """The share of one core over ``seconds``, for worker and engine."""
    before, began = [cpu([pid]) for pid in pids], monotonic()
    sleep(seconds)
    each = [(cpu([pid]) - spent) / (monotonic() - began) for pid, spent in zip(pids, before, strict=True)]
    return f"{sum(each):.1%} of a core (worker {each[0]:.1%}, engine {sum(each[1:]):.1%})"


def main() -> None:
    """Run everything on dedicated servers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tenants", type=int, default=2_000)
    parser.add_argument("--each", type=int, default=60, help="events of a tenant")
    parser.add_argument("--minutes", type=float, default=4.0)
    parser.add_argument("--settle", type=float, default=2.0, help="minutes to wait after everything was republished")
    given = parser.parse_args()
    with local_servers(print) as servers, tempfile.TemporaryDirectory(prefix="crmkpi-bench-") as folder:
        settings = place(servers.kafka.bootstrap, servers.redis.url, "idle")
        create_inputs(settings.kafka, topics.inputs(settings), PARTITIONS)
        worker = Worker(environment(settings), Path(folder, "worker.log"))
        try:
            began = monotonic()
            produce(settings.kafka, history(settings, given.tenants, given.each))
            asyncio.run(counted(settings, given.tenants, worker))
            print(f"{given.tenants:,} tenants counted after {monotonic() - began:.0f} s", flush=True)
            print(f"memory: {', '.join(map(memory, [worker.pid, *children(worker.pid)]))}", flush=True)
            worker.stop()
            asyncio.run(flush(settings.redis))
            began, worker = monotonic(), Worker(environment(settings), Path(folder, "worker.log"))
            asyncio.run(published(settings, given.tenants, worker))
            print(f"restarted: published after {monotonic() - began:.0f} s", flush=True)
            pids = [worker.pid, *children(worker.pid)]
            sleep(given.settle * 60)
            print(f"all idle: {shares(pids, given.minutes * 60)}", flush=True)
            print(f"memory: worker {memory(pids[0])}, engine {', '.join(map(memory, pids[1:]))}", flush=True)
            print(f"Redis: {asyncio.run(used(settings)):.0f} MB", flush=True)
            live = [f"tenant-{number}" for number in range(LIVE)]
            total, end = 0.0, monotonic() + given.minutes * 60
            before, began = cpu(pids), monotonic()
            while monotonic() < end:
                made = events(LIVE, live, int(time() * 1000), seed=int(monotonic() * 1000), span_ms=1000)
                produce(settings.kafka, (one._replace(topic=settings.topic_prefix + one.topic) for one in made))
                sleep(1)
            total = (cpu(pids) - before) / (monotonic() - began)
            print(f"{LIVE} live, an event a second each: {total:.1%} of a core", flush=True)
        finally:
            worker.stop()
            print(worker.tail(3))


if __name__ == "__main__":
    main()
