"""Listening addresses of our servers: loopback only, unless access is configured."""

import ipaddress
import socket
from typing import Final

from cli.exits import CliError
from ops.listening import listen

DASHBOARD_PORT: Final = 8080
COLLECTOR_PORT: Final = 8081
ALERTS_PORT: Final = 9480
TRIES: Final = 64  # ports to try if none was requested


def url(host: str, port: int) -> str:
    """The address for a browser; an all-interfaces address becomes this machine's name."""
    name = "localhost" if ipaddress.ip_address(host).is_unspecified else host
    return f"http://{f'[{name}]' if ':' in name else name}:{port}/"


def is_near(host: str) -> bool:
    """Whether an address is reachable from this machine only."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def listener(host: str, port: int | None, usual: int) -> socket.socket:
    """A socket on this port, or on the first free one from ``usual`` on. Raises CliError."""
    try:
        return listen(host, port or usual, 1 if port else TRIES)
    except OSError as error:
        raise CliError(f"cannot listen on {host}:{port or usual}: {error.strerror or error}") from error
