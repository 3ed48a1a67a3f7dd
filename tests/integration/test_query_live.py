"""Questions to a real worker: while events flow, after it was killed, and by whoever has no token."""

import asyncio
import json
import os
from typing import Any

import aiohttp
import pytest
from aiokafka import AIOKafkaProducer

from bench.worker import Worker
from sinks.query import QueryClient, QueryRefused, QueryUnavailable
from sinks.read import RedisReader
from tests.integration.streams_rig import Rig

pytestmark = pytest.mark.servers
ORDERS = 400


async def test_questions_are_answered_while_events_flow_and_by_the_next_owner(rig: Rig) -> None:
    """Members always add up to the number; a worker that is gone is no answer, the next one gives the same."""
    env = {**os.environ, **rig.env}
    running = Worker(env, rig.log)
    try:
        async with RedisReader(rig.settings.redis.url) as reader, QueryClient(reader) as client:
            await _while_events_flow(rig, client)
            port = await reader.query_port("acme")
            assert port is not None
            await _others_are_refused(client, port.url)
            running.kill()
            with pytest.raises(QueryUnavailable, match="no worker owns this tenant"):
                await client.ask("acme", "members", kpi="orders", window="all")
            running = Worker(env, rig.log)
            await rig.until(lambda: _total(client, ORDERS), True)
            after = await reader.query_port("acme")
            assert after is not None
            assert after.token != port.token
            told = await client.ask("acme", "timeline", subject="c7")
            assert {fact["text"] for fact in told["facts"]} == {"Ordered"}
    finally:
        code = running.stop()
    assert code == 0, rig.log.read_text()[-2000:]


async def _while_events_flow(rig: Rig, client: QueryClient) -> None:
    with pytest.raises(QueryUnavailable):
        await client.ask("acme", "members", kpi="orders", window="all")
    await _orders(rig, range(10))
    await rig.until(lambda: _total(client), True)
    flow = asyncio.create_task(_orders(rig, range(10, ORDERS)))
    seen = [0]
    while not flow.done():
        found = await client.ask("acme", "members", kpi="orders", window="all", limit=1000)
        assert found["total"] == found["n"] == found["numerator"] == len(found["members"]) >= seen[-1]
        seen.append(found["n"])
    await flow
    await rig.until(lambda: _total(client, ORDERS), True)
    assert len(set(seen)) > 3


async def _others_are_refused(client: QueryClient, url: str) -> None:
    """Without a token, for a tenant of another, for a number that is none."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/query", json={"tenant": "acme", "ask": "timeline", "subject": "c7"}) as response,
    ):
        assert response.status == 401
    with pytest.raises(QueryRefused, match="unknown KPI") as refused:
        await client.ask("acme", "members", kpi="nonsense", window="all")
    assert refused.value.status == 400
    with pytest.raises(QueryUnavailable):
        await client.ask("nobody", "timeline", subject="c7")


async def _total(client: QueryClient, wanted: int = 1) -> bool:
    """Whether so many orders are counted, or more."""
    try:
        found = await client.ask("acme", "members", kpi="orders", window="all", limit=0)
    except QueryUnavailable:
        return False
    return bool(found["total"] >= wanted)


async def _orders(rig: Rig, numbers: range) -> None:
    """Some orders a second, for some seconds."""
    topic = next(name for name in rig.options.inputs if "revenue" in name)
    producer = AIOKafkaProducer(bootstrap_servers=rig.settings.kafka.bootstrap_servers, acks="all")
    await producer.start()
    try:
        for number in numbers:
            event: dict[str, Any] = {"id": f"o{number}", "source": "/shop", "type": "crm.order.completed"}
            event |= {"time": f"2026-11-{1 + number % 20:02}T{number % 24:02}:10:00Z", "tenantid": "acme"}
            event["data"] = {
                "customer_id": f"c{number % 30}", "order_id": f"o{number}", "amount": 10, "currency": "EUR",
            }  # fmt: skip
            await producer.send_and_wait(topic, json.dumps(event).encode())
            await asyncio.sleep(0.01)
    finally:
        await producer.stop()
