"""The cost of open dashboard streams: ``python -m bench.streams [--streams N] [--seconds S]``.

A dedicated Redis, `crmkpi serve`, N readers of one tenant's stream, and four publications a second that change some of
a board's totals, as for a busy tenant: the server's CPU and memory over time, what arrives, and how late.
"""

import argparse
import asyncio
import os
import re
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic, time
from typing import Any, Final

import orjson

from bench.idle import cpu, memory
from kpis.catalog import CATALOG
from ops.local.net import HOST, free_port, wait_until
from ops.local.redis import start_redis
from ops.wire import tcp_opens
from sinks.base import Publication
from sinks.redis_sink import RedisSink

TENANT: Final = "busy"
EVERY_S: Final = 0.25
CHANGED: Final = 20  # documents per publication
PIECE: Final = 1 << 16
SENT: Final = re.compile(rb'"n":(\d{13})')  # a document's n is its publication time, ms


@dataclass
class Received:
    """What readers have received so far."""

    messages: int = 0
    size: int = 0
    late_ms: list[int] = field(default_factory=list)


def document(kpi: str, at: int) -> dict[str, Any]:
    """A document of realistic size."""
    now = "2026-11-14T12:00:00.000Z"
    found: dict[str, Any] = {"kpi": kpi, "window": "30d", "segment": {}, "value": at / 7, "unit": "ratio", "n": at}
    found |= {"numerator": at, "denominator": 7, "status": "ok", "state": "live", "late_revised": 0, "start": now}
    found |= {"end": now, "tz": "Europe/Helsinki", "as_of": now, "watermark": now, "definition": 12345, "rev": "1.1"}
    return found | {"title": kpi.replace("_", " "), "direction": "up", "previous": at / 9, "previous_year": None}


async def publish(sink: RedisSink, seconds: float) -> None:
    """Publish changes of a board four times a second."""
    kpis, end, number = [kpi.id for kpi in CATALOG], monotonic() + seconds, 1
    while monotonic() < end:
        began, at = monotonic(), int(time() * 1000)
        some = [kpis[(number * CHANGED + place) % len(kpis)] for place in range(CHANGED)]
        documents = [document(kpi, at) for kpi in some]
        await sink.publish(Publication(TENANT, 1, number, at, documents))
        number += 1
        await asyncio.sleep(max(0.0, began + EVERY_S - monotonic()))


async def listen(port: int, received: Received) -> None:
    """One reader, until cancelled."""
    reader, writer = await asyncio.open_connection(HOST, port, limit=1 << 22)
    writer.write(f"GET /api/v1/{TENANT}/stream HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    try:
        while piece := await reader.read(PIECE):
            received.size += len(piece)
            count = piece.count(b"event: documents")
            if count and (found := SENT.search(piece, piece.find(b"event: documents"))):
                received.messages += count
                received.late_ms.append(int(time() * 1000) - int(found[1]))
    finally:
        writer.close()


async def run(url: str, pid: int, port: int, streams: int, seconds: float) -> dict[str, Any]:
    """The figures."""
    sink, received = RedisSink(url), Received()
    await sink.publish(Publication(TENANT, 1, 0, 0, [document(kpi.id, 0) for kpi in CATALOG], full=True))
    readers = [asyncio.create_task(listen(port, received)) for _ in range(streams)]
    await asyncio.sleep(5)
    began, spent, at_first = monotonic(), cpu([pid]), memory(pid)
    before = received.messages
    await publish(sink, seconds)
    took, spent = monotonic() - began, cpu([pid]) - spent
    at_last = memory(pid)
    for reader in readers:
        reader.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*readers, return_exceptions=True)
    await sink.close()
    late = sorted(received.late_ms)
    return {
        "streams": streams,
        "seconds": round(took, 1),
        "messages_per_stream_s": round((received.messages - before) / streams / took, 2),
        "kb_per_message": round(received.size / max(received.messages, 1) / 1024, 1),
        "cpu_share": round(spent / took, 3),
        "cpu_us_per_message": round(spent / max(received.messages - before, 1) * 1e6),
        "p50_ms": late[len(late) // 2] if late else None,
        "p99_ms": late[len(late) * 99 // 100] if late else None,
        "memory_first": at_first,
        "memory_last": at_last,
    }


def main() -> None:
    """Start servers, run, print one line of JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.streams", description=__doc__)
    parser.add_argument("--streams", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=60)
    given = parser.parse_args()
    redis, port = start_redis(lambda text: None), free_port()
    try:
        env = {**os.environ, "CRMKPI_REDIS__URL": redis.url}
        with subprocess.Popen([sys.executable, "-m", "cli", "serve", "--port", str(port), "--json"], env=env) as server:
            try:
                if not wait_until(lambda: tcp_opens(HOST, port), 30, lambda: server.poll() is None):
                    raise SystemExit("the dashboard did not start")
                found = asyncio.run(run(redis.url, server.pid, port, given.streams, given.seconds))
            finally:
                server.terminate()
        print(orjson.dumps(found).decode())
    finally:
        redis.unit.remove()


if __name__ == "__main__":
    main()
