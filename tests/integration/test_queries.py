"""Every query of the rules and the board against metrics that a worker really has, after events flowed."""

import asyncio
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from ops.local.net import free_port
from tests.integration.streams_rig import Rig
from tests.integration.watched import Watched, watching
from tests.promql import RULES, asked, panels, queries, rules

pytestmark = pytest.mark.servers
GIVEN = {"job", "instance"}  # labels that Prometheus adds to what it scrapes
PATIENCE = 60.0


async def feed(rig: Rig, watched: Watched) -> None:
    """Events of every kind that has a counter."""
    await rig.until(lambda: _ready(watched), True)
    await rig.produce(2_000)
    await rig.exact()


async def test_every_metric_and_label_that_is_asked_for_is_there(rig: Rig) -> None:
    """Names and labels of all queries, in a real scrape."""
    port = free_port()
    async with watching(port) as watched:
        with rig.worker(env={"CRMKPI_HTTP__PORT": str(port)}):
            await feed(rig, watched)
            seen = await watched.scrape()
    labels: dict[str, set[str]] = {}
    for name, of in seen.samples:
        labels.setdefault(name, set()).update(label for label, _ in of)
    missing = {
        where: (metric, wanted - GIVEN - labels.get(metric, set()))
        for where, query in queries().items()
        for metric, wanted in asked(query)
        if metric != "up" and (metric not in labels or wanted - GIVEN - labels[metric])
    }
    assert missing == {}


@pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not on this machine")
async def test_prometheus_evaluates_every_rule_and_every_panel_finds_something(rig: Rig, tmp_path: Path) -> None:
    """The rules are healthy, none fires but for a worker that was just started; no panel is empty."""
    port, own = free_port(), free_port()
    async with watching(port) as watched:
        with rig.worker(env={"CRMKPI_HTTP__PORT": str(port)}), prometheus(tmp_path, own, port):
            await feed(rig, watched)
            async with aiohttp.ClientSession(f"http://127.0.0.1:{own}") as http:
                await until(lambda: _answers(http, 'up{job="crmkpi"} == 1'), True)
                await asyncio.sleep(3)  # some scrapes: rates need two
                await rig.produce(500)
                empty = set(panels())
                deadline = time.monotonic() + PATIENCE
                while empty and time.monotonic() < deadline:
                    empty = {one for one in empty if not await _answers(http, one[1])}
                    await asyncio.sleep(0.5)
                assert empty == set()
                await until(lambda: _health(http), {rule.alert: "ok" for rule in rules()})
                assert await _firing(http) == set()


@contextmanager
def prometheus(folder: Path, own: int, worker: int) -> Iterator[None]:
    """A Prometheus with our rules that scrapes one worker four times a second."""
    config = folder / "prometheus.yml"
    shutil.copy(RULES, folder / RULES.name)
    config.write_text(json.dumps({
        "global": {"scrape_interval": "250ms", "scrape_timeout": "250ms", "evaluation_interval": "500ms"},
        "rule_files": [RULES.name],
        "scrape_configs": [
            {"job_name": "crmkpi", "static_configs": [{"targets": [f"127.0.0.1:{worker}"]}]},
        ],
    }))  # fmt: skip
    command = [
        "prometheus", f"--config.file={config}", f"--web.listen-address=127.0.0.1:{own}",
        f"--storage.tsdb.path={folder / 'tsdb'}", "--storage.tsdb.retention.time=1h", "--log.level=warn",
    ]  # fmt: skip
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


async def _get(http: aiohttp.ClientSession, path: str, **params: str) -> dict[str, Any]:
    try:
        async with http.get(path, params=params) as answer:
            found: dict[str, Any] = await answer.json()
            assert found["status"] == "success", (params, found)
            return found["data"]  # type: ignore[no-any-return]
    except aiohttp.ClientError:
        return {}


async def _answers(http: aiohttp.ClientSession, query: str) -> bool:
    return bool((await _get(http, "/api/v1/query", query=query)).get("result"))


async def _health(http: aiohttp.ClientSession) -> dict[str, str]:
    groups = (await _get(http, "/api/v1/rules")).get("groups", [])
    return {rule["name"]: rule["health"] for group in groups for rule in group["rules"]}


async def _firing(http: aiohttp.ClientSession) -> set[str]:
    return {a["labels"]["alertname"] for a in (await _get(http, "/api/v1/alerts"))["alerts"] if a["state"] == "firing"}


async def _ready(watched: Watched) -> bool:
    return (await watched.get("/readyz"))[0] == 200


async def until(look: Any, wanted: object) -> None:
    """Look again and again until it is as wanted."""
    deadline = time.monotonic() + PATIENCE
    while (seen := await look()) != wanted:
        assert time.monotonic() < deadline, seen
        await asyncio.sleep(0.3)
