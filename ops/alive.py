"""`python -m ops.alive WORD`: the health check of a container. Light on purpose, since it runs every few seconds.

Exit code 0 when a process whose command line contains WORD runs, and Kafka answers at $CRMKPI_KAFKA__BOOTSTRAP_SERVERS.
Redis is not asked: counting goes on without it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ops.wire import brokers_at


def why_not(word: str, bootstrap: str, processes: Path = Path("/proc")) -> str:
    """Empty when all is well, else what is not, in a few words."""
    if not any(word in line for line in _command_lines(processes)):
        return f"no process with {word!r} in its command line runs"
    host, _, port = bootstrap.split(",")[0].rpartition(":")
    if not brokers_at(host, int(port)):
        return f"Kafka at {bootstrap} does not answer"
    return ""


def _command_lines(processes: Path) -> list[str]:
    found = []
    for path in processes.glob("[0-9]*/cmdline"):
        if path.parent.name != str(os.getpid()):
            try:
                found.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
            except (FileNotFoundError, ProcessLookupError):
                continue  # it ended between the listing and the look
    return found


if __name__ == "__main__":
    sys.exit(why_not(sys.argv[1], os.environ["CRMKPI_KAFKA__BOOTSTRAP_SERVERS"]) or 0)
