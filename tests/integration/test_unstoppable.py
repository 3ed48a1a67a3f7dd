"""Two workers, a tenant whose numbers keep moving, and every kind of record that once ended or stalled workers amid."""

import asyncio
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import count
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
from streams.producing import lane_of
from tests.integration.streams_rig import INPUTS, LANES, Rig
from tests.integration.test_lost import crmkpi
from tests.unit.streams.test_header_keys import Raw

pytestmark = pytest.mark.servers
LARGE = 900_000  # bytes of a text; a broker takes records of up to 1 MB
DEAL = {"deal_id": "d", "customer_id": "c", "amount": "10.00", "currency": "EUR"}
PRICE = {"subscription_id": "s", "customer_id": "c", "mrr": "5.00", "currency": "EUR"}
VIEW = {"anonymous_id": "v", "url": "https://a.example/"}
MAIL = {"message_id": "m", "customer_id": "c"}
LIVE = next(name for name in map("live{}".format, count()) if lane_of(name, LANES) == lane_of("odd", LANES))
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


def heavy() -> Iterator[bytes]:
    """One object of many updates, many values of a dimension, many ids that are one person's, and large inboxes."""
    yield from (event("deal.updated", {**DEAL, "deal_id": "much", "stage": f"s{number}"}) for number in range(2_000))
    yield from (event("page.viewed", {**VIEW, "campaign": {"name": f"c{number}"}}) for number in range(2_000))
    yield from (event("page.viewed", {**VIEW, "anonymous_id": "hub", "user_id": f"u{number}"}) for number in range(400))
    for number in range(10):
        losers = [f"customer:x{number}-{other}" for other in range(100)]
        yield event("identity.merged", {"winner_id": "customer:c", "loser_ids": losers})
    yield from (event("page.viewed", {**VIEW, "text": "x" * LARGE}) for _ in range(40))


async def send(producer: AIOKafkaProducer, topic: str, values: Iterable[bytes]) -> int:
    """Hand these over as fast as Kafka takes them; how many."""
    sent = [await producer.send(topic, value, partition=number % INPUTS) for number, value in enumerate(values)]
    await asyncio.gather(*sent)
    return len(sent)


async def compressed(rig: Rig) -> int:
    """Records of each codec, the last one refused, with more headers than Kafka takes back; how many."""
    number = 0
    for codec in ("gzip", "snappy", "lz4", "zstd"):
        kafka = rig.settings.kafka.bootstrap_servers
        producer = AIOKafkaProducer(bootstrap_servers=kafka, compression_type=codec, max_request_size=100_000_000)
        await producer.start()
        number += await send(producer, rig.input, (event("page.viewed", VIEW) for _ in range(5)))
        if codec in ("gzip", "zstd"):
            await producer.send_and_wait(rig.input, b"[]", partition=0, headers=[("trace", bytes(9_000_000))])
            number += 1
        await producer.stop()
    return number


async def live(producer: AIOKafkaProducer, topic: str, over: asyncio.Event) -> int:
    """Visits of another tenant, until told to end; how many."""
    number = 0
    while not over.is_set():
        value = event("page.viewed", VIEW, tenantid=LIVE, id=f"live-{number}")
        await producer.send_and_wait(topic, value, partition=number % INPUTS)
        number += 1
        await asyncio.sleep(0.02)
    return number


async def received(rig: Rig) -> dict[str, int]:
    """Records of each tenant that Redis shows as received."""
    async with RedisReader(rig.settings.redis.url) as board:
        found = {tenant: await board.document(tenant, "duplicate_rate", "all") for tenant in (LIVE, "odd", "default")}
    return {tenant: int(document["denominator"] or 0) for tenant, document in found.items() if document}


async def moves(rig: Rig) -> None:
    """Wait until the live tenant's number is another than now."""
    before = (await received(rig)).get(LIVE, 0)

    async def moved() -> bool:
        return (await received(rig)).get(LIVE, 0) > before

    await rig.until(moved, True, 30)


async def test_no_record_stops_the_others(rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every record is counted once or is a dead letter, the live tenant moves on, no process ends, `verify` agrees."""
    for module in (message_accumulator, producing):  # only the builder in Python writes a header key that is no text
        monkeypatch.setattr(module, "DefaultRecordBatchBuilder", _DefaultRecordBatchBuilderPy)
    settings = tmp_path / "own.toml"
    settings.write_text("")
    rig.env["CRMKPI_CONFIG"] = str(settings)
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
        others = await compressed(rig)
        await moves(rig)
        others += await send(producer, rig.input, heavy())
        await moves(rig)
        settings.write_text('[tenants.odd]\ntz = "Asia/Tokyo"\n')  # all of it is counted again, beside what comes
        others += await send(producer, rig.input, (event("page.viewed", VIEW) for _ in range(100)))
        await moves(rig)
        over.set()
        wanted = {"live": await flow, "rest": len(records) + others}

        async def all_received() -> dict[str, int]:
            found = await received(rig)
            return {"live": found.get(LIVE, 0), "rest": found.get("odd", 0) + found.get("default", 0)}

        await rig.until(all_received, wanted)
        assert [worker.code for worker in workers] == [None, None]
        assert [children(worker.pid) for worker in workers] == engines
        refused = [letter["crmkpi.reason"] for letter in await rig.dead_letters()]
        assert refused.count("not_json") == 50, refused
        assert "engine_error" not in refused
        assert refused.count("not_object") == 2, refused

        async def in_tokyo() -> bool:
            async with RedisReader(rig.settings.redis.url) as board:
                found = await board.document("odd", "duplicate_rate", "all")
            return found is not None and found["tz"] == "Asia/Tokyo"

        await rig.until(in_tokyo, True)
        async with RedisReader(rig.settings.redis.url) as board:
            assert set(await board.tenants()) >= {LIVE, "odd"}
        done = crmkpi(rig, "verify")
        assert done.returncode == 0, done.stdout + done.stderr
    finally:
        over.set()
        await asyncio.gather(flow, return_exceptions=True)
        await producer.stop()
        codes = [worker.stop() for worker in workers]
    assert codes == [0, 0]
