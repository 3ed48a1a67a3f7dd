"""A real worker, watched over HTTP while events flow."""

import asyncio
import json
import signal
from pathlib import Path

import pytest

from ops.healthy import why_not
from ops.lag import LagReader
from ops.local import Servers
from ops.local.net import free_port
from ops.observe import observe
from ops.verdicts import Verdict
from tests.integration.streams_rig import LANES, Rig
from tests.integration.watched import Watched, watching
from tests.unit.ops.test_healthy import proc

pytestmark = pytest.mark.servers


async def test_a_worker_is_watched_while_events_flow(rig: Rig, tmp_path: Path) -> None:
    """Ready and healthy when every lane is restored; counters equal what was sent; all is counted, so nothing waits."""
    port = free_port()
    async with watching(port) as watched:
        with rig.worker(env={"CRMKPI_HTTP__PORT": str(port), "CRMKPI_LOG_FORMAT": "json"}) as process:
            await rig.until(lambda: _status(watched, "/healthz"), 200)
            await rig.until(lambda: _status(watched, "/readyz"), 200)
            status, body = await watched.body("/readyz")
            assert (status, body["lanes"], body["reasons"]) == (200, list(range(LANES)), [])

            assert await asyncio.to_thread(why_not, port, proc(tmp_path, (7, 1, "python3 -m streams"))) == ""
            await rig.produce(2_000)
            await rig.exact()
            seen = await watched.scrape()
            wanted = rig.wanted()
            accepted = sum(n for counts in wanted.values() for name, n in counts.items() if name != "rejected")
            assert seen("crmkpi_events_consumed_total", topic=rig.input, type="crm.page.viewed") == accepted
            rejected = sum(counts.get("rejected", 0) for counts in wanted.values())
            assert seen("crmkpi_events_rejected_total", topic=rig.input, reason="missing_field") == rejected
            assert seen("crmkpi_dead_letters_total") == rig.refused
            assert seen("crmkpi_batches_total", stage="count") == seen(
                "crmkpi_process_duration_seconds_count", stage="count"
            )
            await rig.until(lambda: _sum(watched, "crmkpi_consumer_lag_records"), 0.0)
            assert seen("crmkpi_lanes", state="ready") == LANES
            assert seen("crmkpi_recovery_progress_ratio") == seen("crmkpi_ready") == 1
            assert seen("crmkpi_kpi_last_update_timestamp_seconds") > seen("process_start_time_seconds") > 0
            assert seen("crmkpi_sink_flush_duration_seconds_count") > 0
            assert seen("crmkpi_loop_stall_seconds_count") > 10
            assert "crmkpi_consumer_lag_seconds" in seen.names
            await rig.until(lambda: _sum(watched, "crmkpi_consumer_status", status="OK"), float(LANES + 20))

            places = [rig.input, rig.options.journal]
            async with LagReader(rig.settings.kafka.bootstrap_servers, rig.settings.app_id, places) as reader:
                found = await observe(reader, 0.5)
                assert (found.verdict, found.lag.records, found.catching_up) == (Verdict.OK, 0, False)
                stamps = {item.commits for item in found.lag.partitions if item.end}
                assert None not in stamps  # inputs by `accept`, lanes in their transactions
            process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(process.wait, 30) == 0
    said = [json.loads(line)["event"] for line in rig.log.read_text().splitlines()]
    assert f"metrics, health and readiness on http://127.0.0.1:{port}/" in said


async def test_a_worker_that_restores_is_alive_and_not_ready(rig: Rig) -> None:
    """It says which lanes, and how far it is."""
    await rig.produce(2_000)
    with rig.worker():
        await rig.exact()
    port = free_port()
    slow = {"CRMKPI_HTTP__PORT": str(port), "CRMKPI_TEST_RESTORE_RATE": "300"}
    async with watching(port) as watched:
        with rig.worker(env=slow):
            await rig.until(lambda: _says_restoring(watched), True)
            assert (await watched.get("/healthz"))[0] == 200
            seen = await watched.scrape()
            assert seen("crmkpi_lanes", state="restoring") > 0
            assert 0 <= seen("crmkpi_recovery_progress_ratio") < 1
            assert seen("crmkpi_ready") == 0
            await rig.until(lambda: _status(watched, "/readyz"), 200)


async def test_a_worker_without_events_is_ready_however_often_it_starts(rig: Rig) -> None:
    """Only a start after which events were tried counts as an end at their position."""
    port = free_port()
    async with watching(port) as watched:
        for _ in range(5):
            with rig.worker(env={"CRMKPI_HTTP__PORT": str(port)}):
                await rig.until(lambda: _status(watched, "/readyz"), 200)
        with rig.worker(env={"CRMKPI_HTTP__PORT": str(port)}):
            await rig.produce(300)
            await rig.exact()
            await rig.until(lambda: _status(watched, "/readyz"), 200)
    assert "failed three times" not in rig.log.read_text()


async def test_two_workers_of_a_machine_have_a_port_each_and_a_store_that_is_away_is_counted(
    rig: Rig, servers: Servers
) -> None:
    """The second takes the next free port; publications that failed are errors of the store."""
    port = free_port()
    env = {"CRMKPI_HTTP__PORT": str(port)}
    with rig.worker(env=env), rig.worker(env=env | {"CRMKPI_REDIS__URL": f"redis://127.0.0.1:{free_port()}/0"}):
        async with watching(port) as one, watching(port + 1) as other:
            await rig.until(lambda: _status(one, "/readyz"), 200)
            await rig.until(lambda: _status(other, "/readyz"), 200)
            lanes = [(await watched.body("/readyz"))[1]["lanes"] for watched in (one, other)]
            assert sorted(lanes[0] + lanes[1]) == list(range(LANES))
            await rig.produce(500, tenants=20)
            await rig.until(lambda: _errors(one, other), True)


async def _status(watched: Watched, path: str) -> int:
    return (await watched.get(path))[0]


async def _sum(watched: Watched, name: str, **labels: str) -> float:
    return (await watched.scrape())(name, **labels)


async def _says_restoring(watched: Watched) -> bool:
    status, body = await watched.body("/readyz")
    return status == 503 and bool(body["restoring"]) and 0 <= body["recovery_progress"] < 1


async def _errors(*watched: Watched) -> bool:
    return any([(await one.scrape())("crmkpi_sink_errors_total") > 0 for one in watched])
