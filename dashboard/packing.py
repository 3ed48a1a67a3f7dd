"""Compressed server-sent events: each message reaches the client at once, and there is no state per stream.

A large message is a separate deflate stream that ends with a sync flush, a small one a stored block; concatenated they
form a gzip stream (RFC 1951, RFC 1952).
"""

import zlib
from collections.abc import AsyncIterator
from typing import Final

HEAD: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
LAST: Final = b"\x01\x00\x00\xff\xff"  # an empty stored block, the last of the stream
SMALL: Final = 1024  # bytes; smaller messages are not worth compressing
LEVEL: Final = 5
WORD: Final = (1 << 32) - 1


async def gzipped(messages: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The messages as one gzip stream, one chunk each."""
    before, check, size = HEAD, 0, 0
    async for message in messages:
        check, size = zlib.crc32(message, check), size + len(message)
        yield before + _packed(message)
        before = b""
    yield before + LAST + check.to_bytes(4, "little") + (size & WORD).to_bytes(4, "little")


def accepts_gzip(header: str) -> bool:
    """Whether an Accept-Encoding header names gzip, and not with a weight of zero."""
    for one in header.lower().split(","):
        name, _, weight = one.partition(";")
        if name.strip() == "gzip":
            return weight.replace(" ", "") not in ("q=0", "q=0.0")
    return False


def _packed(message: bytes) -> bytes:
    if len(message) < SMALL:
        size = len(message)
        return b"\x00" + size.to_bytes(2, "little") + (size ^ 0xFFFF).to_bytes(2, "little") + message
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(message) + packer.flush(zlib.Z_SYNC_FLUSH)
