"""The command line against a real Kafka, a real Redis and a real worker."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ops.local import Servers

pytestmark = pytest.mark.servers

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "events.jsonl"
AS_OF = "2026-10-31T00:00:00Z"
PATIENCE_S = 180.0


class Shell:
    """`crmkpi` in a folder and an environment of its own."""

    def __init__(self, folder: Path, servers: Servers, app_id: str) -> None:
        self.folder = folder
        self.env = {
            **os.environ,
            "KAFKA_BOOTSTRAP_SERVERS": servers.kafka.bootstrap,
            "REDIS_URL": servers.redis.url,
            "CRMKPI_APP_ID": app_id,
            "CRMKPI_TOPIC_PREFIX": f"{app_id}.",
            "CRMKPI_JOURNAL_PARTITIONS": "2",
            "NO_COLOR": "1",
        }

    def command(self, *args: str) -> list[str]:
        """As typed."""
        return [sys.executable, "-m", "cli", *args]

    def run(self, *args: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Runs to the end; a traceback is a failure of every test."""
        done = subprocess.run(
            self.command(*args), cwd=self.folder, env=self.env, input=stdin, capture_output=True, text=True, timeout=300
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def json(self, *args: str) -> Any:
        """What a command prints with --json; it must end well."""
        done = self.run(*args, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def shell(tmp_path: Path, servers: Servers, app_id: str) -> Shell:
    """A place with topics."""
    shell = Shell(tmp_path, servers, app_id)
    assert shell.run("topics", "ensure").returncode == 0
    return shell


@pytest.fixture
def worker(shell: Shell) -> Iterator[subprocess.Popen[bytes]]:
    """`crmkpi worker --as-of`, ended by Ctrl-C."""
    command = shell.command("worker", "--as-of", AS_OF)
    process = subprocess.Popen(command, cwd=shell.folder, env=shell.env, stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


def published(shell: Shell, kpi: str, value: object) -> dict[str, Any]:
    """The document once it has this value; fails when that takes too long."""
    end = time.monotonic() + PATIENCE_S
    while True:
        done = shell.run("kpis", "get", kpi, "--tenant", "acme", "--window", "month", "--json")
        doc: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {}
        if doc.get("value") == value:
            return doc
        assert time.monotonic() < end, done.stdout + done.stderr
        time.sleep(0.5)


def test_topics_are_planned_made_and_then_right(tmp_path: Path, servers: Servers, app_id: str) -> None:
    """check says 1 before and 0 after."""
    shell = Shell(tmp_path, servers, app_id)
    before = shell.run("topics", "check")
    made = shell.json("topics", "ensure")

    assert before.returncode == 1
    assert {change["kind"] for change in made} == {"create"}
    assert shell.run("topics", "check").returncode == 0
    assert shell.json("topics", "plan") == []


def test_send_says_where_each_event_landed(shell: Shell) -> None:
    """Each on the topic of its type; what would be refused is not sent at all."""
    sent = shell.run("send", "--type", "crm.deal.won", "--data", '{"deal_id": "D-9"}', "--tenant", "acme")
    refused = shell.run("send", "-", stdin='{"type": "crm.deal.won", "data": {}}')

    assert "crm.touchpoints.deals.v1 partition" in sent.stdout
    assert refused.returncode == 2
    assert "missing_field deal_id" in refused.stderr


def test_import_count_publish_verify(shell: Shell, worker: subprocess.Popen[bytes]) -> None:
    """What a worker publishes of a file is what compute says of it; twice imported changes no KPI; verify agrees."""
    done = shell.json("import", str(EXAMPLE))
    assert (done["sent"], done["left_out"]) == (40, 0)
    doc = published(shell, "win_rate", 2 / 3)
    (counted,) = (
        found
        for found in shell.json("compute", str(EXAMPLE), "--as-of", AS_OF, "--kpi", "win_rate", "--window", "month")
        if not found["segment"]
    )
    assert {k: v for k, v in doc.items() if k != "rev"} == {k: v for k, v in counted.items() if k != "rev"}

    shell.json("import", str(EXAMPLE))
    settled(shell)
    assert published(shell, "win_rate", 2 / 3)["numerator"] == 2
    verdict = shell.run("verify", "--frozen", "--json")
    assert json.loads(verdict.stdout)["differences"] == []
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr
    assert "win_rate" in shell.run("top", "--once", "--window", "month").stdout


def settled(shell: Shell) -> None:
    """Waits until nothing waits any more."""
    end = time.monotonic() + PATIENCE_S
    while (lag := shell.json("lag"))["records"] or not any(p["committed"] for p in lag["partitions"]):
        assert time.monotonic() < end, lag
        time.sleep(0.5)
    time.sleep(2)  # a publication may be under way


def test_what_is_not_there_is_said(shell: Shell) -> None:
    """Not published: 1. No such KPI: 2, with what was meant."""
    missing = shell.run("kpis", "get", "win_rate", "--tenant", "nobody")
    unknown = shell.run("kpis", "get", "win_rat")

    assert (missing.returncode, unknown.returncode) == (1, 2)
    assert "did you mean win_rate" in unknown.stderr
