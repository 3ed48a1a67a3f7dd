"""Messages between the worker and its engine process: length-prefixed, plain data only.

`marshal` refuses everything but numbers, text, bytes and containers of these, so no object with behaviour can cross. It
is no storage format: both ends are the same program, one forked from the other.
"""

import marshal
import socket
import struct
from typing import Any, Final

HEADER: Final = struct.Struct(">I")


def encode(message: tuple[Any, ...]) -> bytes:
    """Encode a message. Raises ValueError for anything but plain data."""
    body = marshal.dumps(message)
    return HEADER.pack(len(body)) + body


def decode(body: bytes) -> tuple[Any, ...]:
    """Decode a message's body, without the header."""
    message: tuple[Any, ...] = marshal.loads(body)
    return message


def receive(channel: socket.socket) -> tuple[Any, ...] | None:
    """Wait for the next message; None if the other end is gone."""
    head = _exactly(channel, HEADER.size)
    if head is None:
        return None
    body = _exactly(channel, HEADER.unpack(head)[0])
    return None if body is None else decode(body)


def _exactly(channel: socket.socket, size: int) -> bytes | None:
    data = bytearray(size)
    view = memoryview(data)
    while view:
        try:
            got = channel.recv_into(view)
        except ConnectionError:
            return None
        if not got:
            return None
        view = view[got:]
    return bytes(data)
