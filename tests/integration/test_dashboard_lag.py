"""How far the workers are behind, as the dashboard asks a real Kafka."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaProducer

from cli.topics import ensure_topics
from dashboard.lags import LagWatch
from dashboard.ports import KafkaUnavailable
from models import topics
from models.settings import Settings, load_settings
from ops.local import Kafka

pytestmark = pytest.mark.servers


def now() -> int:
    """ms UTC."""
    return int(time.time() * 1000)


@pytest.fixture
def place(kafka: Kafka, app_id: str) -> Settings:
    """Topics of the test's own."""
    given = {"bootstrap_servers": kafka.bootstrap}
    made = load_settings({"kafka": given, "app_id": app_id, "topic_prefix": f"{app_id}."})
    ensure_topics(made)
    return made


@pytest.fixture
async def watch(place: Settings) -> AsyncIterator[LagWatch]:
    """Closed at the end."""
    made = LagWatch(place, now)
    yield made
    await made.close()


async def test_dead_letters_are_no_lag(place: Settings, watch: LagWatch) -> None:
    """They are counted by topic; partitions are those that workers read."""
    found = await watch.read()
    read = {*topics.inputs(place), topics.journal(place)}
    assert {one["topic"] for one in found["partitions"]} == read
    assert (found["verdict"], found["records"], found["dead_letters"], found["losses"]) == ("OK", 0, [], [])
    dead = topics.dead_letters(topics.inputs(place)[0])
    async with AIOKafkaProducer(bootstrap_servers=place.kafka.bootstrap_servers) as producer:
        await producer.send_and_wait(dead, b"{}")
    async with asyncio.timeout(20):
        while not (await watch.read())["dead_letters"]:
            await asyncio.sleep(0.2)
    assert (await watch.read())["dead_letters"] == [{"topic": dead, "records": 1}]


async def test_kafka_away_is_said_at_once() -> None:
    """And asked again with the next question."""
    watch = LagWatch(load_settings({"kafka": {"bootstrap_servers": "127.0.0.1:1"}}), now)
    for _ in range(2):
        began = time.monotonic()
        with pytest.raises(KafkaUnavailable, match=r"127\.0\.0\.1:1"):
            await watch.read()
        assert time.monotonic() - began < 5
    await watch.close()
