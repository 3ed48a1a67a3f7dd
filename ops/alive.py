"""`python -m ops.alive WORD`: the health check of a container without workers. Light, as it runs every few seconds.

Exit code 0 if a process whose command line contains WORD has run for 5 s (a worker in a crash loop doesn't live that
long) and Kafka responds at $CRMKPI_KAFKA__BOOTSTRAP_SERVERS. If that needs TLS or credentials, only its port is tried:
`crmkpi doctor` signs in. Redis is not checked: counting continues without it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ops.wire import brokers_at, tcp_opens

OLD_ENOUGH_S = 5.0


def why_not(word: str, bootstrap: str, protocol: str = "", processes: Path = Path("/proc")) -> str:
    """The problem in a few words; empty if there is none."""
    ages = [_age(path, processes) for path in processes.glob("[0-9]*") if word in _command_line(path)]
    if max(ages, default=0.0) < OLD_ENOUGH_S:
        return f"no process with {word!r} in its command line has been running for {OLD_ENOUGH_S:g} s"
    host, _, port = bootstrap.split(",")[0].rpartition(":")
    answers = brokers_at if protocol in ("", "PLAINTEXT") else tcp_opens
    if not answers(host, int(port)):
        return f"Kafka at {bootstrap} does not answer"
    return ""


def _command_line(process: Path) -> str:
    if process.name == str(os.getpid()):
        return ""  # WORD is also in our own command line
    try:
        return (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""  # it ended between the listing and the read


def _age(process: Path, processes: Path) -> float:
    """Seconds since its start; 0 if it has just ended."""
    try:
        ticks = (process / "stat").read_text().rsplit(")", 1)[1].split()[19]
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return float((processes / "uptime").read_text().split()[0]) - int(ticks) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    servers = os.environ["CRMKPI_KAFKA__BOOTSTRAP_SERVERS"]
    sys.exit(why_not(sys.argv[1], servers, os.environ.get("CRMKPI_KAFKA__SECURITY_PROTOCOL", "")) or 0)
