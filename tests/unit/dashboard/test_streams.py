"""The stream of updates: what it says, how often, to whom, and what it does when Redis is away."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from dashboard import follower, window_board
from tests.contract.boards import document
from tests.unit.dashboard.rig import Rig

SOON = 5.0


class Listener:
    """One stream, read message by message."""

    def __init__(self, rig: Rig, window: str = "30d", last: str | None = None) -> None:
        self._messages: AsyncIterator[bytes] = rig.parts.streams.messages("acme", window, last)
        self.id = last

    async def next(self) -> tuple[str, Any]:
        """The next event that is no comment: its name and data."""
        while True:
            async with asyncio.timeout(SOON):
                raw = await anext(self._messages)
            fields = dict(line.split(": ", 1) for line in raw.decode().strip().splitlines())
            self.id = fields.get("id", self.id)
            if "event" in fields:
                return fields["event"], orjson.loads(fields["data"])

    async def until(self, name: str) -> Any:
        """The data of the next event of a name."""
        while True:
            event, data = await self.next()
            if event == name:
                return data

    async def close(self) -> None:
        """The reader goes."""
        await self._messages.aclose()  # type: ignore[attr-defined]


async def test_a_snapshot_first_then_what_changes(rig: Rig) -> None:
    """Nothing of other windows, no document that says the same."""
    stream = Listener(rig)
    name, data = await stream.next()
    assert name == "snapshot"
    assert data["documents"] == await rig.store.snapshot("acme", "30d")
    assert (data["window"], data["rev"], data["stale"]) == ("30d", "0.1", False)
    await rig.publish(document("orders", value=7), document("win_rate", value=0.6, unit="ratio"))
    await rig.publish(document("orders", "7d", value=1))
    data = await stream.until("documents")
    assert [(one["kpi"], one["value"]) for one in data["documents"]] == [("win_rate", 0.6)]
    assert data["checked"]
    await stream.close()


async def test_an_emptied_store_takes_nothing_away_while_it_is_filled_again(rig: Rig) -> None:
    """The first publication after it may hold one number; the others are shown until they come."""
    stream = Listener(rig)
    await stream.until("snapshot")
    await rig.publish(document("orders", value=8), full=True)
    data = await stream.until("documents")
    assert ([one["kpi"] for one in data["documents"]], data.get("gone")) == (["orders"], None)
    await rig.publish(document("win_rate", value=0.7, unit="ratio"))
    data = await stream.until("documents")
    assert ([one["kpi"] for one in data["documents"]], data.get("gone")) == (["win_rate"], None)
    await stream.close()


async def test_documents_that_are_gone_are_named(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a change of settings, for instance; a little later, as they may come back."""
    monkeypatch.setattr(follower, "LOOK_S", 0.1)
    monkeypatch.setattr(window_board, "GONE_S", 0.5)
    stream = Listener(rig)
    await stream.until("snapshot")
    await rig.publish(document("orders", value=8), full=True)
    data = await stream.until("documents")
    assert "gone" not in data
    data = await stream.until("documents")
    assert data["gone"] == ["net_revenue", "win_rate"]
    await stream.close()


async def test_at_most_four_messages_a_second(rig: Rig) -> None:
    """However fast it changes; the last state arrives."""
    stream = Listener(rig)
    await stream.until("snapshot")
    began, messages, value = asyncio.get_running_loop().time(), 0, 0

    async def change() -> None:
        for number in range(60):
            await rig.publish(document("orders", value=100 + number))
            await asyncio.sleep(0.02)

    changing = asyncio.create_task(change())
    while value != 159:
        value = (await stream.until("documents"))["documents"][0]["value"]
        messages += 1
    took = asyncio.get_running_loop().time() - began
    await changing
    assert messages <= 4 * took + 1
    await stream.close()


async def test_a_slow_reader_skips_to_the_newest_state(rig: Rig) -> None:
    """It gets one message with all that changed meanwhile, not a backlog."""
    slow, quick = Listener(rig), Listener(rig)
    await slow.until("snapshot")
    await quick.until("snapshot")
    for value in range(3):
        await rig.publish(document("orders", value=value), document("win_rate", value=value / 10, unit="ratio"))
        while (await quick.until("documents"))["documents"][0]["value"] != value:
            pass
    await rig.publish(document("orders", value=99))
    await quick.until("documents")
    data = await slow.until("documents")
    assert {one["kpi"]: one["value"] for one in data["documents"]} == {"orders": 99, "win_rate": 0.2}
    await slow.close()
    await quick.close()


