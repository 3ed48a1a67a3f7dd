"""Reads a request body within limits of size and time."""

import asyncio
import zlib
from typing import Final

from starlette.requests import ClientDisconnect, Request

from collectors.server.problems import Refusal

EVENT_BYTES: Final = 32 << 10
BATCH_BYTES: Final = 500 << 10
SECONDS: Final = 10.0  # for a body to arrive completely


async def read_body(request: Request, most: int) -> bytes:
    """The body, decompressed if it is gzip. Raises Refusal 400, 408, 413, 415."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", ""):
        raise Refusal(415, "encoding", "Content-Encoding must be gzip, or not be there", field="Content-Encoding")
    given = request.headers.get("content-length", "")
    if given.isdigit() and int(given) > most:
        raise too_large(most)
    try:
        async with asyncio.timeout(SECONDS):
            return await _read(request, most, _Unpacker(most) if encoding == "gzip" else None)
    except TimeoutError:
        raise Refusal(408, "slow", f"the body did not arrive within {SECONDS:g} s") from None
    except ClientDisconnect:
        raise Refusal(400, "cut", "the connection ended before the body did") from None


async def _read(request: Request, most: int, unpacker: "_Unpacker | None") -> bytes:
    parts: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        part = unpacker.unpacked(chunk) if unpacker else chunk
        size += len(part)
        if size > most:
            raise too_large(most)
        parts.append(part)
    if unpacker and not unpacker.whole:
        raise Refusal(400, "gzip", "the body is not a complete gzip stream")
    return b"".join(parts)


def too_large(most: int) -> Refusal:
    """The refusal of a body larger than ``most`` bytes."""
    return Refusal(413, "size", f"the body is larger than {most >> 10} KB")


class _Unpacker:
    """Decompresses at most one byte beyond the limit, which stops zip bombs."""

    def __init__(self, most: int) -> None:
        self._left = most + 1
        self._unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)

    @property
    def whole(self) -> bool:
        return self._unpack.eof and not self._unpack.unused_data

    def unpacked(self, chunk: bytes) -> bytes:
        if self._unpack.eof and chunk:
            raise Refusal(400, "gzip", "there is more behind the end of the gzip stream")
        try:
            part = self._unpack.decompress(chunk, self._left)
        except zlib.error:
            raise Refusal(400, "gzip", "the body is no gzip stream") from None
        self._left -= len(part)
        return part
