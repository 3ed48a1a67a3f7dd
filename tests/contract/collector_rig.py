"""A collector on a real Kafka, with topics of its own, and what arrived on them."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
import uvicorn
from aiokafka import AIOKafkaConsumer, TopicPartition

from collectors.server.app import create_app
from collectors.server.services import Services, services
from models import topics
from models.settings import Settings, load_settings
from ops.listening import listen
from ops.topics import admin, ensure, wanted_topics

SOON = 30.0


@dataclass
class Clock:
    """The collector's clock; real, and ``ahead`` ms of it."""

    ahead: int = 0

    def __call__(self) -> int:
        return int(time.time() * 1000) + self.ahead


@dataclass
class Collector:
    """A running collector. ``client`` has its address."""

    settings: Settings
    parts: Services
    port: int
    client: httpx.AsyncClient
    clock: Clock
    _seen: dict[str, Any] = field(default_factory=dict)

    async def arrived(self, *names: str) -> list[dict[str, Any]]:
        """Every event on the input topics so far, in order of their ids; of some topics only, with their short names."""
        wanted = [self.settings.topic_prefix + name for name in names] or topics.inputs(self.settings)
        return [orjson.loads(value) for _, value in await records(self.settings, wanted)]

    async def ids(self) -> list[str]:
        """The ids of every event on the input topics."""
        return sorted(one["id"] for one in await self.arrived())


async def records(settings: Settings, names: list[str] | tuple[str, ...]) -> list[tuple[Any, bytes]]:
    """Every record of these topics: its headers and its value."""
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka.bootstrap_servers)
    await consumer.start()
    try:
        places = [TopicPartition(name, one) for name in names for one in consumer.partitions_for_topic(name) or ()]
        ends = await consumer.end_offsets(places)
        consumer.assign(places)
        await consumer.seek_to_beginning()
        found: list[tuple[Any, bytes]] = []
        async with asyncio.timeout(SOON):
            while any([await consumer.position(place) < end for place, end in ends.items()]):
                for batch in (await consumer.getmany(timeout_ms=200)).values():
                    found += [(record.headers, record.value) for record in batch]
        return found
    finally:
        await consumer.stop()


def settings_of(bootstrap: str, app_id: str, collect: Mapping[str, Any]) -> Settings:
    """Settings of an application of its own."""
    given = {"kafka": {"bootstrap_servers": bootstrap}, "app_id": app_id, "topic_prefix": f"{app_id}.",
             "input_partitions": 1, "journal_partitions": 2, "collect": collect}  # fmt: skip
    return load_settings(given)


@asynccontextmanager
async def collecting(settings: Settings) -> AsyncIterator[Collector]:
    """Topics and a collector on a free port."""
    async with admin(settings.kafka) as link:
        await ensure(link, wanted_topics(settings))
    clock = Clock()
    parts = services(settings, clock)
    await parts.publisher.start()
    with listen("127.0.0.1", 0) as listener:
        server = uvicorn.Server(uvicorn.Config(create_app(parts), access_log=False, log_config=None))
        task = asyncio.create_task(server.serve([listener]))
        port = listener.getsockname()[1]
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=SOON) as client:
            yield Collector(settings, parts, port, client, clock)
        server.should_exit = True
        async with asyncio.timeout(SOON):
            await task
    await parts.publisher.stop()
