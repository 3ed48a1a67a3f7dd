"""Rules of topics, lag and doctor against a real Kafka."""

from __future__ import annotations

import asyncio
import os

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from models import topics as names
from models.settings import KafkaSettings, Settings, load_settings
from ops import doctor, kafka_reach, redis_reach
from ops.check import Check
from ops.lag import LagReader
from ops.local import Servers
from ops.local.kafka import start_kafka
from ops.local.net import free_port
from ops.observe import observe
from ops.topics import Topic, TopicsWrong, admin, check, ensure, plan, wanted_topics
from ops.verdicts import Verdict

pytestmark = pytest.mark.servers


@pytest.fixture
def settings(servers: Servers, app_id: str) -> Settings:
    """An installation of its own on the shared broker."""
    arguments = {
        "kafka": {"bootstrap_servers": servers.kafka.bootstrap},
        "redis": {"url": servers.redis.url},
        "app_id": app_id,
        "topic_prefix": f"{app_id}.",
        "input_partitions": 2,
        "journal_partitions": 3,
    }
    return load_settings(arguments)


async def test_missing_topics_are_planned_made_and_then_right(settings: Settings) -> None:
    """Inputs, dead letters, journal and state come into being with their settings; a second run does nothing."""
    wanted = wanted_topics(settings)
    async with admin(settings.kafka.bootstrap_servers) as link:
        assert {change.kind for change in await plan(link, wanted)} == {"create"}
        with pytest.raises(TopicsWrong, match="crmkpi topics ensure"):
            await check(link, wanted)
        assert len(await ensure(link, wanted)) == len(wanted) == 24
        await check(link, wanted)
        assert await ensure(link, wanted) == []
    assert {topic.name for topic in wanted} == set(names.every(settings))


async def test_two_workers_may_make_the_topics_at_the_same_time(settings: Settings) -> None:
    """Whoever is second finds them made: no error."""
    wanted = wanted_topics(settings)
    async with admin(settings.kafka.bootstrap_servers) as one, admin(settings.kafka.bootstrap_servers) as two:
        await asyncio.gather(ensure(one, wanted), ensure(two, wanted))
        await check(one, wanted)


async def _make(link: AIOKafkaAdminClient, topic: Topic, partitions: int, **configs: str) -> None:
    await ensure(link, [Topic(topic.name, partitions, 1, configs)])


async def test_another_partition_count_is_refused_with_what_to_do(settings: Settings) -> None:
    """Nothing is changed and the text names both numbers and the setting."""
    state = wanted_topics(settings)[-1]
    async with admin(settings.kafka.bootstrap_servers) as link:
        await _make(link, state, 5, **state.configs)
        with pytest.raises(TopicsWrong, match=r"has 5 partitions, expected 3.*CRMKPI_JOURNAL_PARTITIONS") as caught:
            await ensure(link, [state], mend=True)
    assert [change.kind for change in caught.value.changes] == ["partitions"]


async def test_wrong_settings_are_named_and_mended_without_touching_others(settings: Settings) -> None:
    """A safer value than ours is left alone, a wrong one is an error until `mend`, foreign settings stay."""
    state = wanted_topics(settings)[-1]
    own = {"max.message.bytes": str(16 << 20), "cleanup.policy": "delete", "retention.bytes": "123456789"}
    async with admin(settings.kafka.bootstrap_servers) as link:
        await _make(link, state, 3, **own)
        with pytest.raises(TopicsWrong, match=r"cleanup\.policy is delete, expected compact"):
            await ensure(link, [state])
        await ensure(link, [state], mend=True)
        await check(link, [state])
        answers = await link.describe_configs([ConfigResource(ConfigResourceType.TOPIC, state.name)])
    values = {entry[0]: entry[1] for entry in answers[0].resources[0][4]}
    assert (values["max.message.bytes"], values["retention.bytes"]) == (own["max.message.bytes"], "123456789")


async def _send(bootstrap: str, topic: str, count: int) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    try:
        for _ in range(count):
            await producer.send_and_wait(topic, b"x", partition=0)
    finally:
        await producer.stop()


async def _commit(bootstrap: str, group: str, place: TopicPartition, offset: int) -> None:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign([place])
        await consumer.commit({place: offset})
    finally:
        await consumer.stop()


async def test_lag_counts_unread_records_and_the_age_of_the_first(settings: Settings) -> None:
    """No offset: unknown. Committed: records left and the growing age of the first; all read: 0 and 0 s."""
    bootstrap, topic = settings.kafka.bootstrap_servers, names.inputs(settings)[0]
    async with admin(bootstrap) as link:
        await ensure(link, wanted_topics(settings))
    await _send(bootstrap, topic, 5)
    async with LagReader(bootstrap, settings.app_id, [topic]) as reader:
        before = (await reader.read()).partitions[0]
        assert (before.committed, before.records, before.seconds, before.end) == (None, None, None, 5)
        await _commit(bootstrap, settings.app_id, TopicPartition(topic, 0), 3)
        first = await reader.read()
        await asyncio.sleep(0.3)
        second = await reader.read()
        assert (first.records, first.uncommitted) == (2, 1)
        assert 0 < first.seconds < second.seconds - 0.25
        await _commit(bootstrap, settings.app_id, TopicPartition(topic, 0), 5)
        done = await reader.read()
        assert (done.records, done.seconds) == (0, 0.0)


