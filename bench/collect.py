"""Throughput of the collector: single events, and batches. ``python -m bench.collect [--seconds 10]``.

One collector on real Kafka with many open connections; each sends its next request once the last is answered, that is,
once Kafka has its events. Prints events per second, events per CPU second of the collector, and response times; one
JSON line last. Exit code 1 if Kafka does not hold exactly what was acknowledged.
"""

import argparse
import asyncio
import base64
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from typing import Final, NamedTuple

import orjson

from bench.broker import create_inputs, ends, reader
from bench.place import environment, place
from models import topics
from models.settings import Settings
from ops.local import local_servers
from ops.local.net import HOST, free_port

PARTITIONS: Final = 4
HERTZ: Final = os.sysconf("SC_CLK_TCK")
SHAPES: Final = {"single": (64, 1), "batched": (16, 250)}  # connections, events per request


class Taken(NamedTuple):
    """The result for one shape of requests."""

    events: int
    seconds: float
    cpu_s: float
    answers_ms: list[float]  # sorted

    def figures(self) -> dict[str, float]:
        """Events per second and per CPU second; ms."""
        count = len(self.answers_ms)
        return {
            "per_s": round(self.events / self.seconds),
            "per_cpu_s": round(self.events / self.cpu_s),
            "p50_ms": round(self.answers_ms[count // 2], 1),
            "p99_ms": round(self.answers_ms[int(count * 0.99)], 1),
        }


def request(batch: int, number: int) -> bytes:
    """A request with ``batch`` events; ids are derived from ``number``."""
    found = [
        {"id": f"{number}-{one}", "type": "crm.page.viewed", "time": "2026-05-01T10:00:00Z",
         "data": {"url": f"https://acme.example/{one}", "anonymous_id": f"v-{number}", "user_agent": "Mozilla/5.0"}}
        for one in range(batch)
    ]  # fmt: skip
    body = orjson.dumps(found)
    key = base64.b64encode(b"acme:").decode()
    head = f"POST /events HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {key}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Content-Type: application/json\r\n\r\n".encode() + body


async def connection(port: int, batch: int, first: int, step: int, end: float, answers: list[float]) -> None:
    """Send until ``end``. Raises RuntimeError for anything but 200."""
    stream, writer = await asyncio.open_connection(HOST, port)
    number = first
    while time.perf_counter() < end:
        raw = request(batch, number)
        began = time.perf_counter()
        writer.write(raw)
        head = await stream.readuntil(b"\r\n\r\n")
        if b" 200 " not in head[:20]:
            raise RuntimeError(head.decode())
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
        await stream.readexactly(int(length.partition(b":")[2]))
        answers.append((time.perf_counter() - began) * 1000)
        number += step
    writer.close()


async def measure(port: int, pid: int, connections: int, batch: int, seconds: float, first: int) -> Taken:
    """Run all connections in parallel."""
    answers: list[float] = []
    cpu, began = cpu_of(pid), time.perf_counter()
    end = began + seconds
    await asyncio.gather(
        *(connection(port, batch, first + one, connections, end, answers) for one in range(connections))
    )
    took = time.perf_counter() - began
    return Taken(len(answers) * batch, took, cpu_of(pid) - cpu, sorted(answers))


def cpu_of(pid: int) -> float:
    """CPU seconds of a process so far."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / HERTZ


async def ready(port: int) -> None:
    """Wait until it listens."""
    async with asyncio.timeout(60):
        while True:
            try:
                _, writer = await asyncio.open_connection(HOST, port)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return


def held(settings: Settings) -> int:
    """Records on the input topics."""
    consumer = reader(settings.kafka)
    try:
        return sum(ends(consumer, topics.inputs(settings)).values())
    finally:
        consumer.close()


def main() -> int:
    """0 if Kafka holds what was acknowledged."""
    parser = argparse.ArgumentParser(prog="bench.collect", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each shape (default 10)")
    given = parser.parse_args()
    with ExitStack() as stack:
        servers = stack.enter_context(local_servers(lambda line: print(line, file=sys.stderr)))
        settings = place(servers.kafka.bootstrap, servers.redis.url, "collect")
        create_inputs(settings.kafka, topics.inputs(settings), PARTITIONS)
        port = free_port()
        command = [sys.executable, "-m", "cli", "collector", "--port", str(port)]
        process = subprocess.Popen(command, env={**os.environ, **environment(settings)}, stdout=subprocess.DEVNULL)
        stack.callback(process.wait)
        stack.callback(process.terminate)
        asyncio.run(ready(port))
        found, sent = {}, 0
        for number, (name, (connections, batch)) in enumerate(SHAPES.items()):
            taken = asyncio.run(measure(port, process.pid, connections, batch, given.seconds, number * 10**9))
            found[name] = taken.figures()
            sent += taken.events
            print(name, found[name])
        there = held(settings)
    print(orjson.dumps({**found, "acknowledged": sent, "held": there}).decode())
    return 0 if there == sent else 1


if __name__ == "__main__":
    sys.exit(main())
