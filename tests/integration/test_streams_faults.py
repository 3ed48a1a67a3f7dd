"""The runtime under faults: whatever happens to workers, broker and store, the counts end up exact."""

import asyncio
import signal
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from access.kafka import client_options
from models import topics
from ops.local import Kafka, Servers
from ops.local.process import ProcessUnit
from ops.losses import WHY, read_losses, texts, unknown
from streams.failpoints import ACCEPT, COUNT, RESTORE
from streams.rescue import move_inputs
from tests.integration.streams_rig import INPUTS, LANES, Rig, end

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def dying_rig(kafka: Kafka, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Rig:
    """One installation in which a worker dies at each step: every death goes on where the one before has ended."""
    log = tmp_path_factory.mktemp("deaths") / "worker.log"
    rig = Rig(kafka.bootstrap, redis_url, f"test-{uuid.uuid4().hex[:12]}", log)
    asyncio.run(_with_some_state(rig))
    return rig


async def _with_some_state(rig: Rig) -> None:
    await rig.make_topics()
    await rig.produce(200)
    with rig.worker(group_instance_id="one"):
        await rig.exact()


@pytest.mark.parametrize("place", [*ACCEPT, *COUNT, *RESTORE])
async def test_a_worker_that_dies_at_any_step_leaves_exact_counts(dying_rig: Rig, place: str) -> None:
    """kill -9 at each numbered step of the commit order; the next worker of the same place goes on."""
    rig = dying_rig
    await rig.produce(200)
    died = {"CRMKPI_FAILPOINT": place}
    with rig.worker(env=died, group_instance_id="one") as dying, rig.heir(group_instance_id="one") as begin:
        assert await asyncio.to_thread(dying.wait, 60) == -signal.SIGKILL
        await rig.produce(50)
        begin()
        await rig.exact()
        assert len(await rig.dead_letters()) == rig.refused


@pytest.mark.soak
async def test_killed_workers_lose_and_double_nothing(rig: Rig) -> None:
    """kill -9 in the middle of the flow, three times, with a second worker alive all the time."""
    with rig.worker() as survivor:
        flow = asyncio.create_task(rig.produce(6_000, rate=600))
        for _ in range(3):
            with rig.worker() as victim:
                await asyncio.sleep(3)
                victim.kill()
        await flow
        await rig.exact()
        assert survivor.poll() is None


@pytest.mark.soak
async def test_a_worker_paused_past_its_session_cannot_write_when_it_wakes(rig: Rig) -> None:
    """SIGSTOP, another worker takes over, SIGCONT: the zombie ends or rejoins by itself, the counts are exact."""
    with rig.worker() as zombie:
        await rig.produce(2_000)
        await rig.exact()
        flow = asyncio.create_task(rig.produce(4_000, rate=400))
        await asyncio.sleep(1)
        zombie.send_signal(signal.SIGSTOP)
        with rig.worker():
            await asyncio.sleep(9)
            zombie.send_signal(signal.SIGCONT)
            await flow
            await rig.exact()
            await rig.until(rig.published, rig.wanted())


async def test_scaling_out_and_in_keeps_survivors_alive(rig: Rig) -> None:
    """1 -> 2 -> 1 -> 2 -> 1 workers under load: nobody dies of a rebalance, and every stop is clean."""
    with rig.worker() as first:
        await rig.flowing(lanes=LANES)
        flow = asyncio.create_task(rig.produce(8_000, rate=600))
        for turn in range(2):
            log = rig.log.with_name(f"second-{turn}.log")
            with rig.worker(log=log) as second:
                await rig.flowing(lanes=LANES // 2, log=log)
                await asyncio.sleep(2)
                assert end(second) == 0
        await flow
        await rig.exact()
        assert first.poll() is None, rig.log.read_text()[-2000:]


@pytest.mark.soak
async def test_a_restore_longer_than_the_session_keeps_its_lanes(rig: Rig) -> None:
    """Heartbeats go on while state is read: no rebalance although it takes three times the session time-out."""
    await rig.produce(12_000)
    with rig.worker():
        await rig.exact()
    # 4 lanes, 3 at a time, one process: about 4,000 entries each at 220 a second
    with rig.worker(env={"CRMKPI_TEST_RESTORE_RATE": "220"}, restore_records=100) as slow:
        await rig.produce(100)
        await rig.exact(within=180)
        assert slow.poll() is None
    log = rig.log.read_text()
    assert log.count("restored in") == 2 * LANES, log[-2000:]


async def test_the_group_offset_is_never_obeyed(rig: Rig) -> None:
    """A reset consumer group: lanes go on at the position in their state, inputs are read again and dropped."""
    await rig.produce(1_000)
    with rig.worker() as worker:
        await rig.exact()
        assert end(worker) == 0
    await _reset_group(rig)
    await rig.produce(100)
    with rig.worker():
        await rig.exact()


async def test_a_changed_partition_count_is_refused(rig: Rig) -> None:
    """More partitions on the journal: a running worker ends with 78 and says what to do; a new one does not start."""
    await rig.produce(100)
    with rig.worker(metadata_max_age=1) as worker:
        await rig.exact()
        link = AIOKafkaAdminClient(bootstrap_servers=rig.settings.kafka.bootstrap_servers)
        await link.start()
        await link.create_partitions({topics.journal(rig.settings): NewPartitions(total_count=LANES + 1)})
        await link.close()
        assert await asyncio.to_thread(worker.wait, 60) == 78
    assert "has 5 partitions" in rig.log.read_text()
    with rig.worker() as late:
        assert await asyncio.to_thread(late.wait, 60) == 78


async def test_a_recreated_topic_is_refused(rig: Rig) -> None:
    """An input that was deleted and recreated: its offsets would hide its events, so the worker asks what to do."""
    await rig.produce(100)
    with rig.worker():
        await rig.exact()
    link = AIOKafkaAdminClient(bootstrap_servers=rig.settings.kafka.bootstrap_servers)
    await link.start()
    await link.delete_topics([rig.input])
    await link.close()
    await asyncio.sleep(1)
    await rig.make_topics()
    with rig.worker() as refused:
        assert await asyncio.to_thread(refused.wait, 60) == 78
    assert "recreated" in rig.log.read_text()


@pytest.mark.soak
async def test_emptied_state_is_refused_not_counted_from_zero(rig: Rig) -> None:
    """A changelog whose records were deleted: the worker says so instead of publishing silent zeros."""
    await rig.produce(200)
    with rig.worker():
        await rig.exact()
    link = AIOKafkaAdminClient(bootstrap_servers=rig.settings.kafka.bootstrap_servers)
    await link.start()
    everything = {TopicPartition(rig.options.state, p): RecordsToDelete(before_offset=-1) for p in range(LANES)}
    name = rig.options.state
    await link.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, {"cleanup.policy": "compact,delete"})])
    await link.delete_records(everything)
    await link.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, {"cleanup.policy": "compact"})])
    await link.close()
    with rig.worker() as refused:
        assert await asyncio.to_thread(refused.wait, 60) == 78


