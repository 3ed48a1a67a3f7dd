"""Publishing against the in-memory store: what is written when, and what happens when the store loses or refuses it."""

import asyncio
from collections.abc import Sequence
from functools import partial

import pytest

from models.record import Block
from sinks.base import Held, Note, Packed, Publication, Revision, SinkUnavailable
from sinks.memory import MemorySink
from streams.options import WorkerOptions
from streams.position import Position
from streams.publish import Publisher
from tests.integration.counting_engine import CountingEngine
from tests.local_engine import local_engine

AT = Position(10, 1, {})
MINUTE = 60_000


class Flaky(MemorySink):
    """A store that can be away."""

    away = False

    async def publish(self, publication: Publication | Packed) -> bool:
        if self.away:
            raise SinkUnavailable("away")
        return await super().publish(publication)

    async def revision(self, tenant: str) -> Revision | None:
        if self.away:
            raise SinkUnavailable("away")
        return await super().revision(tenant)

    async def check(self, note: Note, tenants: Sequence[str]) -> Held:
        if self.away:
            raise SinkUnavailable("away")
        return await super().check(note, tenants)


def publisher(sink: MemorySink, *, as_of: int | None = None, tenants: str = "a") -> Publisher:
    """A publisher of an engine with one event for each letter of ``tenants``."""
    engine = CountingEngine()
    for offset, tenant in enumerate(tenants):
        row = [offset, 0, tenant, offset, 0, "crm.page.viewed", 0, 0, "s", "i", {}]
        block: Block = {"topic": "t", "partition": 0, "rows": [row], "refused": []}
        engine.apply(block, tenant, 0)
    options = WorkerOptions(("x",), ("t",), publish_interval=0, readback_interval=0, as_of=as_of)
    made = Publisher(options, local_engine(engine, *tenants), sink, lambda: as_of or 1_000_000, 0)
    made.touch(engine.finish().touched)
    return made


async def turn(made: Publisher, at: Position = AT) -> None:
    """One publication, written."""
    await made.start(at)
    await made.settle()


async def test_documents_carry_epoch_and_position() -> None:
    """rev names the state the values are of."""
    sink = MemorySink()
    await turn(publisher(sink))
    (document,) = await sink.documents("a")
    assert document["rev"] == "1.10"
    assert await sink.revision("a") == (1, 10, 1_000_000)


async def test_a_flushed_store_gets_everything_again() -> None:
    """The read-back finds nothing, the next publication is a full one of that tenant."""
    sink = Flaky()
    made = publisher(sink, tenants="ab")
    await turn(made)
    made.sink = sink = Flaky()
    await turn(made)
    assert made.due() == 0
    await turn(made)
    assert [len(await sink.documents(tenant)) for tenant in "ab"] == [1, 1]


async def test_a_store_that_is_away_is_asked_later_and_loses_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """One line when it goes, back-off between tries, everything when it is back."""
    sink = Flaky()
    made = publisher(sink)
    sink.away = True
    await turn(made)
    await turn(made)
    assert made.due() > 0.4
    sink.away = False
    await asyncio.sleep(made.due())
    await turn(made)
    assert len(await sink.documents("a")) == 1
    assert [record.message for record in caplog.records if "away" in record.message] == [caplog.records[0].message]


async def test_a_higher_revision_in_the_store_asks_for_a_higher_epoch() -> None:
    """The lane then proves by a commit that it is the owner; a publisher by itself never overwrites."""
    sink = MemorySink()
    await sink.publish(Publication("a", 4, 99, 1, []))
    made = publisher(sink)
    await turn(made)
    assert made.outranked == 4
    assert await sink.revision("a") == (4, 99, 1)


async def test_a_clock_slightly_ahead_is_waited_for_and_an_earlier_frozen_moment_is_not() -> None:
    """Same epoch and position, higher as_of: live it is another machine's clock, with --as-of it is a wish."""
    sink = MemorySink()
    await sink.publish(Publication("a", 1, 10, 1_000_500, []))
    live, past = publisher(sink), publisher(sink, as_of=900_000)
    await turn(live)
    await turn(past)
    assert (live.outranked, past.outranked) == (None, 1)


async def test_windows_slide_without_events_but_not_with_a_frozen_clock() -> None:
    """With another minute every tenant is looked at; a frozen moment has no other."""
    live, past = publisher(MemorySink()), publisher(MemorySink(), as_of=1)
    seen = []
    for made in (live, past):
        made.tick()
        await turn(made)
        for at in (59 * MINUTE, 59 * MINUTE + 1, 60 * MINUTE):
            made.clock = partial(int, at)
            made.tick()
            seen.append(made.pending)
            await turn(made)
    assert seen == [True, False, True, False, False, False]
