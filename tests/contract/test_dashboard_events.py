"""The tail of a real journal: what a worker writes is told within two seconds, bounded, to its own tenant alone."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator

import orjson
import pytest
from aiokafka import AIOKafkaProducer

from dashboard import journal, tails
from dashboard.journal import KafkaJournal
from dashboard.meters import Meters
from dashboard.ports import KafkaUnavailable
from dashboard.tails import Tails
from models import topics
from models.blocks import encode_blocks
from models.record import Refusal, Row
from models.settings import Settings, load_settings
from models.tenants import TenantBook
from ops.local import Kafka
from streams.producing import lane_of
from tests.contract.collector_rig import make_topics, settings_of

pytestmark = pytest.mark.servers
SOON = 20.0
NOW = 1_794_650_460_000
BESIDE = next(name for name in map("t{}".format, range(99)) if lane_of(name, 2) == lane_of("acme", 2))


@pytest.fixture(scope="module")
def place(kafka: Kafka) -> Settings:
    """With topics of its own."""
    made = settings_of(kafka.bootstrap, f"test-{uuid.uuid4().hex[:12]}", {})
    asyncio.run(make_topics(made))
    return made


class Worker:
    """Writes blocks as a worker does: keyed by tenant, where Kafka's own partitioner puts them."""

    def __init__(self, place: Settings) -> None:
        self._topic = topics.journal(place)
        self._producer = AIOKafkaProducer(bootstrap_servers=place.kafka.bootstrap_servers)
        self.offset = int(time.time() * 1000)  # higher than those of the tests before

    async def __aenter__(self) -> "Worker":
        await self._producer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._producer.stop()

    async def write(self, tenant: str, count: int = 1) -> list[str]:
        """So many accepted events in one block; their ids."""
        rows = []
        for _ in range(count):
            self.offset += 1
            data = {"page": "/pricing", "anonymous_id": "a1"}
            rows.append(Row(self.offset, NOW, tenant, 1, 2, "crm.page.viewed", NOW, 0, "/web", f"{self.offset}", data))
        await self._send(rows, [])
        return [row.id for row in rows]

    async def refuse(self, tenant: str) -> None:
        """One refused event."""
        self.offset += 1
        await self._send([], [Refusal(self.offset, NOW, tenant, "bad_value")])

    async def _send(self, rows: list[Row], refusals: list[Refusal]) -> None:
        for tenant, block in encode_blocks("crm.touchpoints.pages.v1", 0, rows, refusals):
            await self._producer.send_and_wait(self._topic, block, key=tenant.encode())


@pytest.fixture
async def worker(place: Settings) -> AsyncIterator[Worker]:
    """Connected."""
    async with Worker(place) as made:
        yield made


@pytest.fixture
async def all_tails(place: Settings) -> AsyncIterator[Tails]:
    """Over the real journal."""
    made = Tails(KafkaJournal(place), TenantBook(), Meters())
    yield made
    await made.close()


async def next_of(stream: AsyncIterator[bytes], name: str) -> dict[str, list[dict[str, object]]]:
    """The data of the next message of a name."""
    async with asyncio.timeout(SOON):
        async for text in stream:
            if text.startswith(f"event: {name}\n".encode()):
                line = next(one for one in text.decode().splitlines() if one.startswith("data: "))
                found: dict[str, list[dict[str, object]]] = orjson.loads(line[6:])
                return found
    raise AssertionError("the stream has ended")


async def test_what_is_accepted_is_told_at_once(worker: Worker, all_tails: Tails) -> None:
    """And what is refused; not what is of a tenant in the same partition."""
    stream = all_tails.messages("acme")
    await next_of(stream, "recent")
    slowest = 0.0
    for _ in range(5):
        await worker.write(BESIDE)
        began = time.monotonic()
        (id_,) = await worker.write("acme")
        told = (await next_of(stream, "events"))["events"]
        slowest = max(slowest, time.monotonic() - began)
        assert [(one["id"], one["verdict"], one["ids"]) for one in told] == [(id_, "accepted", {"anonymous_id": "a1"})]
    assert slowest < 15.0, slowest  # at once, on a machine that does other things too
    await worker.refuse("acme")
    told = (await next_of(stream, "events"))["events"]
    assert [(one["verdict"], one["reason"]) for one in told] == [("rejected", "bad_value")]


async def test_what_was_there_before_comes_first_and_is_bounded(
    worker: Worker, all_tails: Tails, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest, and no more records than are read back."""
    monkeypatch.setattr(journal, "BACK", 5)
    ids = [(await worker.write("acme"))[0] for _ in range(9)]
    found = await all_tails.newest("acme", 100)
    assert [one["id"] for one in found] == ids[:-6:-1]
    await worker.write("acme", 3000)
    async with asyncio.timeout(SOON):
        while len(found := await all_tails.newest("acme", 1000)) < tails.HELD:
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)
    found = await all_tails.newest("acme", 1000)
    assert (len(found), found[0]["id"]) == (tails.HELD, str(worker.offset))


async def test_an_empty_journal_is_current(all_tails: Tails) -> None:
    """Nothing has come for this tenant yet."""
    assert await all_tails.newest("nobody", 10) == []


async def test_no_kafka_is_said() -> None:
    """Instead of waiting for ever."""
    made = Tails(KafkaJournal(load_settings({"kafka": {"bootstrap_servers": "127.0.0.1:1"}})), TenantBook(), Meters())
    with pytest.raises(KafkaUnavailable, match=r"127\.0\.0\.1:1"):
        await made.newest("acme", 10)
    await made.close()
