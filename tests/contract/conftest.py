"""The stores under test: the in-memory sink and Redis, each with a way to read and to lose everything."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from sinks.base import Reader, Sink
from sinks.client import connect
from sinks.memory import MemorySink
from sinks.read import RedisReader
from sinks.redis_sink import RedisSink
from tests.contract.boards import Server


@dataclass
class Store:
    """A sink, its reader, and what FLUSHALL does to it."""

    sink: Sink
    reader: Reader
    flush: Callable[[], Awaitable[None]]


@pytest.fixture(params=["memory", pytest.param("redis", marks=pytest.mark.servers)])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """Every sink in turn, empty."""
    if request.param == "memory":
        sink = MemorySink()
        yield Store(sink, sink, sink.clear)
    else:
        async for redis in _redis_store(request.getfixturevalue("redis_url")):
            yield redis


async def _redis_store(url: str) -> AsyncIterator[Store]:
    prefix = f"test-{uuid.uuid4().hex}"  # the server may be somebody's: only our own keys are touched
    client = connect(url)

    async def flush() -> None:
        keys = [key async for key in client.scan_iter(match=f"{prefix}:*", count=1000)]
        for key in keys:
            await client.delete(key)

    sink, reader = RedisSink(url, prefix=prefix), RedisReader(url, prefix=prefix)
    try:
        yield Store(sink, reader, flush)
    finally:
        await flush()
        for connected in (sink, reader):
            await connected.close()
        await client.aclose()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """A running server of the test's own."""
    own = Server(tmp_path)
    await own.start()
    yield own
    own.kill()
