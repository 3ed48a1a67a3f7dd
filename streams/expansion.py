"""Checks how large a compressed batch would become: a few kilobytes can expand beyond a machine's memory.

It is measured into a reused buffer before aiokafka expands the batch for real.
"""

import mmap
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import Final

import cramjam
from aiokafka.errors import CorruptRecordException

LIMIT: Final = 64 << 20  # bytes; a megabyte of highly repetitive events expands to half of this
GZIP, SNAPPY, LZ4, ZSTD = range(1, 5)
MOST: Final = {GZIP: 1032, LZ4: 255}  # largest expansion factor; zstd has none
_PIECE: Final = 4096
_GZIP_MEMBER: Final = zlib.MAX_WBITS | 16
_XERIAL: Final = b"\x82SNAPPY\0"
_XERIAL_HEADER: Final = 16


class TooLarge(CorruptRecordException):  # type: ignore[misc]
    """A batch that would expand to more than LIMIT bytes: it is not read."""


@cache
def _scratch() -> mmap.mmap:
    return mmap.mmap(-1, LIMIT)


def check(codec: int, compressed: memoryview) -> None:
    """Raises TooLarge. Invalid data passes: the reader reports it."""
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
    """The data itself, or the blocks of the framing that Java clients use."""
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
