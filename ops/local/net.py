"""Ports on 127.0.0.1, and waiting."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable

from ops.local.unit import ServerError

HOST = "127.0.0.1"
# Below the ephemeral port range of common systems, so that a port stays free while its server is down between a stop
# and a restart.
LOWEST, HIGHEST = 20_000, 32_000


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A free port on 127.0.0.1. Raises ServerError after 200 tries."""
    for _ in range(200):
        port = random.randint(LOWEST, HIGHEST)
        if is_free(port):
            return port
    raise ServerError(f"no free port between {LOWEST} and {HIGHEST} on {HOST}; see what uses them: ss -ltnp")


def wanted_port(port: int, what: str) -> int:
    """`port`, or a free one if it is 0. Raises ServerError if it is in use."""
    if port and not is_free(port):
        raise ServerError(
            f"port {port} on {HOST}, wanted for {what}, is in use by another program. "
            f"See which one: ss -ltnp 'sport = :{port}'; stop it, or choose another port."
        )
    return port or free_port()


def wait_until(question: Callable[[], bool], seconds: float, still_there: Callable[[], bool]) -> bool:
    """Poll every 50 ms until `question` is true (True), the time is up or `still_there` is false (False)."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and still_there():
        if question():
            return True
        time.sleep(0.05)
    return False
