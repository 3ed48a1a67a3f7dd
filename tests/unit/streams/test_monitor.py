"""What a worker says of itself, without a server."""

import asyncio
import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import aiohttp
import orjson
import pytest
from aiokafka import ConsumerRecord

from models.record import RawRecord, Row
from models.refused import REASONS
from ops.verdicts import Verdict
from streams.checked import checked
from streams.fetched import Fetched
from streams.monitor.engines import Engines
from streams.monitor.health import Stillness, alive, ready
from streams.monitor.lags import Lags
from streams.monitor.metrics import OTHER, Metrics
from streams.monitor.server import MonitorServer
from streams.monitor.stall import StallProbe


def record(offset: int, timestamp: int) -> ConsumerRecord:
    """Of which only offset and time matter."""
    return ConsumerRecord("t", 0, offset, timestamp, 0, None, b"", None, 0, 0, ())


def row(type_: str, time: int) -> Row:
    return Row(0, time, "acme", 1, 2, type_, time, 0, "s", "i", {})


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_types_that_producers_make_up_are_one_series() -> None:
    """Known types have a series each, all others share one; the watermark is the newest time and never goes back."""
    metrics = Metrics()
    metrics.accepted("in", [row("crm.page.viewed", 5), row("crm.made.up", 9), row("crm.made.upto", 7)])
    metrics.accepted("in", [row("crm.page.viewed", 3)])
    metrics.accepted("in", [])
    assert value(metrics, "crmkpi_events_consumed_total", topic="in", type="crm.page.viewed") == 2
    assert value(metrics, "crmkpi_events_consumed_total", topic="in", type=OTHER) == 2
    assert metrics.newest == 9


def test_a_refused_record_is_a_rejection_and_a_dead_letter_by_its_reason() -> None:
    """Reasons are codes, never text of the event."""
    metrics = Metrics()
    metrics.refused("in", ["not_json", "bad_time", "not_json"])
    assert {"not_json", "bad_time"} <= REASONS.keys()
    assert value(metrics, "crmkpi_events_rejected_total", topic="in", reason="not_json") == 2
    assert value(metrics, "crmkpi_dead_letters_total", topic="in", reason="bad_time") == 1


def test_no_label_can_name_a_tenant_or_a_customer() -> None:
    """The labels there are."""
    names = {name for family in Metrics().registry._collector_to_names for name in getattr(family, "_labelnames", ())}
    assert names == {
        "topic", "type", "reason", "disposition", "stage", "partition", "status", "state", "version", "python"
    }  # fmt: skip


def test_no_label_grows_with_what_is_sent() -> None:
    """A topic has a series a known type, one for all others, and one a reason."""
    metrics, sizes = Metrics(), []
    for turn in range(2):
        raw = [
            RawRecord("in", 0, number, 1_717_243_200_000, None, orjson.dumps(event))
            for number in range(300)
            for event in (
                {"type": f"crm.made.up{turn}_{number}", "tenantid": f"t{turn}_{number}", "source": f"s{turn}_{number}"},
                {"type": f"Other{turn}_{number}"},
                {"type": "crm.page.viewed", "data": {f"field{turn}_{number}": 1}},
            )
        ]
        rows, rejections, _ = checked(raw)
        metrics.accepted("in", rows)
        metrics.refused("in", [rejection.reason for rejection in rejections])
        sizes.append(metrics.exposition().count(b'topic="in"'))
    assert sizes == [10, 10]  # a counter has a second series, of when it began


def test_recovery_is_that_of_all_lanes_that_are_read_back() -> None:
    """One when there is none."""
    metrics = Metrics()
    assert metrics.recovery_progress == 1.0
    metrics.recovering(0, 10, 100)
    metrics.recovering(1, 40, 100)
    assert metrics.recovery_progress == 0.25
    metrics.recovered(0)
    metrics.recovered(7)
    assert metrics.recovery_progress == 0.4


def test_lag_is_what_is_not_committed_and_its_age_that_of_the_first_of_it() -> None:
    """A range counts until its end is committed; markers that move the end without a record count for nothing."""
    lags, place = Lags(), ("t", 0)
    lags.flows("t", 0, 10)
    lags.fetched(Fetched("t", 0, 10, 12, [record(10, 1_000), record(11, 2_000)], 1))
    lags.fetched(Fetched("t", 0, 12, 14, [record(12, 5_000)], 1))

    def look() -> tuple[int, float | None]:
        seen = lags.seen({place: (14, 14, None)}, 0.0)[place]
        return seen.lag, lags.age(place, seen, 7_000)

    assert look() == (4, 6.0)
    lags.committed("t", 0, 12)
    assert look() == (2, 2.0)
    lags.fetched(Fetched("t", 0, 14, 15, (), 1))
    lags.committed("t", 0, 15)
    assert look() == (0, 0.0)


