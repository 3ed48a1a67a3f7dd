"""What cannot be read or is gone: refused or told of, and the command that is named resolves it."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from access.kafka import client_options
from ops.lag import LagReader
from ops.local import Kafka, Servers
from ops.losses import Loss, read_losses
from streams.position import Position
from streams.producing import lane_of
from streams.read import read_state
from streams.rescue import move_inputs
from tests.integration.streams_rig import INPUTS, LANES, Counts, Rig

pytestmark = pytest.mark.servers


def crmkpi(rig: Rig, *args: str) -> subprocess.CompletedProcess[str]:
    """The command line in this installation; a traceback is a failure of every test."""
    env = {**os.environ, **rig.env, "NO_COLOR": "1"}
    command = [sys.executable, "-m", "cli", *args]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)
    assert "Traceback" not in done.stderr, done.stderr
    return done


async def trim(rig: Rig, topic: str, before: dict[int, int]) -> None:
    """Deletes records as retention does; -1: all there are."""
    link = AIOKafkaAdminClient(bootstrap_servers=rig.settings.kafka.bootstrap_servers)
    await link.start()
    await link.delete_records({TopicPartition(topic, p): RecordsToDelete(before_offset=at) for p, at in before.items()})
    await link.close()


async def losses(rig: Rig) -> list[Loss]:
    """What is noted as lost."""
    return await read_losses(client_options(rig.settings.kafka), rig.options.control)


async def test_input_deleted_before_it_was_read_is_an_alarm_until_acknowledged(rig: Rig) -> None:
    """The others go on; lag and doctor say what is gone, also after more restarts, until somebody has seen it."""
    await rig.produce(100)
    with rig.worker():
        await rig.exact()
    wanted = {tenant: counts.copy() for tenant, counts in rig.expected.items()}
    await rig.produce(100)
    await trim(rig, rig.input, dict.fromkeys(range(INPUTS), -1))
    rig.expected.clear()
    rig.expected.update(wanted)
    await rig.produce(10)
    for _ in range(2):
        with rig.worker():
            await rig.exact()
    found = await losses(rig)

    assert [(loss.topic, loss.why) for loss in found] == [(rig.input, "retention")] * INPUTS
    assert sum(loss.records for loss in found) == 117
    assert "LOST: " in crmkpi(rig, "lag").stdout
    assert "lost records: " in crmkpi(rig, "doctor").stdout
    acknowledged = crmkpi(rig, "topics", "acknowledge", "--yes")
    assert acknowledged.stdout.count("were deleted by retention before being read") == INPUTS
    assert "LOST" not in crmkpi(rig, "lag").stdout
    assert "no unacknowledged losses" in crmkpi(rig, "topics", "acknowledge").stderr


async def test_lost_state_beside_a_trimmed_journal_is_refused_until_it_is_decided(rig: Rig) -> None:
    """Not counted from the first offset left as if nothing had been: 78, and the command it names lets it go on."""
    await rig.produce(200)
    with rig.worker():
        await rig.exact()
    link = AIOKafkaAdminClient(bootstrap_servers=rig.settings.kafka.bootstrap_servers)
    await link.start()
    await link.delete_topics([rig.options.state])
    await link.close()
    await asyncio.sleep(1)
    await trim(rig, rig.options.journal, dict.fromkeys(range(LANES), -1))
    with rig.worker() as refused:
        assert await asyncio.to_thread(refused.wait, 60) == 78
    assert "crmkpi topics rebase --accept-loss" in rig.log.read_text()
    shown = crmkpi(rig, "topics", "rebase")
    assert shown.returncode == 1
    assert "the state is lost" in shown.stdout
    assert crmkpi(rig, "topics", "rebase", "--accept-loss", "--yes").returncode == 0
    assert "nothing to do" in crmkpi(rig, "topics", "rebase").stdout
    assert {loss.why for loss in await losses(rig)} == {"rebased"}, shown.stdout
    rig.expected.clear()
    await rig.produce(50)
    with rig.worker():
        await rig.exact()


async def test_a_recreated_input_goes_on_after_a_rebase(rig: Rig) -> None:
    """What its name meant before is forgotten, so that new events do not pass for repeats."""
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
    assert crmkpi(rig, "topics", "rebase", "--accept-loss", "--yes").returncode == 0
    assert (await read_state(rig.options, 0))[1] is not None


async def test_an_offset_of_a_running_group_can_be_moved(rig: Rig) -> None:
    """Kafka refuses a plain commit from outside a group that has members; one inside a transaction is taken."""
    await rig.produce(10)
    with rig.worker() as worker:
        await rig.exact()
        other = rig.options.inputs[1]
        await move_inputs(rig.options, {(other, 0): (0, 7)}, 1, "skipped")
        async with LagReader(rig.settings.kafka.bootstrap_servers, rig.options.app_id, [other]) as reader:
            assert (await reader.read()).partitions[0].committed == 7
        assert worker.poll() is None
    assert [(loss.topic, loss.start, loss.end, loss.why) for loss in await losses(rig)] == [(other, 0, 7, "skipped")]


def corrupt(servers: Servers, topic: str, partition: int, text: bytes) -> None:
    """Damages the batch that holds ``text`` in the broker's files; its checksum is wrong then."""
    unit = servers.kafka.unit
    folder = next(Path(unit.folder).rglob(f"{topic}-{partition}"))  # type: ignore[attr-defined]
    log = next(folder.glob("*.log"))
    content = log.read_bytes()
    with log.open("r+b") as stream:
        stream.seek(content.index(text))
        stream.write(b"#" * len(text))


