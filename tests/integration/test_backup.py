"""Back-up and restore as docs/backup.md has it: a copy of the folder of a stopped Kafka counts on elsewhere."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ops.local import Kafka
from ops.local.kafka import start_kafka
from ops.local.process import ProcessUnit
from ops.local.redis import start_redis

EXAMPLES = Path(__file__).parents[2] / "examples" / "events.jsonl"
PATIENCE = 120.0


class Place:
    """One installation: its servers as the environment names them."""

    def __init__(self, kafka: str, redis: str, folder: Path) -> None:
        self.log = folder / "worker.log"
        self.env = {**os.environ, "KAFKA_BOOTSTRAP_SERVERS": kafka, "REDIS_URL": redis, "CRMKPI_HTTP__PORT": "0"}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command."""
        command = [sys.executable, "-m", "cli", *words]
        return subprocess.run(command, env=self.env, capture_output=True, text=True, check=False, timeout=60)

    @contextmanager
    def worker(self) -> Iterator[None]:
        """Stopped gracefully at the end."""
        with self.log.open("ab") as out:
            process = subprocess.Popen([sys.executable, "-m", "streams"], env=self.env, stdout=out, stderr=out)
        try:
            yield
        finally:
            process.terminate()
            assert process.wait(30) == 0, self.log.read_text()[-2000:]

    def verified(self) -> str:
        """Waits until all is counted and a recount agrees; what `verify` says."""
        end = time.monotonic() + PATIENCE
        while (lag := json.loads(self.run("lag", "--for", "0", "--json").stdout))["records"]:
            assert time.monotonic() < end, lag
        while (done := self.run("verify", "--json")).returncode:
            assert time.monotonic() < end, (done.stdout, done.stderr, self.log.read_text()[-2000:])
            time.sleep(0.5)
        found = json.loads(done.stdout)
        assert found["verified"]
        return str(found["records"])

    def received(self) -> int:
        """How many events the published numbers of the examples' company know."""
        done = self.run("kpis", "get", "received", "--tenant", "acme", "--window", "all", "--json")
        return int(json.loads(done.stdout)["value"])


@pytest.mark.servers
async def test_a_copy_of_kafkas_folder_counts_on_elsewhere(tmp_path: Path) -> None:
    """Another broker at another port with the copy, an empty Redis: `verify` agrees, and new events are counted."""

    kafka, redis = start_kafka(_quiet), start_redis(_quiet)
    try:
        place = Place(kafka.bootstrap, redis.url, tmp_path)
        assert place.run("topics", "ensure").returncode == 0
        assert place.run("import", str(EXAMPLES)).returncode == 0
        with place.worker():
            await asyncio.to_thread(place.verified)
            before = place.received()
        kafka.unit.stop()
        shutil.copytree(folder_of(kafka), tmp_path / "backup")
    finally:
        kafka.unit.remove()
        redis.unit.remove()
    assert before > 0

    kafka, redis = start_kafka(_quiet, data=tmp_path / "backup"), start_redis(_quiet)
    try:
        place = Place(kafka.bootstrap, redis.url, tmp_path)
        with place.worker():
            await asyncio.to_thread(place.verified)
            assert place.received() == before
            sent = place.run("send", "--tenant", "acme", "--type", "crm.deal.won", "--data", '{"deal_id": "new"}')
            assert sent.returncode == 0, sent.stderr
            await asyncio.to_thread(place.verified)
            assert place.received() == before + 1
    finally:
        kafka.unit.remove()
        redis.unit.remove()


def folder_of(kafka: Kafka) -> Path:
    """Where a local broker keeps its data."""
    assert isinstance(kafka.unit, ProcessUnit)
    return kafka.unit.folder / "data"


def _quiet(line: str) -> None:
    """Nobody listens."""
