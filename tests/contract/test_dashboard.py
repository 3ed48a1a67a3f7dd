"""The dashboard as a process would run it: a real Redis, a real port, readers that come back, and ones that sleep."""

import asyncio
import re
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import uvicorn
from redis.exceptions import NoPermissionError

from dashboard.app import create_app
from dashboard.serve import Tools, _Server, opened
from dashboard.services import Services
from models.settings import load_settings
from ops.listening import listen
from reports.unsubscribe import Subscription, token
from sinks.base import Publication
from sinks.client import connect
from sinks.redis_sink import RedisSink
from tests.contract.boards import Server, document
from tests.unit.dashboard.rig import MemoryLetters, MemoryVerifier

pytestmark = pytest.mark.servers
SOON = 20.0
SECRET = "0123456789abcdef"
TOOLS = Tools(MemoryLetters(), MemoryVerifier())


def now() -> int:
    """ms UTC."""
    return int(time.time() * 1000)


@dataclass
class Site:
    """A running dashboard, and what publishes to its Redis."""

    url: str
    port: int
    parts: Services
    sink: RedisSink
    position: int = 0

    async def publish(self, *documents: dict[str, Any], **fields: Any) -> None:
        """One more publication."""
        self.position += 1
        one = Publication("acme", 0, self.position, now(), documents)
        assert await self.sink.publish(one._replace(**fields))


@pytest.fixture
async def site(server: Server) -> AsyncIterator[Site]:
    """On a free port."""
    place = load_settings({"redis": {"url": server.url}, "kafka": {"bootstrap_servers": "127.0.0.1:1"}})
    sink = RedisSink(server.url)
    with listen("127.0.0.1", 0) as listener:
        async with opened(place, now, TOOLS) as parts:
            running = _Server(uvicorn.Config(create_app(parts), access_log=False, log_config=None), parts)
            task = asyncio.create_task(running.serve([listener]))
            port = listener.getsockname()[1]
            yield Site(f"http://127.0.0.1:{port}", port, parts, sink)
            running.should_exit = True
            async with asyncio.timeout(SOON):
                await task
    await sink.close()


class Reader:
    """One EventSource, without its habit of coming back."""

    def __init__(self, client: httpx.AsyncClient, last: str | None = None) -> None:
        headers = {} if last is None else {"Last-Event-ID": last}
        self._context = client.stream("GET", "/api/v1/acme/stream", headers=headers, timeout=SOON)
        self.id = last

    async def __aenter__(self) -> "Reader":
        self._response = await self._context.__aenter__()
        assert self._response.headers["content-type"].startswith("text/event-stream")
        self._lines = self._response.aiter_lines()
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self._context.__aexit__(*error)

    async def until(self, name: str) -> Any:
        """The data of the next event of a name."""
        event = ""
        async with asyncio.timeout(SOON):
            async for line in self._lines:
                field, _, value = line.partition(": ")
                if field == "event":
                    event = value
                elif field == "id":
                    self.id = value
                elif field == "data" and event == name:
                    data = orjson.loads(value)
                elif not line and event == name:
                    return data
        raise AssertionError("the stream has ended")


async def test_a_number_is_on_the_stream_within_a_second(site: Site) -> None:
    """As soon as it is published."""
    await site.publish(document(value=1))
    async with httpx.AsyncClient(base_url=site.url) as client, Reader(client) as reader:
        assert (await reader.until("snapshot"))["documents"][0]["value"] == 1
        await asyncio.sleep(0.5)
        began = time.monotonic()
        await site.publish(document(value=2))
        assert (await reader.until("documents"))["documents"][0]["value"] == 2
        assert time.monotonic() - began < 1.5


async def test_it_goes_on_over_a_restart_of_redis(site: Site, server: Server) -> None:
    """The stream stays open, says that Redis is away, and shows what is published once it is back."""
    await site.publish(document(value=1))
    async with httpx.AsyncClient(base_url=site.url) as client, Reader(client) as reader:
        await reader.until("snapshot")
        server.kill()
        while not (await reader.until("status"))["stale"]:
            pass
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/api/v1/acme/snapshot")).status_code == 503
        await server.start()
        await site.publish(document(value=5), full=True)
        assert (await reader.until("documents"))["documents"][0]["value"] == 5
        assert (await client.get("/readyz")).status_code == 200


async def test_it_goes_on_after_a_frozen_redis(site: Site, server: Server) -> None:
    """One that does not answer is away, too."""
    await site.publish(document(value=1))
    async with httpx.AsyncClient(base_url=site.url) as client, Reader(client) as reader:
        await reader.until("snapshot")
        server.freeze()
        while not (await reader.until("status"))["stale"]:
            pass
        server.thaw()
        while (await reader.until("status"))["stale"]:
            pass
        await site.publish(document(value=6))
        assert (await reader.until("documents"))["documents"][0]["value"] == 6


async def test_who_comes_back_gets_what_it_missed(site: Site) -> None:
    """By Last-Event-ID: the changed documents, no second snapshot."""
    await site.publish(document(value=1), document("win_rate", value=0.1))
    async with httpx.AsyncClient(base_url=site.url) as client:
        async with Reader(client) as reader:
            await reader.until("snapshot")
            await site.publish(document(value=2))
            await reader.until("documents")
        await site.publish(document("win_rate", value=0.2))
        async with Reader(client, reader.id) as again:
            (one,) = (await again.until("documents"))["documents"]
            assert (one["kpi"], one["value"]) == ("win_rate", 0.2)


