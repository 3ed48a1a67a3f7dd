"""`python -m ops.healthy`: the health check of a container of workers. Light on purpose: it runs every few seconds.

Exit code 0 when each worker process of this container answers on its port (from $CRMKPI_HTTP__PORT on), lives, is
ready, and has not just been started again by the supervisor: one that ends itself again and again is never healthy.
Redis is not asked: counting goes on without it. Without Kafka workers end, which shows.
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
SECONDS: Final = 2.0  # for an answer
STEADY_S: Final = 60.0  # a worker that was started again has to live so long, as the supervisor has it


def why_not(first: int, processes: Path = Path("/proc")) -> str:
    """Empty when all is well, else what is not, in a few words. ``first``: the first of the workers' ports."""
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
    """Process ids of workers; what a worker starts itself is not one."""
    found = {}
    for path in processes.glob("[0-9]*"):
        try:
            words = (path / "cmdline").read_bytes().split(b"\0")
            parent = int((path / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended between the listing and the look
        if (b"-m", b"streams") in pairwise(words):
            found[int(path.name)] = parent
    return [pid for pid, parent in found.items() if parent not in found]


def _answers(first: int) -> Iterator[tuple[int, tuple[dict[str, Any], dict[str, Any]]]]:
    for port in range(first, min(first + PORTS, 1 << 16)):
        alive = _ask(port, "/healthz")
        if alive is not None and "alive" in alive:
            yield port, (alive, _ask(port, "/readyz") or {})


def _ask(port: int, path: str) -> dict[str, Any] | None:
    """The body; None when nobody answers in time, or with something else."""
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
