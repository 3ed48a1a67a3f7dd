"""Listening sockets, and whether a request comes from this machine.

The socket is bound before the server starts, so a port in use is detected at once.
"""

import ipaddress
import socket
from collections.abc import Mapping
from typing import Any, Final

WAITING: Final = 256  # backlog: connections waiting to be accepted
HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})  # this machine's names


def listen(host: str, port: int, tries: int = 1) -> socket.socket:
    """A bound socket on the first free of ``tries`` ports. Raises OSError if none is."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    failed: OSError | None = None
    for number in range(port, min(port + tries, 1 << 16)):
        made = socket.socket(family, socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((host, number))
            made.listen(WAITING)
        except OSError as error:
            made.close()
            failed = error
            continue
        return made
    raise failed or OSError(f"no port from {port} on")


def from_here(scope: Mapping[str, Any]) -> bool:
    """Whether an ASGI request comes from this machine."""
    client = scope.get("client")
    try:
        address = ipaddress.ip_address(client[0]) if client else None
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return address is not None and (mapped or address).is_loopback
