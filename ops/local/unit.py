"""The controls of a server, whether it is a process, a container or a given address."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

Progress = Callable[[str], None]
"""Takes one short line for people."""


class ServerError(RuntimeError):
    """A server could not be started, found or controlled. The text says how to fix it."""


class Unit(Protocol):
    """The controls of one server. Data and port survive `stop` and `start`; `remove` ends both.

    `start` and `resume` return once the server responds. All raise `ServerError` on failure.
    """

    def start(self) -> None: ...
    def stop(self) -> None:
        """Stop it gracefully and wait for its end."""

    def kill(self) -> None:
        """Kill it at once, like a power cut (SIGKILL)."""

    def pause(self) -> None:
        """Freeze it: connections stay open, nothing is answered (SIGSTOP)."""

    def resume(self) -> None: ...
    def remove(self) -> None:
        """Stop what runs and delete its data. May be called twice."""

    def runs(self) -> bool:
        """Whether it is running, frozen or not; always true for an external server."""

    def memory(self) -> int:
        """Resident memory in bytes; 0 if it is not running."""


@dataclass(frozen=True)
class Kafka:
    """A Kafka broker. `bootstrap` is `host:port` (several: separated by commas)."""

    bootstrap: str
    unit: Unit


@dataclass(frozen=True)
class Redis:
    """A Redis-protocol server. `url` is `redis://host:port/db`, with the credentials it was given."""

    url: str = field(repr=False)
    unit: Unit

    def flush(self) -> None:
        """Delete all keys of all databases, as FLUSHALL does."""
        host, port = host_port(self.url, 6379)
        with socket.create_connection((host, port), timeout=5) as wire:
            wire.sendall(b"FLUSHALL\r\n")
            answer = wire.recv(100)
        if not answer.startswith(b"+OK"):
            raise ServerError(f"FLUSHALL on {shown(self.url)} was refused: {answer.decode(errors='replace').strip()}")


@dataclass(frozen=True)
class Given:
    """A server run by others: we may use it, but never stop it."""

    address: str = field(repr=False)

    def _refuse(self) -> None:
        raise ServerError(f"{shown(self.address)} is external; this program does not start, stop or pause it")

    start = stop = kill = pause = resume = _refuse

    def remove(self) -> None:
        """Does nothing: it is not ours."""

    def runs(self) -> bool:
        """Always true: its operator watches it."""
        return True

    def memory(self) -> int:
        """0: unknown."""
        return 0


def shown(address: str) -> str:
    """The address without credentials, for people and logs."""
    scheme, mark, rest = address.rpartition("://")
    host, slash, path = rest.split("?")[0].partition("/")
    return f"{scheme}{mark}{host.rpartition('@')[2]}{slash}{path}"


def host_port(address: str, default: int) -> tuple[str, int]:
    """`redis://user:pw@host:1/0`, `host:1,other:2`, `[::1]:1` or `host` -> (host, port) of the first."""
    rest = address.split("://")[-1].split(",")[0].split("/")[0].rsplit("@", 1)[-1]
    host, colon, port = rest.rpartition(":")
    if not colon or rest.endswith("]"):
        return rest.strip("[]"), default
    return host.strip("[]"), int(port)
