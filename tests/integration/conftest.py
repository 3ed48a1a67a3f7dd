"""What tests of a running worker share."""

from pathlib import Path

import pytest

from ops.local import Kafka
from tests.integration.streams_rig import Rig


@pytest.fixture
async def rig(kafka: Kafka, redis_url: str, app_id: str, tmp_path: Path) -> Rig:
    """An application of its own on the shared servers, with its topics."""
    rig = Rig(kafka.bootstrap, redis_url, app_id, tmp_path / "worker.log")
    await rig.make_topics()
    return rig