async def test_markers_of_transactions_are_no_lag(settings: Settings) -> None:
    """What lies between the last record read and the end is no record; with one more record there is lag again."""
    bootstrap, topic = settings.kafka.bootstrap_servers, names.inputs(settings)[0]
    async with admin(bootstrap) as link:
        await ensure(link, wanted_topics(settings))
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id=f"{settings.app_id}-markers")
    async with producer, LagReader(bootstrap, settings.app_id, [topic]) as reader:
        for _ in range(2):
            async with producer.transaction():
                await producer.send_and_wait(topic, b"{}", partition=0)
        await _commit(bootstrap, settings.app_id, TopicPartition(topic, 0), 3)  # record, marker, record | marker
        done = (await reader.read()).partitions[0]
        assert (done.end, done.records, done.seconds) == (4, 0, 0.0)
        assert (await observe(reader, 0.5)).verdict is Verdict.OK
        async with producer.transaction():
            await producer.send_and_wait(topic, b'{"time":"2026-01-01T00:00:00Z"}', partition=0)
        found = await observe(reader, 0.5)
        assert found.lag.records > 0
        assert (found.verdicts[topic, 0], found.verdict, found.catch_up_s) == (Verdict.STOP, Verdict.ERR, None)
        assert (found.catching_up, found.event_time) == (True, 1_767_225_600_000)


async def test_the_age_is_found_for_every_partition_at_once(settings: Settings) -> None:
    """Forty partitions with unread batches, one of them a large one, all have an age within the time allowed."""
    bootstrap, wanted = settings.kafka.bootstrap_servers, wanted_topics(settings)[0]
    async with admin(bootstrap) as link:
        await ensure(link, [Topic(wanted.name, 40, 1, wanted.configs)])
    places = [TopicPartition(wanted.name, number) for number in range(40)]
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        for place in places:
            await producer.send(
                place.topic, os.urandom(900_000 if place.partition == 7 else 20_000), None, place.partition
            )
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=settings.app_id) as consumer:
        consumer.assign(places)
        await consumer.commit(dict.fromkeys(places, 0))
    async with LagReader(bootstrap, settings.app_id, [wanted.name]) as reader:
        for _ in range(2):
            found = await reader.read()
            assert found.records == 40
            assert all(item.seconds is not None for item in found.partitions)


async def test_doctor_finds_all_well_once_the_topics_are_made(settings: Settings) -> None:
    """Before: the topics are red with the command that makes them. After: everything is green."""
    before = {check.name: check for check in await doctor.servers(settings)}
    assert (before["topics"].ok, "crmkpi topics ensure" in before["topics"].fix) == (False, True)
    async with admin(settings.kafka.bootstrap_servers) as link:
        await ensure(link, wanted_topics(settings))
    assert [check for check in await doctor.servers(settings) if not check.ok] == []


def test_doctor_knows_this_machine() -> None:
    """Every line has a name and a finding, and red ones say what to do."""
    for line in doctor.machine():
        assert line.name
        assert line.found
        assert line.ok or line.fix


async def test_doctor_names_a_listener_mismatch() -> None:
    """A broker that sends clients to an address that does not open is named as such, with both addresses."""
    elsewhere = free_port()
    kafka = start_kafka(lambda line: None, advertise=f"127.0.0.1:{elsewhere}")
    try:
        found = await _kafka(kafka.bootstrap)
    finally:
        kafka.unit.remove()
    assert not found.ok
    assert "listener mismatch" in found.fix
    assert f"127.0.0.1:{elsewhere}" in found.fix
    assert kafka.bootstrap in found.fix


async def test_doctor_tells_an_empty_port_from_a_wrong_program(servers: Servers) -> None:
    """Nothing listens; a Redis where Kafka should be; a Kafka where Redis should be."""
    free = free_port()
    redis_address = servers.redis.url.removeprefix("redis://").removesuffix("/0")
    assert "nothing is listening" in (await _kafka(f"127.0.0.1:{free}")).found
    assert "does not speak the Kafka protocol" in (await _kafka(redis_address)).found
    assert "nothing is listening" in (await redis_reach.reachable(f"redis://127.0.0.1:{free}/0")).found
    assert "not Redis" in (await redis_reach.reachable(f"redis://{servers.kafka.bootstrap}/0")).found


async def _kafka(address: str) -> Check:
    return await kafka_reach.reachable(KafkaSettings(bootstrap_servers=address))
