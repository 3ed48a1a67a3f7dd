"""Every example and live scenario through the product: each stage a tenant of its own, all of them at once on Kafka.

Lines come twice and in no order, but where a story tells of these things themselves. A worker counts them; an engine
restored from the state it left on Kafka has the stated results.
"""

import asyncio
import json
import os
import random
import signal
from collections import ChainMap
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from aiokafka import AIOKafkaProducer

from bench.worker import Worker
from cli.recount import restored
from kpis.engine import Engine
from models.route import topic_of
from models.settings import TenantBook
from recount.documents import instant_text, key
from recount.facts import Item
from sinks.read import RedisReader
from streams.failpoints import ACCEPT, COUNT, RESTORE
from streams.read import read_state
from tests.feed import Feed, ms
from tests.integration.streams_rig import INPUTS, LANES, Rig
from tests.property.example_stories import Stage
from tests.property.examples import EXAMPLES, settings_of
from tests.property.test_examples import as_event, check, is_ordered, toml

pytestmark = pytest.mark.servers
AS_OF: Final = "2026-11-20T00:00:00Z"


class Story(NamedTuple):
    """What one tenant sends, and what must come of it."""

    tenant: str
    name: str
    stage: Stage
    lines: list[bytes]
    ordered: bool  # which of two events with one identity comes first is part of the story


def stories(prefix: str) -> Iterator[Story]:
    """Every stage with all that was told before it; tenants of a prefix, since Redis is shared."""
    for number, (name, stages) in enumerate(EXAMPLES.items()):
        feed = Feed()
        ordered = is_ordered(stages)
        for place, stage in enumerate(stages):
            stage.tell(feed)
            tenant = f"{prefix}-{number}-{place}"
            lines = [line_of(item, tenant) for item in feed.items]
            yield Story(tenant, name, stage, lines if ordered else lines * 2, ordered)


def line_of(item: Item, tenant: str) -> bytes:
    """A record of a story; one that is to be refused says when it was received, too."""
    event = json.loads(as_event(item)) | {"tenantid": tenant, "recordedtime": instant_text(item.received)}
    return json.dumps(event).encode()


class Record(NamedTuple):
    """A line on its way to an input topic."""

    topic: str
    partition: int
    line: bytes


async def test_every_example_has_its_stated_result_through_kafka_and_a_worker(rig: Rig, tmp_path: Path) -> None:
    """And nothing is refused but what the stories say is wrong."""
    told = list(stories("calm"))
    begin = partial(start, rig, config(tmp_path, told))
    await send(rig, mixed(rig, told))
    await finish(rig, told, begin())


@pytest.mark.soak
async def test_every_example_survives_a_death_at_every_step(rig: Rig, tmp_path: Path) -> None:
    """kill -9 at each numbered step of the commit order, with a part of every story in flight."""
    told = list(stories("dying"))
    begin = partial(start, rig, config(tmp_path, told))
    lines, places = mixed(rig, told), [*ACCEPT, *COUNT, *RESTORE]
    share = -(-len(lines) // (len(places) + 1))
    parts = [lines[first : first + share] for first in range(0, len(lines), share)]
    for place, part in zip(places, parts, strict=False):
        await send(rig, part)
        dying = begin({"CRMKPI_FAILPOINT": place})
        try:
            assert await asyncio.to_thread(dying.process.wait, 120) == -signal.SIGKILL, place
        finally:
            dying.kill()
    await send(rig, parts[-1])
    await finish(rig, told, begin())


def start(rig: Rig, settings: Path, env: dict[str, str] | None = None) -> Worker:
    """A worker with the stories' settings."""
    own = {**os.environ, **rig.env, "CRMKPI_CONFIG": str(settings), **(env or {})}
    return Worker(own, rig.log, ["--as-of", AS_OF])


async def finish(rig: Rig, told: list[Story], running: Worker) -> None:
    """Wait until a worker has counted everything; then compare what it left on Kafka with what the stories say."""
    try:
        await rig.until(lambda: waiting(rig, told), [], within=300)
        assert running.stop() == 0, rig.log.read_text()[-2000:]
    finally:
        running.kill()
    book = TenantBook.from_mapping({"tenants": settings_said(told)})
    entries = [(await read_state(rig.options, lane))[0] for lane in range(LANES)]
    engine = restored(partial(Engine, book), dict(ChainMap(*entries)))
    for one in told:
        found = engine.documents(one.tenant, ms(one.stage.as_of), live=False, full=True)
        check(one.stage, {key(doc): doc for doc in found})
        assert engine.recount(one.tenant) == []


def settings_said(told: list[Story]) -> dict[str, Any]:
    """What each tenant has differently."""
    return {one.tenant: json.loads(settings_of(one.name).model_dump_json(exclude_defaults=True)) for one in told}


def config(folder: Path, told: list[Story]) -> Path:
    """The same as a settings file."""
    path = folder / "own.toml"
    lines = [f"[tenants.{tenant}]\n" + "".join(f"{name} = {toml(value)}\n" for name, value in own.items())
             for tenant, own in settings_said(told).items()]  # fmt: skip
    path.write_text("\n".join(lines))
    return path


def mixed(rig: Rig, told: list[Story]) -> list[Record]:
    """All lines of all stories in no order; those that have one keep it, and their partition."""
    turns = [one for one in told for _ in one.lines]
    random.Random(7).shuffle(turns)
    left = {one.tenant: iter(one.lines if one.ordered else random.Random(7).sample(one.lines, len(one.lines)))
            for one in told}  # fmt: skip
    lines = [(one, next(left[one.tenant])) for one in turns]
    return [
        Record(topic_of(rig.settings, json.loads(line).get("type", "crm.page.viewed")),
               0 if one.ordered else number % INPUTS, line)
        for number, (one, line) in enumerate(lines)
    ]  # fmt: skip


async def send(rig: Rig, records: list[Record]) -> None:
    """Lines to their topics."""
    producer = AIOKafkaProducer(bootstrap_servers=rig.settings.kafka.bootstrap_servers, acks="all")
    await producer.start()
    try:
        for record in records:
            await producer.send(record.topic, record.line, partition=record.partition)
        await producer.flush()
    finally:
        await producer.stop()


async def waiting(rig: Rig, told: list[Story]) -> list[str]:
    """Tenants of whom Redis does not say yet that all was received."""
    async with RedisReader(rig.settings.redis.url) as reader:
        found = [await reader.document(one.tenant, "received", "all") for one in told]
    return [one.tenant for one, doc in zip(told, found, strict=True) if not doc or doc["value"] != len(one.lines)]
