"""A worker that runs, events that flow, and a settings file that changes meanwhile."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from bench.worker import Worker
from cli.recount import restored
from kpis.engine import Engine
from models.settings import TenantBook
from sinks.read import RedisReader
from streams.producing import lane_of
from streams.read import read_state
from tests.integration.streams_rig import Rig

pytestmark = pytest.mark.servers


async def test_settings_change_under_a_running_worker(rig: Rig, tmp_path: Path) -> None:
    """A wrong file is told and changes nothing; a right one is counted, exactly, with what flowed meanwhile."""
    file = tmp_path / "own.toml"
    file.write_text("[tenants.acme]\nlow_n = 5\n")
    env = {**os.environ, **rig.env, "CRMKPI_CONFIG": str(file)}
    running = Worker(env, rig.log)
    producer = AIOKafkaProducer(bootstrap_servers=rig.settings.kafka.bootstrap_servers, acks="all")
    await producer.start()
    try:
        flow = asyncio.create_task(_orders(producer, next(name for name in rig.options.inputs if "revenue" in name)))
        await rig.until(lambda: _seen(rig, "orders", lambda found: int(found["value"] or 0) > 20), True)
        file.write_text('[tenants.acme]\ntz = "Mars/Base"\n')
        await rig.until(lambda: _logged(rig, "tenants.acme.tz"), True)
        file.write_text('[tenants.acme]\ntz = "Asia/Tokyo"\n')
        await rig.until(lambda: _seen(rig, "orders", lambda found: found["tz"] == "Asia/Tokyo"), True)
        total = await flow
        await rig.until(lambda: _seen(rig, "orders", lambda found: int(found["value"] or 0) == total), True)
        assert await _seen(rig, "orders", lambda found: int(found["definition"]) == 2)
    finally:
        await producer.stop()
        code = running.stop()
    assert code == 0, rig.log.read_text()[-2000:]
    book = TenantBook.from_mapping({"tenants": {"acme": {"tz": "Asia/Tokyo"}}})
    entries, _ = await read_state(rig.options, lane_of("acme", rig.options.lanes))
    engine = restored(lambda: Engine(book), entries)
    assert (engine.outdated(), engine.recount("acme")) == ([], [])


async def _orders(producer: AIOKafkaProducer, topic: str) -> int:
    """Some orders a second, for some seconds; how many."""
    number = 0
    while number < 400:
        for _ in range(5):
            event: dict[str, Any] = {"id": f"o{number}", "source": "/shop", "type": "crm.order.completed"}
            event |= {"time": f"2026-11-{1 + number % 20:02}T{number % 24:02}:10:00Z", "tenantid": "acme"}
            event["data"] = {
                "customer_id": f"c{number % 30}", "order_id": f"o{number}", "amount": 10, "currency": "EUR",
            }  # fmt: skip
            await producer.send_and_wait(topic, json.dumps(event).encode())
            number += 1
        await asyncio.sleep(0.1)
    return number


async def _seen(rig: Rig, kpi: str, test: Any) -> bool:
    async with RedisReader(rig.settings.redis.url) as board:
        for document in await board.documents("acme"):
            if (document["kpi"], document["window"], document["segment"]) == (kpi, "all", {}):
                return bool(test(document))
    return False


async def _logged(rig: Rig, text: str) -> bool:
    return text in rig.log.read_text()
