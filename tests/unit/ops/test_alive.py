"""Rules of the containers' health check."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ops.alive import why_not
from ops.local import Servers
from ops.local.net import free_port


@pytest.fixture
def processes(tmp_path: Path) -> Path:
    """A /proc with one worker that was started 60 s ago."""
    hertz = os.sysconf("SC_CLK_TCK")
    (tmp_path / "uptime").write_text("100.0 50.0\n")
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "cmdline").write_bytes(b"python3\0-m\0streams\0")
    (tmp_path / "7" / "stat").write_text(f"7 (a (b) c) S {'0 ' * 18}{40 * hertz} 0 0\n")
    return tmp_path


@pytest.mark.servers
def test_a_running_worker_whose_kafka_answers_is_healthy(processes: Path, servers: Servers) -> None:
    """Process there, broker there: nothing to say."""
    assert why_not("streams", servers.kafka.bootstrap, processes=processes) == ""


def test_what_is_missing_is_named(processes: Path) -> None:
    """No such process; or no broker at the address."""
    nowhere = f"127.0.0.1:{free_port()}"
    assert "no process with 'simulator'" in why_not("simulator", nowhere, processes=processes)
    assert f"Kafka at {nowhere} does not answer" in why_not("streams", nowhere, processes=processes)


@pytest.mark.servers
def test_a_worker_that_stops_itself_again_and_again_is_not_healthy(processes: Path, servers: Servers) -> None:
    """A process that is only 1 s old does not count yet."""
    hertz = os.sysconf("SC_CLK_TCK")
    (processes / "7" / "stat").write_text(f"7 (python3) S {'0 ' * 18}{99 * hertz} 0 0\n")
    assert "has been running for 5 s" in why_not("streams", servers.kafka.bootstrap, processes=processes)
