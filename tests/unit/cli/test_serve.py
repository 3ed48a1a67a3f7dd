"""`crmkpi serve`: where it listens; and the process that `up` and `demo` keep beside the workers."""

import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.listening import url
from cli.root import app
from cli.server_process import ServerProcess
from ops.local.net import free_port, wait_until

ENV = {"CRMKPI_REDIS__URL": "redis://127.0.0.1:1/0", "CRMKPI_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1"}
SLEEP = "import time; time.sleep(600)"


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody else has."""
    with socket.socket() as own:
        own.bind(("127.0.0.1", 0))
        own.listen()
        yield own.getsockname()[1]


def test_other_machines_need_tokens() -> None:
    """Said before anything listens."""
    done = CliRunner().invoke(app, ["serve", "--host", "0.0.0.0"])
    assert done.exit_code == 2
    assert "set serve_tokens" in done.output


def test_a_port_that_is_asked_for_and_taken_is_said(taken: int) -> None:
    """No other one is taken instead."""
    done = CliRunner().invoke(app, ["serve", "--port", str(taken)])
    assert done.exit_code == 2
    assert f"cannot listen on 127.0.0.1:{taken}" in done.output


def test_addresses_as_browsers_take_them() -> None:
    """All interfaces are this machine's name."""
    assert url("127.0.0.1", 8080) == "http://127.0.0.1:8080/"
    assert url("0.0.0.0", 80) == "http://localhost:80/"
    assert url("::1", 8080) == "http://[::1]:8080/"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_without_redis_and_ends_well(number: signal.Signals) -> None:
    """The page is there, says that it is not ready, and a signal ends it without a complaint."""
    port = free_port()
    command = [sys.executable, "-m", "cli", "serve", "--port", str(port), "--json"]
    root = Path(__file__).parents[3]
    env = {**ENV, "PYTHONPATH": str(root)}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == f'{{"dashboard":"http://127.0.0.1:{port}/"}}\n'.encode()
        assert wait_until(lambda: _status(port, "/healthz") == 200, 30, lambda: server.poll() is None)
        assert _status(port, "/") == 200
        assert _status(port, "/readyz") == 503
        server.send_signal(number)
        _, told = server.communicate(timeout=20)
        assert (server.returncode, told) == (0, b"")


def test_a_dashboard_that_fails_is_started_again_and_ends_with_us(tmp_path: Path) -> None:
    """Later and later; nothing is left."""
    pids, said = tmp_path / "pids", list[str]()
    script = f"import os, sys; open({str(pids)!r}, 'a').write(f'{{os.getpid()}}\\n'); "
    script += f"sys.exit(3) if len(open({str(pids)!r}).readlines()) < 2 else None; {SLEEP}"
    with ServerProcess("serve", 8080, {}, said.append, tmp_path / "log", [sys.executable, "-c", script]) as dashboard:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", dashboard.address)
        assert wait_until(lambda: pids.exists() and len(pids.read_text().split()) == 2, 20, lambda: True)
        assert said == ["crmkpi serve exited with code 3; restarting in 1 s"]
    assert not Path(f"/proc/{pids.read_text().split()[1]}").exists()


def test_a_dashboard_goes_when_its_parent_is_killed(tmp_path: Path) -> None:
    """With -9, too."""
    pid = tmp_path / "pid"
    child = f"import os; open({str(pid)!r}, 'w').write(str(os.getpid())); {SLEEP}"
    script = (
        "import sys, time; from cli.server_process import ServerProcess\n"
        f"with ServerProcess('serve', 8080, {{}}, print, None, [sys.executable, '-c', {child!r}]): time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=Path(__file__).parents[3]) as parent:
        assert wait_until(lambda: pid.exists() and bool(pid.read_text()), 20, lambda: parent.poll() is None)
        time.sleep(0.3)
        parent.kill()
    assert wait_until(lambda: not Path(f"/proc/{pid.read_text()}").exists(), 10, lambda: True)


def _status(port: int, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def test_a_verification_under_way_ends_with_the_server() -> None:
    """Here Kafka is away: what needs it says so, and nothing is left when the server is asked to stop."""
    port = free_port()
    command = [sys.executable, "-m", "cli", "serve", "--port", str(port), "--json"]
    env = {**ENV, "PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as server:
        assert wait_until(lambda: _status(port, "/healthz") == 200, 30, lambda: server.poll() is None)
        assert _status(port, "/api/v1/dead-letters") == 503
        assert _status(port, "/api/v1/workers") == 503
        address = f"http://127.0.0.1:{port}/api/v1/verify"
        headers = {"Content-Type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(address, b"{}", headers), timeout=10) as answer:
            assert b'"running":{' in answer.read()
        time.sleep(1)
        server.send_signal(signal.SIGTERM)
        _, told = server.communicate(timeout=20)
        assert (server.returncode, b"Traceback" in told) == (0, False), told
