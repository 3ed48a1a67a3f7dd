"""The alert runner killed at each of its steps: every change of state is told once, by webhook-id, and none is lost."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from alerts import book
from notify.failpoints import ALL
from ops.local import Kafka
from tests.integration.alerts_rig import Receiver, Rig

pytestmark = pytest.mark.servers
TENANT = "acme"


@pytest.fixture
async def rig(kafka: Kafka, redis_url: str, app_id: str, tmp_path: Path) -> AsyncIterator[Rig]:
    """An installation with one tenant, whose numbers are fine."""
    receiver = Receiver()
    made = Rig(kafka.bootstrap, redis_url, app_id, tmp_path, [TENANT], receiver)
    await made.ready()
    yield made
    receiver.close()
    assert receiver.wrong == []


@pytest.mark.parametrize("failpoint", ALL)
async def test_killed_at_each_step(rig: Rig, failpoint: str) -> None:
    dying = rig.start(failpoint)
    await rig.publish({TENANT: 0.2})
    await rig.until(lambda: dying.poll() is not None, f"it did not die at {failpoint}")
    assert dying.returncode == -9
    with rig.running():
        await rig.until(lambda: bool(rig.receiver.told(TENANT)), "nothing was told")
        await rig.publish({TENANT: 0.5})
        await rig.until(lambda: len(rig.receiver.told(TENANT)) == 2, "the end was not told")
    assert rig.receiver.told(TENANT) == [(1, "raised"), (2, "cleared")]
    by_id = {one.id: one for one in rig.receiver.got}
    assert all(one == by_id[one.id] for one in rig.receiver.got)  # what comes again is the same
    repeated = failpoint in ("delivery-2-sent", "delivery-3-begun", "delivery-4-written")
    assert len(rig.receiver.got) == 2 + repeated
    log = book.log_of(await rig.entries(TENANT), TENANT, 10)
    assert [(one["number"], one["deliveries"][0]["status"]) for one in log] == [(2, "sent"), (1, "sent")]
