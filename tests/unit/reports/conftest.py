"""A Redis with a simulated company's published numbers."""

import asyncio
from collections.abc import Iterator

import pytest

from ops.local.redis import start_redis
from sinks.base import Points, Publication
from sinks.redis_sink import RedisSink
from tests.unit.reports.samples import HELD, TENANT


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    """A server of its own, and all of `numbers.json` in it."""
    server = start_redis(lambda said: None)
    try:
        asyncio.run(fill(server.url))
        yield server.url
    finally:
        server.unit.remove()


async def fill(url: str) -> None:
    """Publishes as a worker does."""
    sink, histories = RedisSink(url), HELD["histories"].items()
    points = [Points(kpi, step, "0", "9", values) for kpi, steps in histories for step, values in steps.items()]
    await sink.publish(Publication(TENANT, 1, 1, HELD["as_of"], HELD["documents"], full=True, points=points))
    await sink.close()
