"""Latency: from the broker's acknowledgement of an event until a Redis reader sees its effect."""

import asyncio
from threading import Event, Thread
from time import monotonic, sleep, time
from typing import Any, Final

import orjson

from bench.broker import Sender
from bench.workload import DISORDER_MS, events, rfc3339
from models.settings import Settings
from sinks.read import RedisReader

RATE: Final = 2_000
PROBES_S: Final = 20
PROBE_TOPIC: Final = "crm.activity.v1"
LOOK_S: Final = 0.004


class Load(Thread):
    """A steady ``RATE`` events a second for one tenant, up to half a minute old: the workload continues.

    Every 100th is a sign-up by a new user: a probe.
    """

    def __init__(self, settings: Settings, tenant: str, before: int, seconds: float) -> None:
        super().__init__(daemon=True)
        self._settings, self._tenant, self._before, self._seconds = settings, tenant, before, seconds
        self.acked: list[float] = []  # monotonic time of the n-th probe's acknowledgement
        self.failed: list[str] = []
        self.done = Event()

    def run(self) -> None:
        """Send in bursts of 10 ms."""
        sender = Sender(self._settings.kafka, **{"linger.ms": 2})
        number = int(RATE * self._seconds)
        prefix, begun, span = self._settings.topic_prefix, monotonic(), int(self._seconds * 1000)
        until = int(time() * 1000) + span - DISORDER_MS
        for n, made in enumerate(events(number, [self._tenant], until, seed=77, span_ms=span, first=self._before)):
            sender.send(made._replace(topic=prefix + made.topic))
            if n % (RATE // PROBES_S) == 0:
                sender.producer.produce(prefix + PROBE_TOPIC, self._probe(n), b"probe", 0, on_delivery=self._ack)
            if n % (RATE // 100) == 0:
                sender.poll()
                sleep(max(0.0, begun + n / RATE - monotonic()))
        sender.flush(30)
        self.done.set()

    def _probe(self, n: int) -> bytes:
        return orjson.dumps({"id": f"probe-{n}", "source": "/probe", "type": "crm.user.signed_up",
                             "time": rfc3339(int(time() * 1000)), "tenantid": self._tenant,
                             "data": {"user_id": f"probe-{n}"}})  # fmt: skip

    def _ack(self, error: Any, message: Any) -> None:
        if error is not None:
            self.failed.append(str(error))
        self.acked.append(monotonic())


async def measure(settings: Settings, tenant: str, before: int, seconds: float) -> tuple[float, float] | None:
    """(p50, p99) in ms over ``seconds`` of load that continues after ``before`` events; the first two seconds are
    ignored.

    None: the machine can't keep up with the load, so there is no meaningful latency.
    """
    load = Load(settings, tenant, before, seconds)
    seen: list[float] = []  # monotonic time at which the n-th probe was visible
    async with RedisReader(settings.redis) as reader:
        known = await signups(reader, tenant)
        load.start()
        end = monotonic() + seconds + 30
        while not (load.done.is_set() and len(seen) >= len(load.acked)) and monotonic() < end:
            visible = await signups(reader, tenant) - known
            seen += [monotonic()] * (visible - len(seen))
            await asyncio.sleep(LOOK_S)
    if load.failed:
        raise RuntimeError(f"not sent: {load.failed[:3]}")
    if len(seen) < len(load.acked):
        return None
    waits = sorted((b - a) * 1000 for a, b in list(zip(load.acked, seen, strict=False))[2 * PROBES_S :])
    return waits[len(waits) // 2], waits[int(len(waits) * 0.99)]


async def signups(reader: RedisReader, tenant: str) -> int:
    """What a dashboard would show: all sign-ups so far."""
    document = await reader.document(tenant, "signups", "all")
    return int(document["value"] or 0) if document else 0
