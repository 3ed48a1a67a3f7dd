"""Rules of the containers' health check."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.alive import why_not
from ops.local import Servers
from ops.local.net import free_port


@pytest.fixture
def processes(tmp_path: Path) -> Path:
    """A /proc with one worker."""
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "cmdline").write_bytes(b"python3\0-m\0streams\0")
    return tmp_path


@pytest.mark.servers
def test_a_running_worker_whose_kafka_answers_is_healthy(processes: Path, servers: Servers) -> None:
    """Process there, broker there: nothing to say."""
    assert why_not("streams", servers.kafka.bootstrap, processes) == ""


def test_what_is_missing_is_named(processes: Path) -> None:
    """No such process; or no broker at the address."""
    nowhere = f"127.0.0.1:{free_port()}"
    assert "no process with 'simulator'" in why_not("simulator", nowhere, processes)
    assert f"Kafka at {nowhere} does not answer" in why_not("streams", nowhere, processes)
