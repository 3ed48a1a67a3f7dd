"""The runtime without faults: what goes in comes out once, in the changelog, in Redis and in the dead letters."""

import asyncio
import json
import time
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition

from models import topics
from streams.producing import lane_of
from streams.read import read_journal, read_state
from streams.restore import new_reader, read_partition
from tests.integration.streams_rig import LANES, Rig, end, read_all

pytestmark = pytest.mark.servers


async def test_every_event_is_counted_once_published_and_refused_ones_are_kept(rig: Rig) -> None:
    """Clean run: counts, Redis, dead letters of both stages; the last words of a stopped worker are none."""
    await rig.produce(3_000)
    with rig.worker() as worker:
        await rig.exact()
        await rig.until(rig.published, rig.wanted())
        letters = await rig.dead_letters()
        assert len(letters) == rig.refused
        assert {letter["crmkpi.stage"] for letter in letters} == {"accept", "count"}
        assert {letter["crmkpi.reason"] for letter in letters} == {"missing_field", "id_conflict"}
        began = time.monotonic()
        assert end(worker) == 0
        assert time.monotonic() - began < 20
    assert not list(Path.cwd().glob(f"{rig.options.app_id}*")), "Faust's data folder"


async def test_a_dead_letter_holds_the_bytes_as_they_came(rig: Rig) -> None:
    """Value, key and headers of a refused record are untouched; ours come behind them."""
    producer = AIOKafkaProducer(bootstrap_servers=rig.settings.kafka.bootstrap_servers)
    await producer.start()
    await producer.send_and_wait(rig.input, b"\xff\xfe no json", key=b"k\x00", partition=1, headers=[("h", b"\x01")])
    await producer.stop()
    tp = TopicPartition(topics.dead_letters(rig.input), 1)
    with rig.worker():
        records: list[object] = []

        async def look() -> int:
            records[:] = await read_all(rig.settings.kafka.bootstrap_servers, [tp])
            return len(records)

        await rig.until(look, 1)
    (letter,) = records
    assert (letter.key, letter.value) == (b"k\x00", b"\xff\xfe no json")  # type: ignore[attr-defined]
    assert letter.headers[0] == ("h", b"\x01")  # type: ignore[attr-defined]


async def test_a_record_too_large_to_keep_leaves_its_head_and_does_not_loop(rig: Rig) -> None:
    """A refused record above the limit is cut with size and sha256; its neighbours count."""
    big = json.dumps({"type": "crm.page.viewed", "data": {"title": "x" * 600_000}}).encode()
    producer = AIOKafkaProducer(bootstrap_servers=rig.settings.kafka.bootstrap_servers, max_request_size=1 << 20)
    await producer.start()
    await producer.send_and_wait(rig.input, big, partition=0)
    await producer.stop()
    rig.expected["default"]["rejected"] += 1
    await rig.produce(50)
    with rig.worker(dead_letter_bytes=100_000):
        await rig.exact()
    cut = [letter for letter in await rig.dead_letters() if "crmkpi.truncated" in letter]
    assert [letter["crmkpi.truncated"] for letter in cut] == [str(len(big))]


async def test_journal_and_state_can_be_read_at_one_position(rig: Rig) -> None:
    """`verify` reads a lane's state with its position, and the journal up to it: the counts are the same."""
    await rig.produce(500)
    with rig.worker():
        await rig.exact()
    rows = 0
    for partition in range(LANES):
        _, at = await read_state(rig.options, partition)
        if at is not None:
            async for accepted in read_journal(rig.options, partition, at.next):
                assert lane_of(accepted.tenant, LANES) == partition
                rows += len(accepted.block["rows"])
    assert rows == sum(
        number for counts in rig.wanted().values() for name, number in counts.items() if name != "rejected"
    )


async def test_a_reader_stops_when_its_assignment_was_just_replaced(rig: Rig) -> None:
    """aiokafka's own `stop` does not return from some of these; `verify` hung so after lanes that take long to read."""
    await rig.produce(10)
    tp = TopicPartition(rig.input, 0)
    for hops in (0, 1, 2) * 4:  # turns of the loop in between
        reader = new_reader(rig.options)
        await reader.start()
        end = (await reader.end_offsets([tp]))[tp]
        assert [record async for records in read_partition(reader, tp, end) for record in records]
        await asyncio.sleep(0.02)  # the next request is under way
        assert not [records async for records in read_partition(reader, tp, end, start=end)]
        for _ in range(hops):
            await asyncio.sleep(0)
        _, late = await asyncio.wait([asyncio.ensure_future(reader.stop())], timeout=10)  # it swallows a cancellation
        assert not late


async def test_a_flushed_store_is_filled_again_without_events(rig: Rig, redis_url: str) -> None:
    """The tenant's revision is read back each second: missing means everything is published again."""
    from redis.asyncio import Redis

    await rig.produce(300)
    with rig.worker():
        await rig.until(rig.published, rig.wanted())
        store = Redis.from_url(redis_url)
        for tenant in rig.expected:
            keys = [key async for key in store.scan_iter(f"crmkpi:{{{tenant}}}*", count=1_000)]
            await store.delete(*keys)  # at once: one at a time also takes away what is published again meanwhile
        await store.aclose()
        await rig.until(rig.published, rig.wanted())


async def test_an_event_is_visible_within_a_second(rig: Rig) -> None:
    """From the broker's acknowledgement to a reader of Redis, on an idle worker."""
    await rig.produce(100)
    with rig.worker():
        await rig.until(rig.published, rig.wanted())
        delays = []
        for _ in range(5):
            await rig.produce(1)
            began = time.monotonic()
            await rig.until(rig.published, rig.wanted())
            delays.append(time.monotonic() - began)
            await asyncio.sleep(0.2)
        assert min(delays) < 2, delays  # under other load some take longer; the bench measures


async def test_the_frozen_clock_publishes_another_moment_without_counting_again(rig: Rig) -> None:
    """--as-of: documents of that moment; a later run with an earlier moment replaces them, nothing is recounted."""
    await rig.produce(100)
    for moment in (2_000, 1_000):
        with rig.worker(as_of=moment):
            await rig.exact()
            await rig.until(rig.published, rig.wanted())

            async def seen() -> set[int]:
                from sinks.read import RedisReader

                async with RedisReader(rig.settings.redis.url) as board:
                    return {d["as_of"] for tenant in rig.expected for d in await board.documents(tenant)}

            await rig.until(seen, {moment})
