"""How large a compressed batch would become: some kilobytes can stand for more than a machine has memory for.

It is measured into memory that is used again and again, before aiokafka expands the batch for good.
"""

import mmap
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import Final

import cramjam
from aiokafka.errors import CorruptRecordException

LIMIT: Final = 64 << 20  # bytes; a batch of a megabyte of the most repetitive events expands to half of that
GZIP, SNAPPY, LZ4, ZSTD = range(1, 5)
MOST: Final = {GZIP: 1032, LZ4: 255}  # bytes that one can become at most; zstd has no such bound
_PIECE: Final = 4096
_GZIP_MEMBER: Final = zlib.MAX_WBITS | 16
_XERIAL: Final = b"\x82SNAPPY\0"
_XERIAL_HEADER: Final = 16


class TooLarge(CorruptRecordException):  # type: ignore[misc]
    """A batch that expands to more than LIMIT bytes: it is not read."""


@cache
def _scratch() -> mmap.mmap:
    return mmap.mmap(-1, LIMIT)


def check(codec: int, compressed: memoryview) -> None:
    """Raises TooLarge. Bytes that are not of this codec are left to their reader."""
    if codec in MOST and len(compressed) * MOST[codec] <= LIMIT:
        return
    fits: Callable[[memoryview], bool] | None = _FITS.get(codec)
    if fits is not None and not fits(compressed):
        raise TooLarge(f"{len(compressed):,} bytes expand to more than {LIMIT >> 20} MB")


def _gzip(data: memoryview) -> bool:
    left, at, member = LIMIT, 0, zlib.decompressobj(_GZIP_MEMBER)
    while at < len(data):
        piece = data[at : at + _PIECE]
        try:
            left -= len(member.decompress(piece, left + 1))
        except zlib.error:
            return True
        if left < 0:
            return False
        at += len(piece) - len(member.unused_data)
        if member.eof:
            member = zlib.decompressobj(_GZIP_MEMBER)
    return True


def _into(expand: Callable[[memoryview, mmap.mmap], int]) -> Callable[[memoryview], bool]:
    def fits(data: memoryview) -> bool:
        try:
            expand(data, _scratch())
        except cramjam.DecompressionError as error:
            return "whole buffer" not in str(error)
        return True

    return fits


def _snappy(data: memoryview) -> bool:
    try:
        return sum(map(cramjam.snappy.decompress_raw_len, _snappy_blocks(data))) <= LIMIT
    except (cramjam.DecompressionError, struct.error):
        return True


def _snappy_blocks(data: memoryview) -> Iterator[memoryview]:
    """One, or those of the framing that Java's clients use."""
    if bytes(data[: len(_XERIAL)]) != _XERIAL:
        yield data
        return
    at = _XERIAL_HEADER
    while at < len(data):
        (size,) = struct.unpack_from("!I", data, at)
        yield data[at + 4 : at + 4 + size]
        at += 4 + size


_FITS: Final = {
    GZIP: _gzip,
    SNAPPY: _snappy,
    LZ4: _into(cramjam.lz4.decompress_into),
    ZSTD: _into(cramjam.zstd.decompress_into),
}
