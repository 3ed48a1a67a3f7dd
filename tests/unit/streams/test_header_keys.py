"""Records whose header keys are no UTF-8 are read like others, and so are their neighbours, whatever the codec."""

from collections.abc import Iterator
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import READ_UNCOMMITTED, PartitionRecords
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from aiokafka.record.legacy_records import LegacyRecordBatchBuilder

from streams.header_keys import Records


class Raw(str):
    """A header key that is written as bytes that are no text."""

    __slots__ = ()

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """Whatever was asked for."""
        return b"\xff\xfekey"


def batch(base: int, codec: int, odd: bool, value: bytes = b"") -> bytes:
    """Three records as a broker stores them; the second has headers."""
    builder = _DefaultRecordBatchBuilderPy(
        magic=2, compression_type=codec, is_transactional=0, producer_id=-1, producer_epoch=-1, base_sequence=-1,
        batch_size=1 << 30,
    )  # fmt: skip
    for number in range(3):
        headers: list[tuple[str, Any]] = [(Raw("x") if odd else "ce_type", b"1"), ("none", None)] if number == 1 else []
        builder.append(number, timestamp=1000, key=None, value=value or b"%d" % (base + number), headers=headers)
    built = bytearray(builder.build())
    built[:8] = base.to_bytes(8, "big")
    return bytes(built)


def read_on(data: bytes, start: int = 0) -> Iterator[Any]:
    """What a consumer hands out from an offset on, one by one."""
    found = PartitionRecords(TopicPartition("t", 0), Records(data), None, start, None, None, True, READ_UNCOMMITTED)
    return iter(found)


def read(data: bytes, start: int = 0) -> list[Any]:
    """All of it."""
    return list(read_on(data, start))


def test_batches_of_old_formats_are_read() -> None:
    """A cluster that was upgraded may hold some."""
    builder = LegacyRecordBatchBuilder(magic=1, compression_type=0, batch_size=1 << 20)
    builder.append(0, timestamp=1, key=None, value=b"old")
    assert [record.value for record in read(bytes(builder.build()))] == [b"old"]


@pytest.mark.parametrize("codec", range(5), ids=["none", "gzip", "snappy", "lz4", "zstd"])
def test_an_odd_header_key_stops_nobody(codec: int) -> None:
    """In a batch of its own between others, from any offset."""
    data = batch(0, codec, odd=False) + batch(3, codec, odd=True) + batch(6, codec, odd=False)
    records = read(data)
    assert [record.value for record in records] == [b"%d" % number for number in range(9)]
    assert records[1].headers == (("ce_type", b"1"), ("none", None))
    assert records[4].headers == ((r"\xff\xfekey", b"1"), ("none", None))
    later = batch(3, codec, odd=True) + batch(6, codec, odd=False)
    assert [record.value for record in read(later, start=5)] == [b"5", b"6", b"7", b"8"]
