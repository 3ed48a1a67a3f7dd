"""Compressed batches that would become larger than the memory of a worker are not read; all others are."""

import gzip
import os
import struct
import tracemalloc
from collections.abc import Callable

import cramjam
import pytest

from streams.expansion import GZIP, LIMIT, LZ4, SNAPPY, ZSTD, TooLarge, check
from tests.unit.streams.test_header_keys import batch, read, read_on


def xerial(data: bytes) -> bytes:
    """Snappy in the framing of Java's clients."""
    block = bytes(cramjam.snappy.compress_raw(data))
    return b"\x82SNAPPY\0" + struct.pack("!ii", 1, 1) + struct.pack("!i", len(block)) + block


def members(data: bytes) -> bytes:
    """gzip, in two pieces."""
    half = len(data) // 2
    return gzip.compress(data[:half]) + gzip.compress(data[half:])


ENCODERS: dict[str, tuple[int, Callable[[bytes], bytes]]] = {
    "gzip": (GZIP, lambda data: gzip.compress(data, 9)),
    "gzip in two members": (GZIP, members),
    "snappy": (SNAPPY, lambda data: bytes(cramjam.snappy.compress_raw(data))),
    "snappy of Java": (SNAPPY, xerial),
    "lz4": (LZ4, lambda data: bytes(cramjam.lz4.compress(data))),
    "zstd": (ZSTD, lambda data: bytes(cramjam.zstd.compress(data))),
}  # fmt: skip


@pytest.mark.parametrize("name", ENCODERS)
def test_what_expands_beyond_the_limit_is_refused_and_nothing_else(name: str) -> None:
    """To the byte, and without the memory it would take."""
    codec, encode = ENCODERS[name]
    fits, bomb = encode(bytes(LIMIT)), encode(bytes(LIMIT + 1))
    check(codec, memoryview(encode(os.urandom(1000))))
    tracemalloc.start()
    check(codec, memoryview(fits))
    with pytest.raises(TooLarge):
        check(codec, memoryview(bomb))
    assert tracemalloc.get_traced_memory()[1] < LIMIT // 4
    tracemalloc.stop()


@pytest.mark.parametrize("codec", [0, GZIP, SNAPPY, LZ4, ZSTD, 7])
def test_rubbish_is_left_to_its_reader(codec: int) -> None:
    """It raises by itself."""
    for rubbish in (b"", b"\x82SNAPPY\0", b"x" * 400_000):
        check(codec, memoryview(rubbish))


def test_the_records_before_a_bomb_are_read() -> None:
    """What lies behind it can be read from there on."""
    bomb, behind = batch(3, GZIP, odd=False, value=bytes(LIMIT)), batch(6, ZSTD, odd=True)
    reading = read_on(batch(0, 0, odd=True) + bomb + behind)
    assert [next(reading).offset for _ in range(3)] == [0, 1, 2]
    with pytest.raises(TooLarge):
        next(reading)
    assert [record.offset for record in read(behind, start=6)] == [6, 7, 8]