async def batch(rig: Rig, topic: str, partition: int, values: list[bytes]) -> None:
    """One batch of these records."""
    producer = AIOKafkaProducer(bootstrap_servers=rig.settings.kafka.bootstrap_servers)
    await producer.start()
    builder = producer.create_batch()
    for value in values:
        builder.append(key=None, value=value, timestamp=None)
    await (await producer.send_batch(builder, topic, partition=partition))
    await producer.stop()


async def test_a_corrupt_batch_of_an_input_is_skipped_by_command(rig: Rig, servers: Servers, kafka: Kafka) -> None:
    """Its end is found by itself; what lies behind is counted, what lay in it is noted."""
    await rig.produce(100)
    with rig.worker():
        await rig.exact()
    start = rig_end = (await _ends(rig, kafka))[rig.input, 0]
    await batch(rig, rig.input, 0, [b"x%d" % number for number in range(4)] + [b"DAMAGED"])
    corrupt(servers, rig.input, 0, b"DAMAGED")
    await rig.produce(20)
    skipped = crmkpi(rig, "topics", "skip", rig.input, "0", "--past-corrupt", "--yes")

    assert skipped.returncode == 0, skipped.stderr
    assert f"continues at offset {rig_end + 5}" in skipped.stdout
    assert [loss[:4] for loss in await losses(rig)] == [(rig.input, 0, start, start + 5)]
    with rig.worker():
        await rig.exact()
    assert "nothing to skip" in crmkpi(rig, "topics", "skip", rig.input, "0", "--past-corrupt").stdout


async def test_a_lane_is_moved_past_what_cannot_be_read(rig: Rig) -> None:
    """It is a decision in the state: whoever owned the lane ends, and the next owner goes on behind."""
    before = await _counted(rig)
    await batch(rig, rig.options.journal, 0, [b"{no block", b"{none either"])
    with rig.worker() as worker:
        await asyncio.to_thread(worker.wait, 60)
    done = crmkpi(rig, "topics", "skip", rig.options.journal, "0", "--to", str(before.next + 2), "--yes")

    assert done.returncode == 0, done.stderr
    after = (await read_state(rig.options, 0))[1]
    assert after is not None
    assert after == Position(before.next + 2, before.epoch, before.topics)
    await rig.produce(20)
    with rig.worker():
        await rig.exact()


async def _counted(rig: Rig) -> Position:
    """Where the first lane stands after some events."""
    await rig.produce(100)
    with rig.worker():
        await rig.exact()
    at = (await read_state(rig.options, 0))[1]
    assert at is not None
    return at


async def _ends(rig: Rig, kafka: Kafka) -> dict[tuple[str, int], int]:
    async with LagReader(kafka.bootstrap, rig.options.app_id, [rig.input]) as reader:
        return {(item.topic, item.partition): item.end for item in (await reader.read()).partitions}


@pytest.mark.soak
async def test_a_foreign_record_in_the_journal_blocks_its_own_lane_only(rig: Rig) -> None:
    """Somebody wrote there what is no block: after three starts its lane waits for a decision, and the others go on."""
    before = await _counted(rig)
    await batch(rig, rig.options.journal, 0, [b'{"topic":"of somebody else"}'])
    for _ in range(3):
        with rig.worker() as worker:
            assert await asyncio.to_thread(worker.wait, 60) == 70
    with rig.worker(try_again=0.5) as worker:
        await rig.produce(50)
        others = {name: counts for name, counts in rig.wanted().items() if lane_of(name, LANES)}
        assert len(others) < len(rig.wanted())

        async def of_others() -> Counts:
            return {name: counts for name, counts in (await rig.counts()).items() if name in others}

        await rig.until(of_others, others)
        to = str(before.next + 1)

        async def told() -> bool:
            return f"crmkpi topics skip {rig.options.journal} 0 --to {to}" in rig.log.read_text()

        await rig.until(told, True)
        done = crmkpi(rig, "topics", "skip", rig.options.journal, "0", "--to", to, "--yes")
        assert done.returncode == 0, done.stderr
        assert await asyncio.to_thread(worker.wait, 60) == 70
    assert "was moved manually" in rig.log.read_text()
    with rig.worker():
        await rig.exact()
