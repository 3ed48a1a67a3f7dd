"""A short crash run with servers of its own, for every change; the long ones are `make crash`."""

import time
from pathlib import Path

import pytest

from ops.local import local_servers
from tests.crash.harness import SESSION_S, Run, say
from tests.crash.plan import plan

KINDS = ("kill", "poison", "corrupt", "settings", "erasures", "redis-flush")


@pytest.mark.servers
async def test_30000_events_are_exact_through_six_faults(tmp_path: Path) -> None:
    """A kill, events the engine fails at, a damaged batch, a company that moves, erasures, Redis flushed: every
    document equals the recount, and `verify` agrees."""
    faults = plan(7, len(KINDS), SESSION_S, KINDS)
    with local_servers(say) as servers:
        now = int(time.time() * 1000)
        run = Run(servers, tmp_path, seed=7, events=30_000, tenants=3, now_ms=now, settle_s=120)

        report = await run.run(faults)

    assert report.problems == []
    assert report.compared.differences == []
    assert report.line().startswith("exact: ")
