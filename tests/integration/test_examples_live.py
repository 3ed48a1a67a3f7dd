"""Every example and live scenario through the product: each stage a tenant of its own, all of them at once on Kafka.

Lines come twice and in no order, but where a story tells of these things themselves. A worker counts them; an engine
restored from the state it left on Kafka has the stated results.
"""

import json
import os
import random
from collections import ChainMap
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from aiokafka import AIOKafkaProducer

from bench.worker import Worker
from cli.recount import restored
from cli.route import topic_of
from kpis.engine import Engine
from models.settings import TenantBook
from sinks.read import RedisReader
from streams.read import read_state
from tests.integration.streams_rig import INPUTS, LANES, Rig
from tests.property.example_stories import Stage
from tests.property.examples import EXAMPLES, QUALITY, settings_of
from tests.property.test_examples import as_event, check, parsed, toml
from tests.recount.documents import instant_text, key
from tests.recount.facts import Item
from tests.recount.feed import Feed, ms

pytestmark = pytest.mark.servers
AS_OF: Final = "2026-11-20T00:00:00Z"
OF_RECEIVED: Final = {*QUALITY, "unpriced_rate", "bot_rate"}  # repeated lines count in them


class Story(NamedTuple):
    """What one tenant sends, and what must come of it."""

    tenant: str
    name: str
    stage: Stage
    lines: list[bytes]
    ordered: bool  # which of two events with one identity comes first is part of the story


def stories() -> Iterator[Story]:
    """Every stage with all that was told before it."""
    for number, (name, stages) in enumerate(EXAMPLES.items()):
        feed = Feed()
        ordered = any(parsed(said)[0] in OF_RECEIVED for stage in stages for said in stage.values)
        for place, stage in enumerate(stages):
            stage.tell(feed)
            tenant = f"story-{number}-{place}"
            lines = [line_of(item, tenant) for item in feed.items]
            yield Story(tenant, name, stage, lines if ordered else lines * 2, ordered)


def line_of(item: Item, tenant: str) -> bytes:
    """A record of a story; one that is to be refused says when it was received, too."""
    event = json.loads(as_event(item)) | {"tenantid": tenant, "recordedtime": instant_text(item.received)}
    return json.dumps(event).encode()


async def test_every_example_has_its_stated_result_through_kafka_and_a_worker(rig: Rig, tmp_path: Path) -> None:
    """And nothing is refused but what the stories say is wrong."""
    told = list(stories())
    said = {one.tenant: json.loads(settings_of(one.name).model_dump_json(exclude_defaults=True)) for one in told}
    book = TenantBook.from_mapping({"tenants": said})
    await send(rig, told)
    running = Worker({**os.environ, **rig.env, "CRMKPI_CONFIG": str(config(tmp_path, said))}, rig.log,
                     ["--as-of", AS_OF])  # fmt: skip
    try:
        await rig.until(lambda: waiting(rig, told), [], within=300)
    finally:
        assert running.stop() == 0, rig.log.read_text()[-2000:]
    entries = [(await read_state(rig.options, lane))[0] for lane in range(LANES)]
    engine = restored(partial(Engine, book), dict(ChainMap(*entries)))
    for one in told:
        found = engine.documents(one.tenant, ms(one.stage.as_of), live=False, full=True)
        check(one.stage, {key(doc): doc for doc in found})
        assert engine.recount(one.tenant) == []


def config(folder: Path, said: dict[str, Any]) -> Path:
    """A settings file with what each tenant has differently."""
    path = folder / "own.toml"
    lines = [f"[tenants.{tenant}]\n" + "".join(f"{name} = {toml(value)}\n" for name, value in own.items())
             for tenant, own in said.items()]  # fmt: skip
    path.write_text("\n".join(lines))
    return path


async def send(rig: Rig, told: list[Story]) -> None:
    """All lines of all stories, each to the topic of its type; those without order mixed."""
    lines = [(one, line) for one in told for line in one.lines if not one.ordered]
    random.Random(7).shuffle(lines)
    lines += [(one, line) for one in told for line in one.lines if one.ordered]
    producer = AIOKafkaProducer(bootstrap_servers=rig.settings.kafka.bootstrap_servers, acks="all")
    await producer.start()
    try:
        for number, (one, line) in enumerate(lines):
            topic = topic_of(rig.settings, json.loads(line).get("type", "crm.page.viewed"))
            await producer.send(topic, line, partition=0 if one.ordered else number % INPUTS)
        await producer.flush()
    finally:
        await producer.stop()


async def waiting(rig: Rig, told: list[Story]) -> list[str]:
    """Tenants of whom Redis does not say yet that all was received."""
    async with RedisReader(rig.settings.redis.url) as reader:
        found = [await reader.document(one.tenant, "received", "all") for one in told]
    return [one.tenant for one, doc in zip(told, found, strict=True) if not doc or doc["value"] != len(one.lines)]