@pytest.mark.soak
async def test_the_broker_restarts_and_the_worker_finds_back(rig: Rig, servers: Servers) -> None:
    """A broker restart under load: a supervisor that restarts on 70 is enough, and the log stays short."""
    running = rig.start()
    flow = asyncio.create_task(rig.produce(1_500, rate=300))
    try:
        await flow
        await rig.exact()
        await asyncio.to_thread(servers.kafka.unit.stop)
        await asyncio.sleep(2)
        await asyncio.to_thread(servers.kafka.unit.start)
        await rig.produce(500)
        running = await _supervised(rig, running)
    finally:
        end(running)
    assert len(rig.log.read_text().splitlines()) < 300


async def test_an_event_that_cannot_be_counted_is_quarantined_and_the_others_go_on(rig: Rig) -> None:
    """The engine raises: the event is found, becomes a dead letter, and everything else is exact without a restart."""
    await rig.produce(300)
    await rig.poison("crm.link.clicked", number=3)
    await rig.produce(300)
    with rig.worker(env={"COUNTING_RAISES_AT": "crm.link.clicked"}) as worker:
        await rig.exact()
        await rig.produce(100)
        await rig.poison("crm.link.clicked")
        await rig.exact()
        assert worker.poll() is None
    letters = [letter for letter in await rig.dead_letters() if letter["crmkpi.reason"] == "engine_error"]
    assert [letter["crmkpi.detail"].rpartition(" ")[2] for letter in letters] == ["ArithmeticError"] * 4
    found = unknown(await read_losses(client_options(rig.settings.kafka), rig.options.control))
    assert texts(found) == [f"4 events of {rig.input}/0 {WHY['quarantined']}"]
    assert len(await rig.dead_letters()) == rig.refused


