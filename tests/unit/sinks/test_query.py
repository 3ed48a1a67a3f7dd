"""The client of workers' query ports: who is asked, and what becomes of a worker that does not own the tenant."""

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from aiohttp import web

from sinks.base import QueryPort
from sinks.query import QueryClient, QueryRefused, QueryUnavailable


class Worker:
    """A worker that gives one answer, and notes what it was asked."""

    def __init__(self, status: int, body: object) -> None:
        self.status, self.body = status, body
        self.asked: list[dict[str, Any]] = []
        self.tokens: list[str] = []

    async def start(self) -> "Worker":
        """Listen on any port."""
        app = web.Application()
        app.router.add_post("/query", self._answer)
        app.router.add_get("/worker", self._tell)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = QueryPort(site.name, "secret")
        return self

    async def stop(self) -> None:
        """End; its port refuses connections from now on."""
        await self._runner.cleanup()

    async def _tell(self, request: web.Request) -> web.Response:
        self.tokens.append(request.headers["Authorization"])
        return web.Response(status=self.status, body=orjson.dumps(self.body))

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked.append(orjson.loads(await request.read()))
        self.tokens.append(request.headers["Authorization"])
        body = self.body if isinstance(self.body, bytes) else orjson.dumps(self.body)
        return web.Response(status=self.status, body=body)


class Ports:
    """Says one port after the other; the last one for ever."""

    def __init__(self, *ports: QueryPort | None) -> None:
        self.left = list(ports)

    async def query_port(self, tenant: str) -> QueryPort | None:
        """The next."""
        return self.left.pop(0) if len(self.left) > 1 else self.left[0]


@pytest.fixture
async def owner() -> AsyncIterator[Worker]:
    """A worker that owns the tenant."""
    worker = await Worker(200, {"total": 2}).start()
    yield worker
    await worker.stop()


async def asked(*ports: QueryPort | None) -> dict[str, Any]:
    """The answer to a question."""
    async with QueryClient(Ports(*ports)) as client:
        return await client.ask("acme", "members", kpi="orders", window="30d")


async def test_the_owner_is_asked_with_its_token(owner: Worker) -> None:
    """The tenant and the question are part of the body."""
    assert await asked(owner.port) == {"total": 2}
    assert owner.asked == [{"kpi": "orders", "window": "30d", "tenant": "acme", "ask": "members"}]
    assert owner.tokens == ["Bearer secret"]


@pytest.mark.parametrize("status", [401, 409])
async def test_after_a_rebalance_the_next_owner_is_asked(owner: Worker, status: int) -> None:
    """The previous worker answers that it is not the owner, or another process has its port."""
    before = await Worker(status, {"error": "not the owner"}).start()
    assert await asked(before.port, owner.port) == {"total": 2}
    assert len(before.asked) == 1
    await before.stop()


async def test_a_worker_that_is_gone_is_not_asked_again(owner: Worker) -> None:
    """Redis keeps the address of a worker that was killed until another one takes the lane."""
    gone = await Worker(200, {}).start()
    await gone.stop()
    assert await asked(gone.port, owner.port) == {"total": 2}
    with pytest.raises(QueryUnavailable, match="no worker owns this tenant"):
        await asked(gone.port)


async def test_a_lane_without_an_address_has_no_owner() -> None:
    """Nobody left one, or the tenant was never published."""
    with pytest.raises(QueryUnavailable, match="no worker owns this tenant"):
        await asked(None)


@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (400, {"error": "unknown window 3d"}, QueryRefused, "unknown window 3d"),
        (404, {"error": "unknown tenant"}, QueryRefused, "unknown tenant"),
        (413, b"not JSON", QueryRefused, "the worker replied with status 413"),
        (503, {"error": "restoring"}, QueryUnavailable, "restoring"),
    ],
)
async def test_a_refusal_keeps_its_words(status: int, body: object, error: type[Exception], words: str) -> None:
    """It is not asked again."""
    worker = await Worker(status, body).start()
    with pytest.raises(error, match=words) as refused:
        await asked(worker.port)
    assert len(worker.asked) == 1
    if isinstance(refused.value, QueryRefused):
        assert (refused.value.status, refused.value.words) == (status, words)
    await worker.stop()


async def test_a_worker_tells_of_itself(owner: Worker) -> None:
    """One that is gone, or refuses, tells nothing."""
    async with QueryClient(Ports(None)) as client:
        assert await client.worker(owner.port) == {"total": 2}
        assert owner.tokens == ["Bearer secret"]
        owner.status = 401
        assert await client.worker(owner.port) is None
        await owner.stop()
        assert await client.worker(owner.port) is None
