"""Ports on 127.0.0.1, and the shortest question that proves a server is really serving."""

from __future__ import annotations

import random
import socket
import struct
import time
from collections.abc import Callable

from ops.local.unit import ServerError

HOST = "127.0.0.1"
# Below the range from which systems take ports for outgoing connections, so that a port stays free
# while its server is down between a stop and a restart.
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
    """A port of 127.0.0.1 that nobody listens on. Raises ServerError when 200 tries found none."""
    for _ in range(200):
        port = random.randint(LOWEST, HIGHEST)
        if is_free(port):
            return port
    raise ServerError(f"no free port between {LOWEST} and {HIGHEST} on {HOST}; what holds them all? Try: ss -ltnp")


def wanted_port(port: int, what: str) -> int:
    """`port`, or a free one when it is 0. Raises ServerError when the wanted one is taken."""
    if port and not is_free(port):
        raise ServerError(
            f"port {port} on {HOST}, wanted for {what}, is taken by another program. "
            f"See which one with: ss -ltnp 'sport = :{port}'; stop it, or choose another port."
        )
    return port or free_port()


def kafka_answers(host: str, port: int) -> bool:
    """Whether a broker there is in service: its metadata (version 1) lists at least one broker."""
    body = struct.pack(">hhihi", 3, 1, 1, -1, 0)
    try:
        with socket.create_connection((host, port), timeout=2) as wire:
            wire.sendall(struct.pack(">i", len(body)) + body)
            head = _exactly(wire, 12)
    except OSError:
        return False
    return len(head) == 12 and int(struct.unpack(">iii", head)[2]) > 0


def redis_answers(host: str, port: int) -> bool:
    """Whether a server there answers PING; one that asks for a password answers too."""
    try:
        with socket.create_connection((host, port), timeout=2) as wire:
            wire.sendall(b"PING\r\n")
            answer = wire.recv(64)
    except OSError:
        return False
    return answer.startswith((b"+PONG", b"-NOAUTH"))


def _exactly(wire: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size and (more := wire.recv(size - len(data))):
        data += more
    return data


def wait_until(question: Callable[[], bool], seconds: float, still_there: Callable[[], bool]) -> bool:
    """Ask every 50 ms until yes (True), or until the time is up or `still_there` says no (False)."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and still_there():
        if question():
            return True
        time.sleep(0.05)
    return False
