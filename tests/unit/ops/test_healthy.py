"""Rules of the health check of a container of workers: real ports, a made-up /proc."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from ops.healthy import why_not, workers
from ops.local.net import free_port, is_free
from ops.supervisor import FAILURES, Pace, Supervisor

CALM = {"alive": True, "reasons": [], "uptime_s": 6.0, "failures": 0}
READY = {"ready": True, "reasons": []}


@pytest.fixture
def port() -> int:
    """The first of two free ports."""
    while not is_free(1 + (port := free_port())):
        continue
    return port


def proc(folder: Path, *known: tuple[int, int, str]) -> Path:
    """A /proc of (pid, parent, command line)."""
    for pid, parent, command in known:
        (folder / str(pid)).mkdir()
        (folder / str(pid) / "cmdline").write_bytes(command.replace(" ", "\0").encode() + b"\0")
        (folder / str(pid) / "stat").write_text(f"{pid} (a (b) c) S {parent} 0")
    return folder


@contextmanager
def answering(port: int, alive: dict[str, Any], ready: dict[str, Any]) -> Iterator[None]:
    """A worker's port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = alive if self.path == "/healthz" else ready
            self.send_response(503 if body["reasons"] else 200)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def test_what_a_worker_starts_is_no_worker(tmp_path: Path) -> None:
    """A copy of itself, or a module below ours; nor is what has the word in its arguments."""
    found = proc(
        tmp_path, (1, 0, "crmkpi worker"), (7, 1, "python3 -m streams"), (8, 7, "python3 -m streams"),
        (9, 7, "python3 -m streams.engine"), (10, 1, "grep streams"),
    )  # fmt: skip
    assert workers(found) == [7]


def test_workers_that_live_and_are_ready_are_healthy(tmp_path: Path, port: int) -> None:
    """All of them, each on a port of its own."""
    two = proc(tmp_path, (7, 1, "python3 -m streams"), (8, 1, "python3 -m streams --as-of x"))
    with ExitStack() as stack:
        stack.enter_context(answering(port, CALM, READY))
        assert why_not(port, two) == "2 workers running, 1 responding"
        stack.enter_context(answering(port + 1, CALM, READY))
        assert why_not(port, two) == ""


@pytest.mark.parametrize(
    ("alive", "ready", "word"),
    [
        (CALM | {"reasons": ["the loop stood still"]}, READY, "the loop stood still"),
        (CALM, {"ready": False, "reasons": ["lane 3 is restoring"]}, "lane 3 is restoring"),
        (CALM | {"failures": 3}, READY, "was restarted 3 times in a row"),
        (CALM | {"failures": 3, "uptime_s": 61.0}, READY, ""),
    ],
)
def test_what_is_wrong_is_said(
    tmp_path: Path, port: int, alive: dict[str, Any], ready: dict[str, Any], word: str
) -> None:
    """In the worker's own words; one that was started again has to live for a minute."""
    one = proc(tmp_path, (7, 1, "python3 -m streams"))
    with answering(port, alive, ready):
        found = why_not(port, one)
    assert word in found
    assert bool(word) == bool(found)


def test_no_worker_and_no_port_are_said(tmp_path: Path, port: int) -> None:
    """Between two starts of a worker that ends itself, and with the port turned off."""
    assert why_not(port, proc(tmp_path, (1, 0, "crmkpi worker"))) == "no worker is running"
    assert "is 0" in why_not(0, tmp_path)


def test_the_command_ends_with_1_and_the_reason(port: int) -> None:
    """What Docker runs."""
    done = subprocess.run([sys.executable, "-m", "ops.healthy"], env={"CRMKPI_HTTP__PORT": "0"}, capture_output=True,
                          text=True, check=False)  # fmt: skip
    assert (done.returncode, done.stderr.strip()) == (1, "CRMKPI_HTTP__PORT is 0: workers cannot be queried")


def test_the_supervisor_tells_a_worker_how_often_it_was_started_again(tmp_path: Path) -> None:
    """0 at first, then one more each time."""
    script = (
        f"import os; f = open({str(tmp_path / 'n')!r}, 'a'); f.write(os.environ[{FAILURES!r}]); f.close()\n"
        f"raise SystemExit(0 if os.environ[{FAILURES!r}] == '3' else 70)"
    )
    pace = Pace(first=0.01, longest=0.01, healthy=60.0, grace=1.0)
    assert Supervisor([sys.executable, "-c", script], 1, lambda line: None, pace).run() == 0
    assert (tmp_path / "n").read_text() == "0123"
