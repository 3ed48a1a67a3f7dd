"""The shortest requests that prove a server is serving, without a client library and its retries."""

from __future__ import annotations

import socket
import ssl
import struct
from typing import NamedTuple


class Broker(NamedTuple):
    """A broker's advertised address."""

    node: int
    host: str
    port: int


def tcp_opens(host: str, port: int, timeout: float = 2.0) -> bool:
    """Whether anything there accepts a connection within `timeout` seconds."""
    try:
        socket.create_connection((host, port), timeout=timeout).close()
    except OSError:
        return False
    return True


def brokers_at(host: str, port: int, timeout: float = 2.0) -> list[Broker]:
    """The brokers a Kafka there advertises (Metadata request, version 1); empty without a plain-text answer."""
    request = struct.pack(">hhihi", 3, 1, 1, -1, 0)
    try:
        with socket.create_connection((host, port), timeout=timeout) as wire:
            wire.sendall(struct.pack(">i", len(request)) + request)
            (size,) = struct.unpack(">i", _exactly(wire, 4))
            return _brokers(_exactly(wire, min(size, 1 << 20)))
    except (OSError, struct.error):
        return []


def tls_opens(host: str, port: int, timeout: float = 2.0) -> bool:
    """Whether a server there speaks TLS. Its certificate is not checked, and nothing is sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with socket.create_connection((host, port), timeout=timeout) as wire:
            context.wrap_socket(wire).close()
    except OSError:
        return False
    return True


def redis_answers(host: str, port: int, timeout: float = 2.0) -> bool:
    """Whether a server there answers PING; a request for a password counts."""
    try:
        with socket.create_connection((host, port), timeout=timeout) as wire:
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


def _brokers(body: bytes) -> list[Broker]:
    _, count = struct.unpack_from(">ii", body)
    found, at = [], 8
    for _ in range(count):
        node, length = struct.unpack_from(">ih", body, at)
        host = body[at + 6 : at + 6 + length].decode()
        port, rack = struct.unpack_from(">ih", body, at + 6 + length)
        found.append(Broker(node, host, port))
        at += 6 + length + 6 + max(0, rack)
    return found
