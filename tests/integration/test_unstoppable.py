"""Two workers, a tenant whose numbers keep moving, and every kind of record that once ended workers sent amid."""

import asyncio
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.producer import message_accumulator
from aiokafka.producer import producer as producing
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from bench.worker import Worker, children
from sinks.read import RedisReader
from tests.integration.streams_rig import INPUTS, Rig
from tests.integration.test_lost import crmkpi
from tests.unit.streams.test_header_keys import Raw

pytestmark = pytest.mark.servers
LARGE = 900_000  # bytes of a text; a broker takes records of up to 1 MB
DEAL = {"deal_id": "d", "customer_id": "c", "amount": "10.00", "currency": "EUR"}
PRICE = {"subscription_id": "s", "customer_id": "c", "mrr": "5.00", "currency": "EUR"}
VIEW = {"anonymous_id": "v", "url": "https://a.example/"}
MAIL = {"message_id": "m", "customer_id": "c"}
FAR = ("0001-01-01T00:00:00Z", "0022-11-05T10:00:00Z", "9999-12-31T23:59:59Z")


def event(type_: str, data: dict[str, Any], **more: Any) -> bytes:
    """An event of the odd tenant, now."""
    now = datetime.now(UTC).isoformat()
    body = {"id": uuid.uuid4().hex, "source": "/odd", "type": f"crm.{type_}", "time": now, "tenantid": "odd"}
    return orjson.dumps({**body, "data": data, **more})


def odd() -> Iterator[bytes]:
    """Values that are lists where texts are meant, instants of no calendar, what is no JSON, and large texts."""
    for country in (["FI", "SE"], {"code": "FI"}, 7, None):
        yield event("email.sent", {**MAIL, "traits": {"country": country}})
        yield event("call.ended", {"customer_id": "c", "outcome": "connected", "traits": {"country": country}})
    for far in FAR:
        yield event("page.viewed", VIEW, time=far)
        yield event("page.viewed", VIEW, sentat=far)
        yield event("page.viewed", VIEW, recordedtime=far)
        yield event("deal.won", {**DEAL, "closed_at": far})
        yield event("subscription.started", {**PRICE, "effective_at": far})
    yield event("page.viewed", VIEW, recordedtime=1)
    yield event("subscription.started", {**PRICE, "effective_at": "2150-01-01T00:00:00Z"})
    yield from (b"{broken" for _ in range(50))
    yield from (event("deal.updated", {**DEAL, "stage": "x" * LARGE}) for _ in range(12))
    yield from (event("page.viewed", {**VIEW, "title": "x" * LARGE}) for _ in range(12))
    yield from (event(f"unheard.of_{number}", VIEW) for number in range(300))


async def live(producer: AIOKafkaProducer, topic: str, over: asyncio.Event) -> int:
    """Visits of another tenant, until told to end; how many."""
    number = 0
    while not over.is_set():
        value = event("page.viewed", VIEW, tenantid="live", id=f"live-{number}")
        await producer.send_and_wait(topic, value, partition=number % INPUTS)
        number += 1
        await asyncio.sleep(0.02)
    return number


async def received(rig: Rig) -> dict[str, int]:
    """Records of each tenant that Redis shows as received."""
    async with RedisReader(rig.settings.redis.url) as board:
        found = {tenant: await board.document(tenant, "duplicate_rate", "all") for tenant in ("live", "odd", "default")}
    return {tenant: int(document["denominator"] or 0) for tenant, document in found.items() if document}


async def moves(rig: Rig) -> None:
    """Wait until the live tenant's number is another than now."""
    before = (await received(rig)).get("live", 0)

    async def moved() -> bool:
        return (await received(rig)).get("live", 0) > before

    await rig.until(moved, True, 30)


async def test_no_record_stops_the_others(rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every record is counted once or is a dead letter, the live tenant moves on, no process ends, `verify` agrees."""
    for module in (message_accumulator, producing):  # only the builder in Python writes a header key that is no text
        monkeypatch.setattr(module, "DefaultRecordBatchBuilder", _DefaultRecordBatchBuilderPy)
    workers = [Worker(rig.env, tmp_path / f"worker-{number}.log") for number in range(2)]
    producer = AIOKafkaProducer(bootstrap_servers=rig.settings.kafka.bootstrap_servers, max_request_size=1_000_000)
    await producer.start()
    over = asyncio.Event()
    flow = asyncio.create_task(live(producer, rig.input, over))
    try:
        await moves(rig)
        engines = [children(worker.pid) for worker in workers]
        records = list(odd())
        for number, value in enumerate(records):
            key = uuid.uuid4().hex.encode()
            headers = [(Raw("x") if number % 7 == 2 else "trace", b"1")]
            await producer.send_and_wait(rig.input, value, key, partition=number % INPUTS, headers=headers)
            if number % 50 == 0:
                await moves(rig)
        await moves(rig)
        over.set()
        wanted = {"live": await flow, "rest": len(records)}

        async def all_received() -> dict[str, int]:
            found = await received(rig)
            return {"live": found.get("live", 0), "rest": found.get("odd", 0) + found.get("default", 0)}

        await rig.until(all_received, wanted)
        assert [worker.code for worker in workers] == [None, None]
        assert [children(worker.pid) for worker in workers] == engines
        refused = [letter["crmkpi.reason"] for letter in await rig.dead_letters()]
        assert refused.count("not_json") == 50, refused
        assert "engine_error" not in refused
        async with RedisReader(rig.settings.redis.url) as board:
            assert set(await board.tenants()) >= {"live", "odd"}
        done = crmkpi(rig, "verify")
        assert done.returncode == 0, done.stdout + done.stderr
    finally:
        over.set()
        await asyncio.gather(flow, return_exceptions=True)
        await producer.stop()
        codes = [worker.stop() for worker in workers]
    assert codes == [0, 0]
