"""The client that writes to Kafka: topics, keys and partitions are those of any other producer."""

import json
from typing import Any

import pytest
from aiokafka.partitioner import DefaultPartitioner, murmur2

import touchpoints.kafka
from models.events import TOPIC_OF, TOPICS
from models.record import RawRecord
from models.validate import validate
from touchpoints.kafka import KafkaTouchpoints, key_of
from touchpoints.topics import UNKNOWN, topic_of


def test_every_type_has_the_topic_of_the_contract() -> None:
    assert {type_: topic_of(type_) for type_ in TOPIC_OF} == TOPIC_OF
    assert topic_of("deal.won") == TOPIC_OF["crm.deal.won"]
    assert topic_of("crm.track.seen") == UNKNOWN
    assert UNKNOWN in TOPICS


@pytest.mark.parametrize(
    ("key", "hashed"),  # those of Apache Kafka's own test of its hash function (UtilsTest.testMurmur2)
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_partitions_are_those_of_java(key: bytes, hashed: int) -> None:
    assert murmur2(key) & 0xFFFFFFFF == hashed & 0xFFFFFFFF
    partitions = list(range(12))
    assert DefaultPartitioner()(key, partitions, partitions) == (hashed & 0x7FFFFFFF) % 12


def test_the_key_is_the_subject() -> None:
    assert key_of({"anonymous_id": "a", "customer_id": 7}, "acme") == b"acme/customer_id:7"
    assert key_of({"url": "/"}, "acme") == b"acme/"


class Producer:
    """What aiokafka's would be told."""

    options: dict[str, Any]
    made: list["Producer"] = []  # noqa: RUF012 -- shared on purpose

    def __init__(self, **options: Any) -> None:
        self.written: list[tuple[str, bytes, bytes]] = []
        self.made.append(self)
        Producer.options = options

    async def start(self) -> None:
        """Nothing."""

    async def stop(self) -> None:
        """Nothing."""

    async def send_and_wait(self, topic: str, value: bytes, key: bytes) -> None:
        """Keeps what is written."""
        self.written.append((topic, value, key))


async def test_an_event_is_written_for_its_tenant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(touchpoints.kafka, "AIOKafkaProducer", Producer)
    client = KafkaTouchpoints("kafka:9092", tenant="acme", source="/app", topic_prefix="eu.", client_id="c")
    async with client:
        name = await client.track("user.signed_in", {"user_id": "u"}, time="2026-11-28T10:00:00Z")
    ((topic, value, key),) = Producer.made[-1].written
    assert (topic, key) == ("eu.crm.activity.v1", b"acme/user_id:u")
    (row,), _ = validate([RawRecord(topic, 0, 0, 1_795_860_000_000, key, value)])
    assert (row.tenant, row.id, row.source) == ("acme", name, "/app")
    assert json.loads(value)["type"] == "crm.user.signed_in"
    assert "partitioner" not in Producer.options  # aiokafka's own default
    assert Producer.options["enable_idempotence"] is True
    with pytest.raises(RuntimeError):
        await client.track("user.signed_in", {})