def test_the_age_of_what_was_never_fetched_is_unknown() -> None:
    """And one whose fetched records are all done is as old as the last of them."""
    lags, place = Lags(), ("t", 0)
    lags.flows("t", 0, 10)
    seen = lags.seen({place: (10, 20, None)}, 0.0)[place]
    assert (seen.lag, lags.age(place, seen, 7_000)) == (10, None)
    lags.fetched(Fetched("t", 0, 10, 12, [record(11, 2_000)], 1))
    lags.committed("t", 0, 12)
    seen = lags.seen({place: (12, 20, None)}, 0.0)[place]
    assert (seen.lag, lags.age(place, seen, 7_000)) == (8, 5.0)


def test_a_lane_that_commits_and_stands_still_is_told_from_one_that_does_not_commit() -> None:
    """STALL and STOP."""
    lags = Lags()
    lags.flows("t", 0, 10)
    lags.flows("t", 1, 10)
    for at in range(3):
        lags.committed("t", 0, 10)
        lags.windows.add(lags.seen({("t", 0): (12, 20, None), ("t", 1): (12, 20, None)}, float(at)))
    assert {name: number for name, number in lags.verdicts().items() if number} == {Verdict.STALL: 1, Verdict.STOP: 1}


def test_a_stall_is_remembered_for_a_minute_and_the_longest_until_the_next_scrape() -> None:
    """Two stretches of a minute: what is older than both is forgotten."""
    metrics = Metrics()
    probe = StallProbe(metrics)
    probe.note(0.3, 1.0)
    probe.note(0.1, 2.0)
    assert (probe.recent, probe.scraped(), probe.scraped()) == (0.3, 0.3, 0.0)
    probe.note(0.0, 100.0)
    probe.note(0.0, 200.0)
    assert probe.recent == 0.0
    assert value(metrics, "crmkpi_loop_stall_seconds_bucket", le="0.2") == 3


async def test_the_probe_sees_a_loop_that_was_held() -> None:
    """Held for 100 ms: it says at least 80."""
    probe = StallProbe(Metrics())
    probe.start()
    await asyncio.sleep(0.05)
    time.sleep(0.1)  # the fault itself
    await asyncio.sleep(0.02)
    assert 0.08 < probe.scraped() < 5


def test_alive_and_ready_name_what_is_wrong() -> None:
    """Each reason by itself."""
    calm = {"uptime": 5.0, "failures": 0, "stall": 0.01, "still": Stillness(), "limit": 120.0}
    assert alive(**calm)[0]  # type: ignore[arg-type]
    held, body = alive(**calm | {"stall": 11.0})  # type: ignore[arg-type]
    assert (held, "11.0 s" in body["reasons"][0]) == (False, True)
    stuck, body = alive(**calm | {"still": Stillness(61.0, "t/3")})  # type: ignore[arg-type]
    assert (stuck, body["reasons"][0].startswith("t/3 has made no progress for 61 s")) == (False, True)

    assert ready(joined=True, lanes={}, blocked={}, progress=1.0)[0]  # it stands by
    assert not ready(joined=False, lanes={}, blocked={}, progress=1.0)[0]
    fine, body = ready(joined=True, lanes={0: True, 3: False}, blocked={"in/1": "corrupt"}, progress=0.5)
    assert (fine, body["restoring"], body["blocked"]) == (False, [3], {"in/1": "corrupt"})
    assert body["reasons"] == ["lane 3 is restoring", "in/1: corrupt"]


def test_a_process_that_counts_beside_us_is_seen() -> None:
    """Its memory and its processor time; nothing when there is none."""
    metrics = Metrics()
    with subprocess.Popen([sys.executable, "-c", "sum(range(10**7)); print(1, flush=True); input()"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:  # fmt: skip
        assert child.stdout is not None
        child.stdout.readline()
        assert (value(metrics, "crmkpi_engine_memory_bytes") or 0) > 1 << 20
        assert (value(metrics, "crmkpi_engine_cpu_seconds_total") or 0) > 0.01
        child.communicate(b"\n")
    assert next(iter(Engines(Path("/nonexistent")).collect())).samples[0].value == 0


@pytest.mark.parametrize("fine", [True, False])
async def test_the_port_says_what_it_is_told_and_moves_on_when_it_is_taken(fine: bool) -> None:
    """200 or 503 with the body; a second worker of the machine listens beside the first."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        first = taken.getsockname()[1]
        server = MonitorServer(lambda: b"a 1\n", lambda: (fine, {"alive": fine}), lambda: (True, {}))
        await server.start("127.0.0.1", first)
        assert first < server.port < first + 64
        async with aiohttp.ClientSession(f"http://127.0.0.1:{server.port}") as http:
            async with http.get("/healthz") as answer:
                assert (answer.status, json.loads(await answer.text())) == (200 if fine else 503, {"alive": fine})
            async with http.get("/metrics") as answer:
                assert (answer.headers["Content-Type"].split(";")[0], await answer.text()) == ("text/plain", "a 1\n")
            async with http.get("/") as answer:
                assert answer.status == 404
