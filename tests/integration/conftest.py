"""What tests of a running worker share."""

from pathlib import Path

import pytest
from redis import Redis

from ops.local import Kafka
from tests.integration.streams_rig import Rig


@pytest.fixture(autouse=True)
def _own_store(request: pytest.FixtureRequest) -> None:
    """An empty Redis: tests name their tenants alike, and an earlier one may have left newer numbers of them."""
    if request.node.get_closest_marker("servers"):
        with Redis.from_url(request.getfixturevalue("redis_url")) as redis:
            redis.flushdb()


@pytest.fixture
async def rig(kafka: Kafka, redis_url: str, app_id: str, tmp_path: Path) -> Rig:
    """An application of its own on the shared servers, with its topics."""
    rig = Rig(kafka.bootstrap, redis_url, app_id, tmp_path / "worker.log")
    await rig.make_topics()
    return rig
