"""What `crmkpi worker` does when no worker could ever work: it says so once and ends, or holds."""

import os
import signal
import subprocess
import sys
from pathlib import Path


def start(folder: Path, *args: str) -> subprocess.Popen[str]:
    """A worker whose settings name a file that is not there."""
    env = {**os.environ, "CRMKPI_KAFKA__SECURITY_PROTOCOL": "SSL", "CRMKPI_KAFKA__CA_FILE": "/nowhere.pem"}
    return subprocess.Popen(
        [sys.executable, "-m", "cli", "worker", *args], cwd=folder, env=env,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_it_ends_with_78_and_names_the_setting(tmp_path: Path) -> None:
    """One line, no traceback."""
    with start(tmp_path) as process:
        _, said = process.communicate(timeout=60)
    assert process.returncode == 78
    assert "kafka.ca_file: /nowhere.pem cannot be read" in said
    assert "Traceback" not in said


def test_with_hold_it_stays_until_it_is_stopped(tmp_path: Path) -> None:
    """An engine that starts again whatever ends has nothing to start again."""
    with start(tmp_path, "--hold") as process:
        assert process.stderr is not None
        said = [process.stderr.readline(), process.stderr.readline()]
        assert "cannot be read" in said[0]
        assert "holding: no worker is running" in said[1]
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 78


def test_a_wrong_setting_is_held_too(tmp_path: Path) -> None:
    """Its code is another one, and a restart helps as little."""
    (tmp_path / "crmkpi.toml").write_text("app_id = 7")
    with start(tmp_path, "--hold") as process:
        assert process.stderr is not None
        assert "app_id" in process.stderr.readline()
        assert "holding" in process.stderr.readline()
        process.terminate()
        assert process.wait(30) == 2
