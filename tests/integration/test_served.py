"""What the dashboard does to a running installation: dead letters, verification; and what it sees of workers."""

import asyncio
import time
from collections.abc import AsyncIterator
from subprocess import Popen

import pytest

from cli.book import workers_book
from cli.served_letters import ServedLetters
from cli.served_verify import ServedVerify
from dashboard.ports import KafkaUnavailable
from dashboard.shapes import Workers
from dashboard.workers import WorkerWatch
from models.settings import load_settings
from sinks.query import QueryClient
from sinks.read import RedisReader
from tests.integration.streams_rig import Rig
from tests.integration.test_cli import EXAMPLE, Shell
from tests.integration.test_dlq import BAD, GOOD, OTHER, inputs, sent
from tests.integration.test_verify_live import calm, live, place, shell

__all__ = ["live", "shell"]
pytestmark = pytest.mark.servers


def now() -> int:
    """ms UTC."""
    return int(time.time() * 1000)


@pytest.fixture
async def letters(rig: Rig) -> AsyncIterator[ServedLetters]:
    """Closed at the end."""
    made = ServedLetters(rig.settings)
    yield made
    await made.close()


async def test_letters_are_listed_sent_again_once_and_discarded(rig: Rig, letters: ServedLetters) -> None:
    """New ones come to those that are known, and marks of the command line are heeded."""
    assert (await letters.open()).letters == []
    await sent(rig, GOOD, OTHER, BAD)
    rig.expected["acme"].update({"crm.page.viewed": 1, "conflict": 1, "rejected": 1})
    with rig.worker():
        await rig.exact()
    await asyncio.sleep(2)
    conflict, bad = f"{rig.input}/1/1", f"{rig.input}/1/2"
    found = await letters.open()
    assert {(one.name, one.reason, one.tenant) for one in found.letters} == {
        (conflict, "id_conflict", "acme"), (bad, "missing_field", "acme"),
    }  # fmt: skip
    assert found.complete
    shown = await letters.one(bad)
    assert shown is not None
    assert (shown["value"], shown["key"]) == (BAD.decode(), {"base64": "a/8="})
    assert await letters.one(f"{rig.input}/1/0") is None

    dealt = await letters.retry([bad, conflict, "x/0/0"])
    assert (dealt.done, set(dealt.left)) == ([bad], {conflict, "x/0/0"})
    assert (await inputs(rig))[3:] == [(b"k\xff", BAD, [("trace", b"\x00\x01")])]
    assert (await letters.retry([bad])).done == []
    assert len(await inputs(rig)) == 4
    assert [one.name for one in (await letters.open()).letters] == [conflict]
    rig.expected["acme"].update({"rejected": 1})
    with rig.worker():
        await rig.exact()
    await asyncio.sleep(2)
    assert {one.name for one in (await letters.open()).letters} == {conflict, f"{rig.input}/1/3"}
    assert (await letters.discard([conflict, f"{rig.input}/1/3"])).left == {}
    assert (await letters.open()).letters == []


async def test_without_kafka_it_is_said_and_asked_again() -> None:
    """No connection is left half open."""
    found = ServedLetters(load_settings({"kafka": {"bootstrap_servers": "127.0.0.1:1"}}))
    for _ in range(2):
        with pytest.raises(KafkaUnavailable, match=r"127\.0\.0\.1:1"):
            await found.open()
    await found.close()


async def test_a_worker_is_seen_and_its_numbers_are_verified(shell: Shell, live: "Popen[bytes]") -> None:
    """In a process of its own, with progress; one at a time, and one that is cancelled leaves nothing behind."""
    settings = place(shell)
    assert shell.json("import", str(EXAMPLE))["sent"] == 40
    await calm(settings)
    async with RedisReader(settings.redis) as reader, QueryClient(reader) as client:
        watch = WorkerWatch(reader, client, settings.journal_partitions)
        async with asyncio.timeout(30):
            while not (found := await watch.read())["workers"] or found["workers"][0]["publish_p99_s"] is None:
                await asyncio.sleep(0.5)
        (worker,) = Workers.model_validate(found).workers
        assert (worker.ready, worker.lanes, worker.restoring, worker.quarantined) == (True, [0, 1], [], 0)
        assert worker.publish_p99_s is not None
        await watch.close()

    verifier = ServedVerify(settings, lambda: workers_book(settings, None), now)
    assert await verifier.start(None)
    assert not await verifier.start(None)
    async with asyncio.timeout(90):
        while verifier.state().running:
            await asyncio.sleep(0.1)
    last = verifier.state().last
    assert last is not None
    assert last.verdict is not None, last.problem
    assert (last.verdict["verified"], last.verdict["differences"]) == (True, [])
    assert last.records == last.total > 0
    assert await verifier.start("nobody")
    assert await verifier.cancel()
    last = verifier.state().last
    assert last is not None
    assert (last.problem, verifier.state().running) == ("it was cancelled", None)
    await verifier.close()
    assert live.poll() is None


async def test_a_verification_that_cannot_be_done_says_why() -> None:
    """Here Kafka is away."""
    settings = load_settings({"kafka": {"bootstrap_servers": "127.0.0.1:1"}, "redis": {"url": "redis://127.0.0.1:1"}})
    verifier = ServedVerify(settings, lambda: workers_book(settings, None), now)
    assert await verifier.start(None)
    async with asyncio.timeout(60):
        while verifier.state().running:
            await asyncio.sleep(0.1)
    last = verifier.state().last
    assert last is not None
    assert (last.verdict, "127.0.0.1:1" in last.problem) == (None, True), last.problem
