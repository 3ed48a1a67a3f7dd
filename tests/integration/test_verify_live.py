"""`verify` beside a worker that counts, and after the journal's beginning is gone."""

import asyncio
import json
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from redis.asyncio import Redis

from models.settings import Settings, load_settings
from ops.lag import LagReader
from ops.local import Servers
from sinks.keys import Keys
from streams.bootstrap import options_from
from streams.read import read_state
from tests.integration.test_cli import EXAMPLE, PATIENCE_S, Shell

pytestmark = pytest.mark.servers
PER_SECOND = 50


@pytest.fixture
def shell(tmp_path: Path, servers: Servers, app_id: str) -> Shell:
    """A place with topics."""
    shell = Shell(tmp_path, servers, app_id)
    assert shell.run("topics", "ensure").returncode == 0
    return shell


@pytest.fixture
def live(shell: Shell) -> Iterator[subprocess.Popen[bytes]]:
    """A worker by the wall clock."""
    process = subprocess.Popen(shell.command("worker"), cwd=shell.folder, env=shell.env, stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


def place(shell: Shell) -> Settings:
    """The settings of a shell."""
    env = shell.env
    return load_settings({
        "kafka": {"bootstrap_servers": env["KAFKA_BOOTSTRAP_SERVERS"]}, "redis": {"url": env["REDIS_URL"]},
        "app_id": env["CRMKPI_APP_ID"], "topic_prefix": env["CRMKPI_TOPIC_PREFIX"], "journal_partitions": 2,
    })  # fmt: skip


async def traffic(settings: Settings, stop: asyncio.Event) -> int:
    """Visits and orders, for as long as it is asked for; how many events."""
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka.bootstrap_servers)
    await producer.start()
    inputs, sent = options_from(settings).inputs, 0
    views, orders = next(t for t in inputs if "pages" in t), next(t for t in inputs if "revenue" in t)
    while not stop.is_set():
        for _ in range(PER_SECOND // 10):
            sent += 1
            event = {"id": uuid.uuid4().hex, "time": datetime.now(UTC).isoformat(), "tenantid": f"t{sent % 4}"}
            if sent % 5:
                visit = {"anonymous_id": f"v{sent % 37}", "url": "https://a.example/x"}
                await producer.send(views, json.dumps({**event, "type": "crm.page.viewed", "data": visit}).encode())
            else:
                order = {"order_id": event["id"], "customer_id": f"c{sent % 11}", "amount": 12.5, "currency": "EUR"}
                await producer.send(
                    orders, json.dumps({**event, "type": "crm.order.completed", "data": order}).encode()
                )
        await asyncio.sleep(0.1)
    await producer.stop()
    return sent


async def calm(settings: Settings) -> None:
    """Waits until nothing waits any more."""
    options, end = options_from(settings), time.monotonic() + PATIENCE_S
    topics = [*options.inputs, options.journal]
    async with LagReader(settings.kafka.bootstrap_servers, options.app_id, topics) as reader:
        while (found := await reader.read()).records or not any(item.committed for item in found.partitions):
            assert time.monotonic() < end, found
            await asyncio.sleep(0.3)


async def test_verify_ends_and_agrees_under_traffic_and_says_its_horizon(
    shell: Shell, live: subprocess.Popen[bytes]
) -> None:
    """Events flow all the time: fixed positions. Then the journal's beginning is deleted: verified, since that day."""
    settings, stop = place(shell), asyncio.Event()
    assert shell.json("import", str(EXAMPLE))["sent"] == 40
    flow = asyncio.create_task(traffic(settings, stop))
    await asyncio.sleep(15)
    whole = await asyncio.to_thread(shell.run, "verify", "--json")
    trimmed_to = {}
    for lane in range(2):
        at = (await read_state(options_from(settings), lane))[1]
        assert at is not None
        trimmed_to[TopicPartition(options_from(settings).journal, lane)] = RecordsToDelete(before_offset=at.next // 2)
    link = AIOKafkaAdminClient(bootstrap_servers=settings.kafka.bootstrap_servers)
    await link.start()
    await link.delete_records(trimmed_to)
    await link.close()
    trimmed = await asyncio.to_thread(shell.run, "verify", "--json")
    stop.set()
    assert await flow > 300
    verdict, later = json.loads(whole.stdout), json.loads(trimmed.stdout)

    assert (verdict["differences"], verdict["notes"]) == ([], [])
    assert verdict["verified"]
    assert verdict["horizon"] is None
    assert verdict["kpis"] > 1_000
    assert (later["differences"], later["notes"]) == ([], [])
    assert later["verified"]
    assert later["horizon"] == datetime.now(UTC).strftime("%Y-%m-%d")
    assert live.poll() is None


async def test_verify_finds_a_published_number_that_is_wrong(shell: Shell, live: subprocess.Popen[bytes]) -> None:
    """Somebody writes to Redis by hand: the very document is named."""
    settings = place(shell)
    shell.json("import", str(EXAMPLE))
    await calm(settings)
    assert shell.run("verify").returncode == 0
    live.send_signal(signal.SIGSTOP)
    try:
        await _spoil(settings)
        found = shell.run("verify", "--json")
    finally:
        live.send_signal(signal.SIGCONT)
    assert found.returncode == 1
    assert any("published win_rate month" in text for text in json.loads(found.stdout)["differences"])


async def _spoil(settings: Settings) -> None:
    redis = Redis.from_url(settings.redis.url)
    await redis.hset(Keys().document("acme", "win_rate", "month", None), "value", "0.123")
    await redis.aclose()
