"""`python -m ops.healthy`: the health check of a container of workers. Light, as it runs every few seconds.

Exit code 0 if every worker process of this container answers on its port (from $CRMKPI_HTTP__PORT), is alive and ready,
and was not restarted recently: a worker in a crash loop is never healthy. Redis is not checked: counting continues
without it. Without Kafka workers exit, which this detects.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

PORT: Final = "CRMKPI_HTTP__PORT"
FIRST: Final = "9464"
PORTS: Final = 64  # as many as workers try
SECONDS: Final = 2.0  # time limit per request
STEADY_S: Final = 60.0  # uptime after which a restarted worker counts as steady; the same as the supervisor's


def why_not(first: int, processes: Path = Path("/proc")) -> str:
    """The problem in a few words; empty if there is none. ``first``: the workers' first port."""
    if not first:
        return f"{PORT} is 0: workers cannot be queried"
    running, answers = len(workers(processes)), dict(_answers(first))
    if not running:
        return "no worker is running"
    if len(answers) < running:
        return f"{running} workers running, {len(answers)} responding"
    for port, (alive, ready) in answers.items():
        if reasons := [*alive.get("reasons", ["no answer"]), *ready.get("reasons", ["no answer"])]:
            return f"worker on port {port}: {'; '.join(reasons)}"
        if alive["failures"] and alive["uptime_s"] < STEADY_S:
            return f"worker on port {port} was restarted {alive['failures']} times in a row"
    return ""


def workers(processes: Path) -> list[int]:
    """Process ids of workers, without their child processes."""
    found = {}
    for path in processes.glob("[0-9]*"):
        try:
            words = (path / "cmdline").read_bytes().split(b"\0")
            parent = int((path / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended between the listing and the read
        if (b"-m", b"streams") in pairwise(words):
            found[int(path.name)] = parent
    return [pid for pid, parent in found.items() if parent not in found]


def _answers(first: int) -> Iterator[tuple[int, tuple[dict[str, Any], dict[str, Any]]]]:
    for port in range(first, min(first + PORTS, 1 << 16)):
        alive = _ask(port, "/healthz")
        if alive is not None and "alive" in alive:
            yield port, (alive, _ask(port, "/readyz") or {})


def _ask(port: int, path: str) -> dict[str, Any] | None:
    """The body; None if there is no answer in time, or another one."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", path)
        body = json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
    return body if isinstance(body, dict) else None


if __name__ == "__main__":
    sys.exit(why_not(int(os.environ.get(PORT, FIRST))) or 0)
