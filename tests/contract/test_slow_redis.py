"""A slow server delays numbers; it must not stop them, nor let old ones through."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from sinks.redis_sink import RedisSink
from tests.contract.boards import Server, board, publication

pytestmark = pytest.mark.servers


@asynccontextmanager
async def slow_link(port: int, bytes_s: int, delay_s: float) -> AsyncIterator[str]:
    """The URL of a proxy that passes ``bytes_s`` towards the server and delays every answer."""

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter, rate: float, delay: float) -> None:
        while data := await source.read(65_536):
            await asyncio.sleep(delay + len(data) / rate)
            sink.write(data)
            await sink.drain()
        sink.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up, down = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pump(reader, down, bytes_s, 0), pump(up, writer, 1e9, delay_s))

    proxy = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"redis://127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
    proxy.close()


async def test_large_publication_gets_through_a_slow_link(server: Server) -> None:
    """The time allowed grows with the size: one megabyte a second is slow, not down."""
    async with slow_link(server.port, 1_000_000, 0.05) as url:
        sink = RedisSink(url)
        started = time.perf_counter()
        assert await sink.publish(publication(1, *board(2500, 1), full=True))
        assert time.perf_counter() - started > 2  # longer than a small command may take
        assert await sink.revision("acme") == (0, 1, 0)
        await sink.close()


async def test_half_a_second_an_answer_is_waited_for(server: Server) -> None:
    """A distant server answers in the end, connecting included, and the rules hold as ever."""
    sink = RedisSink(server.url)
    await sink.publish(publication(1, *board(10, 1)))
    async with slow_link(server.port, 1_000_000, 0.5) as url:
        late = RedisSink(url)
        assert await late.publish(publication(2, *board(10, 2)))
        assert not await late.publish(publication(1, *board(10, 1)))
        await late.close()
    assert await sink.revision("acme") == (0, 2, 0)
    await sink.close()


async def test_write_that_arrives_after_its_time_changes_nothing(server: Server) -> None:
    """A call that was given up may still be carried out later: then a newer revision stands in its way."""
    impatient, other = RedisSink(server.url), RedisSink(server.url)
    await impatient.publish(publication(1, *board(10, 1)))
    async with slow_link(server.port, 1_000_000, 0.2) as url:
        delayed = RedisSink(url)
        lost = asyncio.create_task(delayed.publish(publication(2, *board(10, 2), full=True)))
        await asyncio.sleep(0.3)  # it has asked for the revision and was told 1
        assert await other.publish(publication(3, *board(10, 3), full=True))
        assert not await lost or await other.revision("acme") == (0, 3, 0)
        await delayed.close()
    assert await other.revision("acme") == (0, 3, 0)
    for sink in (impatient, other):
        await sink.close()
