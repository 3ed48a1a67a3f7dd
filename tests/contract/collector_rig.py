"""A collector on a real Kafka, with topics of its own, and what arrived on them."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
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
    begun: dict[str, int]  # where each input topic ended before

    async def arrived(self, *names: str) -> list[dict[str, Any]]:
        """Every event since this collector began, on these topics (without their prefix) or on all."""
        wanted = [self.settings.topic_prefix + name for name in names] or topics.inputs(self.settings)
        return [orjson.loads(value) for _, value in await self.records(*wanted)]

    async def records(self, *names: str) -> list[tuple[Any, bytes]]:
        """Headers and value of every record since this collector began, on these topics or on all."""
        wanted = {name: self.begun[name] for name in names or topics.inputs(self.settings)}
        return await records(self.settings, wanted)

    async def ids(self) -> list[str]:
        """The ids of every event on the input topics."""
        return sorted(one.get("id", "") for one in await self.arrived())


async def records(settings: Settings, begun: Mapping[str, int]) -> list[tuple[Any, bytes]]:
    """Every record of these topics from there on: its headers and its value."""
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka.bootstrap_servers)
    await consumer.start()
    try:
        begins = {TopicPartition(name, 0): offset for name, offset in begun.items()}
        ends = await consumer.end_offsets(list(begins))
        consumer.assign(list(begins))
        for place, offset in begins.items():
            consumer.seek(place, offset)
        found: list[tuple[Any, bytes]] = []
        async with asyncio.timeout(SOON):
            while any([await consumer.position(place) < end for place, end in ends.items()]):
                for batch in (await consumer.getmany(timeout_ms=200)).values():
                    found += [(record.headers, record.value) for record in batch]
        return found
    finally:
        await consumer.stop()


async def ends(settings: Settings) -> dict[str, int]:
    """Where each input topic ends."""
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka.bootstrap_servers)
    await consumer.start()
    try:
        found = await consumer.end_offsets([TopicPartition(name, 0) for name in topics.inputs(settings)])
        return {place.topic: offset for place, offset in found.items()}
    finally:
        await consumer.stop()


async def make_topics(settings: Settings) -> None:
    """Those an installation needs: they take seconds, so tests share them."""
    async with admin(settings.kafka) as link:
        await ensure(link, wanted_topics(settings))


def with_topics(bootstrap: str) -> str:
    """The application id of a fresh installation that has its topics."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    asyncio.run(make_topics(settings_of(bootstrap, name, {})))
    return name


def settings_of(bootstrap: str, app_id: str, collect: Mapping[str, Any]) -> Settings:
    """Settings of an application of its own."""
    given = {"kafka": {"bootstrap_servers": bootstrap}, "app_id": app_id, "topic_prefix": f"{app_id}.",
             "input_partitions": 1, "journal_partitions": 2, "collect": collect}  # fmt: skip
    return load_settings(given)


@asynccontextmanager
async def collecting(settings: Settings) -> AsyncIterator[Collector]:
    """Topics and a collector on a free port."""
    clock, begun = Clock(), await ends(settings)
    parts = services(settings, clock)
    await parts.publisher.start()
    with listen("127.0.0.1", 0) as listener:
        server = uvicorn.Server(uvicorn.Config(create_app(parts), access_log=False, log_config=None))
        task = asyncio.create_task(server.serve([listener]))
        port = listener.getsockname()[1]
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=SOON) as client:
            yield Collector(settings, parts, port, client, clock, begun)
        server.should_exit = True
        async with asyncio.timeout(SOON):
            await task
    await parts.publisher.stop()
