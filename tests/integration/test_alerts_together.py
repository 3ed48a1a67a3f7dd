"""Two runners at once, killed, paused and joined again, and Redis flushed: each change is told once, none is lost."""

import random
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
from redis import Redis

from alerts import book
from ops.local import Kafka
from tests.integration.alerts_rig import SESSION_S, Receiver, Rig

pytestmark = pytest.mark.servers
TENANTS: Final = [f"company-{number}" for number in range(8)]  # of every partition
ROUNDS: Final = 5


@pytest.fixture
async def rig(kafka: Kafka, redis_url: str, app_id: str, tmp_path: Path) -> AsyncIterator[Rig]:
    """An installation with tenants in every partition."""
    receiver = Receiver()
    made = Rig(kafka.bootstrap, redis_url, app_id, tmp_path, TENANTS, receiver)
    await made.ready()
    yield made
    receiver.close()
    assert receiver.wrong == []


async def test_two_runners_killed_paused_and_a_redis_that_forgets(rig: Rig) -> None:
    chance = random.Random(16)
    bad: set[str] = set()
    first, second = rig.start(), rig.start()
    try:
        for number in range(ROUNDS):
            bad ^= set(chance.sample(TENANTS, 5))
            await rig.publish({tenant: 0.1 if tenant in bad else 0.9 for tenant in TENANTS})
            if number == 1:
                first.kill()
                first.wait()
                first = rig.start()
            elif number == 2:  # longer than the group waits: when it goes on, what it owned is another's
                second.send_signal(signal.SIGSTOP)
                paused = time.monotonic()
            elif number == 3:
                with Redis.from_url(rig.redis_url) as redis:
                    redis.flushdb()
                await rig.publish({tenant: 0.1 if tenant in bad else 0.9 for tenant in TENANTS})
            await told(rig, bad, f"round {number}")
            if number == 2:
                assert time.monotonic() - paused > SESSION_S / 2
                second.send_signal(signal.SIGCONT)
    finally:
        for process in (first, second):
            process.send_signal(signal.SIGCONT)
            process.terminate()
    assert [first.wait(30), second.wait(30)] == [0, 0], rig.log.read_text()[-2000:]
    for tenant in TENANTS:
        entries = await rig.entries(tenant)
        changes = [(int(key[3]), value["state"]) for key, value in entries.of(book.CHANGE, tenant)]
        assert rig.receiver.told(tenant) == sorted(changes)
        assert [state for _, state in sorted(changes)] == ["raised", "cleared"] * (len(changes) // 2) + ["raised"] * (
            len(changes) % 2
        )
        assert {value["status"] for _, value in entries.of("delivery", tenant)} <= {"sent"}


async def told(rig: Rig, bad: set[str], said: str) -> None:
    """Until the last that was told of each tenant is what holds."""
    await rig.until(lambda: all(holds(rig, tenant, tenant in bad) for tenant in TENANTS), said)


def holds(rig: Rig, tenant: str, raised: bool) -> bool:
    """Whether the last that was told of a tenant is so."""
    heard = rig.receiver.told(tenant)
    return (heard[-1][1] == "raised" if heard else False) == raised


async def test_the_page_has_its_alerts_again_after_a_flush(rig: Rig) -> None:
    tenant = TENANTS[0]
    await rig.publish({tenant: 0.1})
    with rig.running(), Redis.from_url(rig.redis_url, decode_responses=True) as redis:
        key = f"crmkpi:{{{tenant}}}:alerts"
        await rig.until(lambda: '"raised":true' in str(redis.get(key)))
        redis.flushdb()
        await rig.until(lambda: '"raised":true' in str(redis.get(key)))
    assert rig.receiver.told(tenant) == [(1, "raised")]  # numbers that are gone clear nothing
