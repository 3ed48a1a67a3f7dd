"""All that lies between an engine and who reads its numbers, in one process: Redis, the query port, the API."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, Final

import httpx
import orjson

from dashboard.app import create_app
from dashboard.kept import RedisBoards
from dashboard.services import Services
from dashboard.tokens import Tokens
from sinks.base import Note, QueryPort
from sinks.client import connect
from sinks.query import QueryClient
from sinks.read import RedisReader
from sinks.redis_sink import RedisSink
from streams.composed import Answer, Ask, composed
from streams.engine.asking import at_once, to_the_end
from streams.engine.client import EngineFailed
from streams.engine.host import where
from streams.options import WorkerOptions
from streams.query import QueryServer
from tests.property.lanes import Lane
from tests.unit.dashboard.rig import MemoryEventSender, MemoryJournal, MemoryLetters, MemoryVerifier, NoKafka, NoWorkers

OPTIONS: Final = WorkerOptions(("localhost:1",), ("in",), lanes=1, query_host="127.0.0.1")
V1: Final = "/api/v1"
Answered = tuple[int, dict[str, Any]]
"""Status as in HTTP, and what was answered."""


class Asked:
    """The engine of a lane as the query port asks it: at once, and what takes longer to its end."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane

    async def ask(self, tenant: str, now: int, asked: bytes, seconds: float) -> bytes:
        """As `streams.engine.client.LaneEngine`."""
        said = at_once(lambda: self._lane.engine.ask(tenant, now, orjson.loads(asked)), where)
        done, found = said if isinstance(said, tuple) else to_the_end(said, where)
        if not done:
            raise EngineFailed(*found)
        answer: bytes = found
        return answer


class Owner:
    """A worker that owns the only lane there is. ``now``: ms."""

    ready = flowing = True

    def __init__(self) -> None:
        self.query: QueryPort | None = None
        self.now = 0
        self.engine: Any = None

    def lane(self, partition: int) -> Any:
        """The lane of a partition: `streams.query.Lanes` and `Answering` are one here."""
        return self if partition == 0 else None


class Served:
    """One story's lane, what is published of it, and all that answers questions about it."""

    def __init__(self, lane: Lane, owner: Owner, url: str, prefix: str) -> None:
        assert owner.query is not None
        self.lane, self._owner, self._port = lane, owner, owner.query
        self._url, self._prefix = url, prefix
        self._sink = RedisSink(url, prefix=prefix)
        self.reader = RedisReader(url, prefix=prefix)
        self.client = QueryClient(self.reader)
        self._boards = RedisBoards(url, prefix=prefix)
        owner.engine = Asked(lane)
        self._parts = Services(
            self.reader, self.reader, self.client, self._boards, NoKafka(), NoWorkers(), MemoryLetters(),
            MemoryVerifier(), MemoryJournal(), Tokens((), lambda: owner.now), lambda: owner.now,
            annotations=self._boards, event_sender=MemoryEventSender(),
        )  # fmt: skip
        transport = httpx.ASGITransport(create_app(self._parts), client=("127.0.0.1", 40_000))
        self._http = httpx.AsyncClient(transport=transport, base_url="http://localhost")
        self._position = 0

    @property
    def now(self) -> int:
        """The clock, ms."""
        return self._owner.now

    # --- publishing

    def counted(self) -> None:
        """A batch is committed: what is published next is of it."""
        self._position += 1

    async def publish(self, now: int, pieces: int, calls: int | None = None) -> bool:
        """Make and write slices of so many pieces, all that are due or so many calls; whether that was all."""
        self._owner.now = now
        made, left = None, calls
        while (made is None or made.more) and left != 0:
            made = self._compose(pieces)
            for packed in made.publications:
                assert await self._sink.publish(packed)
            await self._note(made)
            left = None if left is None else left - 1
        return made is not None and not made.more

    def _compose(self, pieces: int) -> Answer:
        """As the engine's process does, with a clock that ticks with every look at it."""
        ticks = count()
        ask = Ask(self.now, True, 0, 0, self._position, None, pieces)
        made = composed(self.lane.engine, ask, lambda: next(ticks))
        assert not made.failures
        return made

    async def _note(self, made: Answer) -> None:
        note = Note(0, 0, self._position, made.checked, made.failing, self._port.url, self._port.token)
        await self._sink.check(note, [])

    async def flush(self) -> None:
        """What FLUSHALL does to us; the server may be somebody's."""
        client = connect(self._url)
        keys = [key async for key in client.scan_iter(match=f"{self._prefix}:*", count=10_000)]
        for start in range(0, len(keys), 1000):
            await client.unlink(*keys[start : start + 1000])
        await client.aclose()

    async def lose(self) -> None:
        """The store is emptied, and that is noticed."""
        await self.flush()
        self.lane.engine.everything(None)

    # --- asking

    async def get(self, tenant: str, path: str, **fields: Any) -> Answered:
        """What the API answers. ``path``: behind the tenant."""
        found = await self._http.get(f"{V1}/{tenant}/{path}", params={k: v for k, v in fields.items() if v is not None})
        return found.status_code, found.json()

    async def of(self, tenant: str, kpi: str, what: str = "", **fields: Any) -> Answered:
        """The same of a KPI."""
        return await self.get(tenant, f"kpis/{kpi}/{what}".rstrip("/"), **fields)

    async def catalog(self) -> list[dict[str, Any]]:
        """Every KPI, as the API describes it."""
        found: list[dict[str, Any]] = (await self._http.get(f"{V1}/catalog")).json()
        return found

    async def close(self) -> None:
        """Leave nothing behind."""
        await self._parts.streams.close()
        await self.flush()
        for one in (self._http, self._sink, self.reader, self._boards):
            await (one.aclose() if isinstance(one, httpx.AsyncClient) else one.close())
        await self.client.close()


class Site:
    """What stands as long as tests run: a loop with a query port, and the Redis."""

    def __init__(self, url: str, runner: "asyncio.Runner", prefix: str) -> None:
        self.run = runner.run
        self._url, self._prefix, self._stories = url, prefix, count()
        self._owner = Owner()
        self.run(QueryServer(self._owner).start(OPTIONS))

    @asynccontextmanager
    async def served(self, lane: Lane) -> AsyncIterator[Served]:
        """A story's own keys, emptied at the end."""
        found = Served(lane, self._owner, self._url, f"{self._prefix}-{next(self._stories)}")
        try:
            yield found
        finally:
            await found.close()