async def test_an_event_that_ends_the_process_is_quarantined_after_three_ends(rig: Rig) -> None:
    """Nothing is raised that could be caught: workers see that they end at one position, and try events in copies."""
    await rig.produce(100)
    await rig.poison("crm.link.clicked")
    env = {"COUNTING_DIES_AT": "crm.link.clicked"}
    for _ in range(3):
        with rig.worker(env=env) as ending:
            assert await asyncio.to_thread(ending.wait, 60) == 70
    with rig.worker(env=env) as worker:
        await rig.exact()
        assert worker.poll() is None


async def test_a_partition_that_cannot_be_read_blocks_itself_only(rig: Rig, kafka: Kafka) -> None:
    """A bit of a batch is flipped on the broker's disk: what lies before it and all other partitions are counted."""
    if not isinstance(kafka.unit, ProcessUnit):
        pytest.skip("the broker's files are elsewhere")
    await rig.make_topics()
    await rig.produce(100)
    before = rig.wanted()
    await rig.poison("crm.link.clicked", tenant="tenant-2")
    rig.expected["tenant-2"]["crm.link.clicked"] = rig.expected["tenant-2"].pop("quarantined")
    rig.refused -= 1
    (segment,) = kafka.unit.folder.glob(f"data/{rig.input}-0/*.log")
    with flipped(segment, b"crm.link.clicked"), rig.worker(try_again=0.5) as worker:
        await rig.until(rig.counts, before)
        await asyncio.sleep(2)
        assert worker.poll() is None
        assert rig.log.read_text().count("cannot be read at offset") == 1
    with rig.worker(try_again=0.5):
        await rig.exact()


async def test_a_partition_goes_on_behind_what_was_skipped(rig: Rig, kafka: Kafka) -> None:
    """`crmkpi topics skip` moves the group past the broken batch, and the blocked worker continues."""
    if not isinstance(kafka.unit, ProcessUnit):
        pytest.skip("the broker's files are elsewhere")
    await rig.make_topics()
    await rig.poison("crm.link.clicked", tenant="tenant-2")  # offset 0 of partition 0: it will be lost
    rig.expected["tenant-2"].pop("quarantined")
    rig.refused -= 1
    await rig.produce(100)
    (segment,) = kafka.unit.folder.glob(f"data/{rig.input}-0/*.log")
    with flipped(segment, b"crm.link.clicked"), rig.worker(try_again=0.5) as worker:
        await rig.until(lambda: said(rig, "cannot be read at offset 0"), True)
        await move_inputs(rig.options, {(rig.input, 0): (0, 1)}, 0, "skipped")
        await rig.exact()
        assert worker.poll() is None