async def test_it_goes_on_from_the_last_event(rig: Rig) -> None:
    """Only what changed since, of the window it shows; with an id nobody knows it starts afresh."""
    stream = Listener(rig)
    await stream.until("snapshot")
    await rig.publish(document("orders", value=8))
    await stream.until("documents")
    seen = stream.id
    await rig.publish(document("win_rate", value=0.9, unit="ratio"))
    await stream.until("documents")
    await stream.close()
    again = Listener(rig, last=seen)
    name, data = await again.next()
    while name == "status":
        name, data = await again.next()
    assert name == "documents"
    assert [one["kpi"] for one in data["documents"]] == ["win_rate"]
    await again.close()
    for unknown in ("99999-0", "nonsense", "0"):
        fresh = Listener(rig, last=unknown)
        assert (await fresh.next())[0] in ("snapshot",), unknown
        await fresh.close()


async def test_one_follower_for_all_streams_of_a_tenant(rig: Rig) -> None:
    """And the same bytes for all of a window."""
    streams = [rig.parts.streams.messages("acme", "30d", None) for _ in range(20)]
    for one in streams:
        while not (await anext(one)).startswith(b"event: snapshot"):
            pass
    assert sum(task.get_name() == "follow acme" for task in asyncio.all_tasks()) == 1
    await rig.publish(document("orders", value=12))
    got = set()
    for one in streams:
        while not (message := await anext(one)).startswith(b"event: documents"):
            pass
        got.add(id(message))
    assert len(got) == 1
    for one in streams:
        await one.aclose()  # type: ignore[attr-defined]
    assert rig.parts.streams.open == 0


async def test_redis_away_is_said_and_the_stream_goes_on(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """The values stay; when it is back, what changed comes."""
    monkeypatch.setattr(follower, "LOOK_S", 0.05)
    stream = Listener(rig)
    await stream.until("snapshot")
    rig.store.away = True
    data = await stream.until("status")
    assert data["stale"]
    assert "Redis does not answer" in data["reason"]
    late = Listener(rig, "7d")
    assert (await late.next())[0] == "status"
    await rig.publish(document("orders", value=77))
    rig.store.away = False
    messages = [await stream.next(), await stream.next()]
    by = dict(messages)
    assert not by["status"]["stale"]
    assert by["documents"]["documents"][0]["value"] == 77
    assert await late.until("snapshot")
    await stream.close()
    await late.close()


async def test_an_emptied_store_clears_nothing(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is shown stays, said to be stale, until there is something in its place."""
    monkeypatch.setattr(follower, "LOOK_S", 0.05)
    stream = Listener(rig)
    await stream.until("snapshot")
    await rig.store.clear()
    data = await stream.until("status")
    assert data["stale"]
    await rig.publish(document("orders", value=5))
    seen = [await stream.next() for _ in range(2)]
    assert any(name == "documents" and data["documents"][0]["value"] == 5 for name, data in seen)
    await stream.close()


async def test_silence_of_the_workers_makes_it_stale(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """After 90 s without a word."""
    monkeypatch.setattr(follower, "LOOK_S", 0.05)
    stream = Listener(rig)
    assert not (await stream.until("snapshot"))["stale"]
    rig.now += 31_000
    data = await stream.until("status")
    assert data["stale"]
    assert "no worker" in data["reason"]
    await stream.close()


async def test_a_follower_nobody_needs_ends(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next stream gets a new one, which tells all when it cannot know what changed."""
    monkeypatch.setattr(follower, "LOOK_S", 0.02)
    monkeypatch.setattr(follower, "IDLE_S", 0.05)
    stream = Listener(rig)
    await stream.until("snapshot")
    await stream.close()
    async with asyncio.timeout(SOON):
        while any(task.get_name() == "follow acme" for task in asyncio.all_tasks()):
            await asyncio.sleep(0.02)
    await rig.publish(document("orders", value=5))
    again = Listener(rig, last=stream.id)
    assert (await again.next())[0] == "snapshot"
    await again.close()


async def test_closing_ends_every_stream(rig: Rig) -> None:
    """A server that stops does not wait for readers."""
    stream = Listener(rig)
    await stream.until("snapshot")
    ending = asyncio.create_task(stream.until("nothing"))
    await asyncio.sleep(0.05)
    await rig.parts.streams.close()
    with pytest.raises(StopAsyncIteration):
        await ending
