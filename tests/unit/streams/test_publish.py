"""Publishing against the in-memory store: what is written when, and what happens when the store loses or refuses it."""

import asyncio
from collections.abc import Sequence
from functools import partial

import pytest

from kpis.calendar.windows import Window
from kpis.catalog import Kpi
from kpis.publish.documents import Board, Document
from models.record import Block
from models.settings import TenantBook
from sinks.base import Held, Note, Packed, Publication, Revision, SinkUnavailable, TenantRefused
from sinks.memory import MemorySink
from sinks.wire import pack
from streams.composed import Answer, Ask
from streams.options import WorkerOptions
from streams.position import Position
from streams.publish import Publisher
from tests.feed import ms
from tests.integration.counting_engine import CountingEngine
from tests.local_engine import local_engine
from tests.sets.feeds import Counted, event

AT = Position(10, 1, {})
MINUTE = 60_000


class Flaky(MemorySink):
    """A store that can be away."""

    away = False

    async def publish(self, publication: Publication | Packed) -> int:
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


class Refusing(Flaky):
    """A store in which somebody took one tenant's place."""

    taken = "a"

    async def publish(self, publication: Publication | Packed) -> int:
        if publication.tenant == self.taken:
            raise TenantRefused("WRONGTYPE")
        return await super().publish(publication)


async def test_a_tenant_the_store_cannot_take_holds_nobody_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The others are written at once, and not again and again; it is tried by itself, and comes back."""
    monkeypatch.setattr("streams.publish.LAST_RETRY", 0.05)
    sink = Refusing()
    made = publisher(sink, tenants="abc")
    for _ in range(3):
        await turn(made)
        await asyncio.sleep(0.06)
    assert [len(await sink.documents(tenant)) for tenant in "abc"] == [0, 1, 1]
    assert (await sink.revision("b"), made.refused) == ((1, 10, 1_000_000), 0)
    assert [record.message for record in caplog.records] == ["lane 0: the store rejects tenant a: WRONGTYPE"]
    sink.taken = ""
    await turn(made)
    assert len(await sink.documents("a")) == 1
    assert made.due() == 0  # only the next read-back


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


async def test_a_store_a_little_ahead_is_not_asked_again_and_again() -> None:
    """Our clock went back, or another machine's was ahead: the next publication is of the store's moment, and taken."""
    sink = MemorySink()
    await sink.publish(Publication("a", 1, 10, 1_030_000, []))
    made = publisher(sink)
    for _ in range(5):
        await turn(made)
        await asyncio.sleep(0.05)
    assert made.refused == 1
    assert made.outranked is None
    assert await sink.revision("a") == (1, 10, 1_030_000)
    assert len(await sink.documents("a")) == 1


async def test_a_clock_that_goes_back_a_little_is_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    """No publication is of an earlier moment than the last one, nor refused; said once."""
    sink = MemorySink()
    made = publisher(sink)
    made.hurry()
    await turn(made)
    for seconds in (30, 29, 10):
        made.clock = partial(int, 1_000_000 - seconds * 1_000)
        made.whole("a")
        await turn(made)
        assert (made.clock_back, made.refused) == (seconds, 0)
    assert await sink.revision("a") == (1, 10, 1_000_000)
    assert len(caplog.records) == 1
    made.clock = partial(int, 1_001_000)
    made.whole("a")
    await turn(made)
    assert made.clock_back == 0
    assert await sink.revision("a") == (1, 10, 1_001_000)


async def test_a_clock_that_goes_back_far_begins_a_new_epoch(caplog: pytest.LogCaptureFixture) -> None:
    """Said once, as an error; with the epoch that the lane raises then, publications are of the new time."""
    sink = MemorySink()
    made = publisher(sink)
    await turn(made)
    made.clock = partial(int, 1_000_000 - 3_600_000)
    made.everything()
    await turn(made)
    assert made.outranked == 1
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    made.outranked = None
    made.everything()
    await turn(made, AT._replace(epoch=2))
    assert await sink.revision("a") == (2, 10, 1_000_000 - 3_600_000)
    assert len(caplog.records) == 1


async def test_documents_of_half_a_history_say_so_until_it_is_whole() -> None:
    """In each document and in the tenant's status; with the end of it everything is written again."""
    sink, done = MemorySink(), [0.25]
    made = publisher(sink)
    made.progress = lambda: done[0] if done else None
    made.tick()
    await turn(made)
    (document,) = await sink.documents("a")
    status = await sink.status("a")
    assert status is not None
    assert (document["catching_up"], status.catching_up) == (0.25, 0.25)
    done.clear()
    made.tick()
    await turn(made)
    (document,) = await sink.documents("a")
    status = await sink.status("a")
    assert status is not None
    assert ("catching_up" in document, status.catching_up) == (False, None)