async def test_a_batch_that_broke_behind_good_ones_is_skipped_too(rig: Rig, kafka: Kafka) -> None:
    """What was fetched with it and can be read does not hide that the partition is blocked."""
    if not isinstance(kafka.unit, ProcessUnit):
        pytest.skip("the broker's files are elsewhere")
    await rig.produce(100)
    await rig.poison("crm.link.clicked", tenant="tenant-2")
    rig.expected["tenant-2"].pop("quarantined")
    rig.refused -= 1
    (segment,) = kafka.unit.folder.glob(f"data/{rig.input}-0/*.log")
    with flipped(segment, b"crm.link.clicked"), rig.worker(try_again=0.5) as worker:
        await rig.until(lambda: said(rig, "cannot be read at offset"), True)
        at = int(rig.log.read_text().partition("cannot be read at offset ")[2].partition(":")[0])
        await rig.exact()
        await move_inputs(rig.options, {(rig.input, 0): (at, at + 1)}, 0, "skipped")
        await rig.produce(100)
        await rig.exact()
        assert worker.poll() is None


async def said(rig: Rig, text: str) -> bool:
    """Whether the worker's log holds a text."""
    return text in rig.log.read_text()


@contextmanager
def flipped(file: Path, text: bytes) -> Iterator[None]:
    """A file with one bit of a text in it changed."""
    at = file.read_bytes().rindex(text)
    for last in (False, True):
        with file.open("r+b") as handle:
            handle.seek(at)
            byte = handle.read(1)[0]
            handle.seek(at)
            handle.write(bytes([byte ^ 1]))
        if not last:
            yield


async def test_a_worker_whose_engine_hangs_ends_itself(rig: Rig) -> None:
    """An endless computation in the engine: the position stands still, the worker ends, the next one counts."""
    await rig.produce(100)
    with rig.worker(env={"COUNTING_HANGS_AT": "tenant-1"}, watchdog=4) as stuck:
        assert await asyncio.to_thread(stuck.wait, 60) == 70
        assert "has been stuck at" in rig.log.read_text()
    with rig.worker():
        await rig.exact()


async def test_kafka_away_is_one_line_and_code_70(rig: Rig) -> None:
    """No broker at the address: the worker says where it looked, and the supervisor may try again."""
    env = {"CRMKPI_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    with rig.worker(env=env) as worker:
        assert await asyncio.to_thread(worker.wait, 60) == 70
    assert [line for line in rig.log.read_text().splitlines() if "worker stopped: Kafka at 127.0.0.1:1: " in line]


async def test_the_store_may_be_away_while_events_are_counted(rig: Rig, servers: Servers) -> None:
    """Redis stops: counting goes on; it comes back: everything is published."""
    with rig.worker() as worker:
        await rig.produce(300)
        await rig.until(rig.published, rig.wanted())
        await asyncio.to_thread(servers.redis.unit.stop)
        await rig.produce(300)
        await rig.exact()
        assert worker.poll() is None
        await asyncio.to_thread(servers.redis.unit.start)
        await rig.until(rig.published, rig.wanted())


async def _reset_group(rig: Rig) -> None:
    """Set every offset of the group back to 0, as a tool would."""
    address, group = rig.settings.kafka.bootstrap_servers, rig.settings.app_id
    tool = AIOKafkaConsumer(bootstrap_servers=address, group_id=group, enable_auto_commit=False)
    await tool.start()
    places = [(rig.input, INPUTS), (rig.options.journal, LANES)]
    tool.assign([TopicPartition(topic, partition) for topic, count in places for partition in range(count)])
    await tool.commit(dict.fromkeys(tool.assignment(), 0))
    await tool.stop()


async def _supervised(rig: Rig, running: "subprocess.Popen[bytes]") -> "subprocess.Popen[bytes]":
    """Wait for exact counts, starting the worker anew whenever it ended with 70."""
    waiting = asyncio.create_task(rig.exact())
    while not waiting.done():
        if running.poll() is not None:
            assert running.returncode == 70, rig.log.read_text()[-2000:]
            running = rig.start()
        await asyncio.sleep(0.5)
    await waiting
    return running