async def test_a_reader_that_sleeps_holds_nobody_up(site: Site) -> None:
    """It takes nothing for a while, then the newest state; what waits for it is bounded by the sockets."""
    wide = {"note": "x" * 100_000}
    await site.publish(document(value=0, **wide))
    with socket.create_connection(("127.0.0.1", site.port)) as asleep:
        asleep.sendall(b"GET /api/v1/acme/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        async with httpx.AsyncClient(base_url=site.url) as client, Reader(client) as reader:
            await reader.until("snapshot")
            for value in range(1, 121):
                await site.publish(document(value=value, **wide))
                if value % 4 == 0:
                    await asyncio.sleep(0.1)
            while (await reader.until("documents"))["documents"][0]["value"] != 120:
                pass
            assert site.parts.streams.open == 2
        asleep.setblocking(False)
        got, end = bytearray(), time.monotonic() + SOON
        while b'"value":120' not in got and time.monotonic() < end:
            try:
                got += asleep.recv(1 << 20)
            except BlockingIOError:
                await asyncio.sleep(0.02)
        assert b'"value":120' in got
        asleep.close()
        while site.parts.streams.open and time.monotonic() < end:
            await asyncio.sleep(0.05)
        assert site.parts.streams.open == 0
        assert got.count(b"event: documents") < 60


async def test_segments_and_boards_are_in_redis(site: Site) -> None:
    """Read by one question, written by one script."""
    await site.publish(document("win_rate", value=0.5), document("win_rate", value=0.1, segment={"owner": "a:b c"}))
    async with httpx.AsyncClient(base_url=f"{site.url}/api/v1/acme") as client:
        found = (await client.get("/kpis/win_rate/segments")).json()
        assert found["dimensions"]["owner"][0]["segment"] == {"owner": "a:b c"}
        assert (await client.get("/kpis/win_rate", params={"segment": "owner:a:b c"})).json()["value"] == 0.1
        board = {"title": "Mine", "tiles": []}
        for number in range(100):
            assert (await client.put(f"/boards/b{number}", json=board)).status_code == 200
        assert (await client.put("/boards/one-more", json=board)).status_code == 409
        assert len((await client.get("/boards")).json()) == 100
        assert (await client.delete("/boards/b1")).status_code == 204
        assert (await client.put("/boards/one-more", json=board)).status_code == 200


async def test_a_stop_does_not_wait_for_streams(site: Site) -> None:
    """They are ended first; the fixture would time out otherwise."""
    await site.publish(document(value=1))
    client = httpx.AsyncClient(base_url=site.url)
    reader = await Reader(client).__aenter__()
    await reader.until("snapshot")
    began = time.monotonic()
    await site.parts.streams.close()
    with pytest.raises(AssertionError, match="ended"):
        await reader.until("nothing")
    assert time.monotonic() - began < 5
    await client.aclose()


async def test_the_rights_of_the_page_on_security_are_enough(server: Server) -> None:
    """And no more than that: numbers cannot be written with them."""
    page = (Path(__file__).parents[2] / "docs" / "security.md").read_text()
    (line,) = re.findall(r"ACL SETUSER (crmkpi-dashboard .+)", page)
    admin: Any = connect(server.url)
    sink = RedisSink(server.url)
    await admin.execute_command("ACL", "SETUSER", *line.replace(">…", ">secret").split())
    await sink.publish(Publication("acme", 0, 1, now(), [document(value=1), document(segment={"owner": "a"})]))
    url = server.url.replace("redis://", "redis://crmkpi-dashboard:secret@")
    async with opened(
        load_settings({"redis": {"url": url}, "mail": {"unsubscribe_secret": SECRET}}), now, TOOLS
    ) as parts:
        transport = httpx.ASGITransport(create_app(parts))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            for path in ("tenants", "acme/snapshot", "acme/kpis/orders", "acme/kpis/orders/segments", "acme/boards"):
                assert (await client.get(f"/api/v1/{path}")).status_code == 200, path
            board = {"title": "Mine", "tiles": []}
            assert (await client.put("/api/v1/acme/boards/b", json=board)).status_code == 200
            assert (await client.get("/api/v1/acme/boards/b")).json()["title"] == "Mine"
            assert (await client.delete("/api/v1/acme/boards/b")).status_code == 204
            link = token(Subscription("acme", "sales_week", "anna@acme.example"), SECRET.encode())
            assert (await client.post(f"/unsubscribe/{link}")).status_code == 200
        stream = parts.streams.messages("acme", "30d", None)
        while not (await anext(stream)).startswith(b"event: snapshot"):
            pass
        await asyncio.sleep(0.5)
        await sink.publish(Publication("acme", 0, 2, now(), [document(value=2)]))
        async with asyncio.timeout(SOON):
            while not (await anext(stream)).startswith(b"event: documents"):
                pass
        await parts.streams.close()
    thief: Any = connect(url)
    with pytest.raises(NoPermissionError):
        await thief.hset("crmkpi:{acme}:kpi:orders:30d", "value", "9")
    for one in (thief, admin):
        await one.aclose()
    await sink.close()