async def test_an_older_copy_of_the_store_is_noticed_by_the_lanes_note() -> None:
    """Without asking for every tenant: what the lane wrote last is not there."""
    sink = MemorySink()
    made = publisher(sink, tenants="ab")
    await turn(made)
    sink._notes.clear()
    await turn(made)
    assert made.pending


async def test_a_fault_in_one_tenants_numbers_leaves_the_others_be(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is skipped, counted, said once a cause, named in the lane's note, and tried again when it changes."""
    one = event("user.signed_up", "0", "2026-05-13T12:00:00Z", user_id="u")
    told = {name: {**one, "tenantid": name} for name in "ab"}
    counted = Counted(TenantBook()).take(list(told.values()))
    sink, now = MemorySink(), ms("2026-05-13T12:00:30Z")
    made = Publisher(
        WorkerOptions(("x",), ("t",), readback_interval=0), local_engine(counted.engine), sink, lambda: now, 0
    )
    whole = Board._whole

    def broken(board: Board, kpi: Kpi, at: Window) -> Document:
        if board._tenant.name == "a" and kpi.id == "signups":
            raise KeyError("x")
        return whole(board, kpi, at)

    monkeypatch.setattr(Board, "_whole", broken)
    made.touch("ab")
    made.hurry()
    await turn(made)
    await turn(made)
    status = await sink.status("b")
    assert await sink.status("a") is None
    assert status is not None
    assert status.waiting == 0
    assert sum(made.failures.values()) == 1
    assert list(sink._notes[0].failing) == ["a"]
    assert len([record for record in caplog.records if "tenant a" in record.message]) == 1
    monkeypatch.setattr(Board, "_whole", whole)
    counted.take([{**told["a"], "id": "1"}])
    made.touch("a")
    await turn(made)
    assert len(await sink.documents("a")) == len(await sink.documents("b"))
    assert not sink._notes[0].failing


async def test_a_store_emptied_between_two_slices_is_filled_again() -> None:
    """The second slice leaves a revision there, which says nothing of what the first one wrote."""
    sink = MemorySink()
    made = publisher(sink)
    await turn(made)
    await sink.clear()
    await made._write(pack(Publication("a", 1, 10, 1_000_000, ())))
    assert await sink.documents("a") == []
    await turn(made)
    assert len(await sink.documents("a")) == 1


async def test_documents_take_a_tenth_of_the_time_while_a_lane_is_behind() -> None:
    """Those that changed and those that follow by and by count together."""
    made = publisher(MemorySink(), tenants="ab")
    made.everything()
    compose = made.engine.composed
    took: list[float] = []

    async def slow(ask: Ask) -> Answer:
        took.append(0.2 if ask.only_urgent else 0.01)
        return (await compose(ask))._replace(seconds=took[-1], more=ask.only_urgent)

    made.engine.composed = slow  # type: ignore[method-assign]
    await turn(made)
    assert took == [0.2, 0.01]
    made.touch(["a"])
    assert 9 * sum(took) - 0.5 < made.due(behind=True) <= 9 * sum(took)
    assert made.due() <= 0.2
