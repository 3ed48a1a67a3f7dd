"""A socket for a server of ours, bound before the server starts: a port that is taken is known at once."""

import socket
from typing import Final

WAITING: Final = 256  # connections that wait to be taken


def listen(host: str, port: int, tries: int = 1) -> socket.socket:
    """A bound socket on the first free port of so many. Raises OSError when none is."""
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
