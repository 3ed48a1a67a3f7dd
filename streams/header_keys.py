"""Reads valid batches that would crash or exhaust aiokafka.

Header keys may be any bytes: a batch with keys that aren't UTF-8 is reread by aiokafka's own Python parser, with the
odd bytes written as ``\\xff``. Batches that expand too far are not read (`streams.expansion`). All others take the fast
path.
"""

import struct
from collections.abc import Iterator
from typing import Any, Final

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords, _MemoryRecordsPy

from streams import expansion

BEFORE_LENGTH: Final = 8  # size of a batch's base offset, which comes before its length
MAGIC: Final = 16  # offset of a batch's format version
CODEC: Final = 22  # offset of the attributes, whose low bits are the codec
HEADER: Final = 61  # size of a batch header
_LENGTH: Final = struct.Struct(">i")


class _Bytes(bytearray):
    """A buffer whose slices decode to text whatever their bytes."""

    def __getitem__(self, place: Any) -> Any:
        found = super().__getitem__(place)
        return _Bytes(found) if isinstance(place, slice) else found

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return super().decode(encoding, "backslashreplace")


class _Batch:
    """A record batch: aiokafka's, except for how records are read."""

    def __init__(self, records: "Records", batch: Any, raw: memoryview) -> None:
        self._records = records
        self._batch = batch
        self._raw = raw

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __next__(self) -> Any:
        return next(self._batch)  # aiokafka reads the single record of a control batch this way

    def __iter__(self) -> Iterator[Any]:
        if self._raw[MAGIC] >= 2:  # older formats may be on a broker's disk, but producers can no longer send them
            expansion.check(self._raw[CODEC] & 7, self._raw[HEADER:])
        read = 0
        try:
            for record in self._batch:
                yield record
                read += 1
        except UnicodeDecodeError:
            yield from self._records.again(self._batch.base_offset)[read:]


class Records:
    """All batches of a fetched partition: replaces aiokafka's own class."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._records = MemoryRecords(data)
        self.has_next = self._records.has_next
        self.size_in_bytes = self._records.size_in_bytes
        self._at = 0

    def next_batch(self) -> _Batch:
        """The next batch."""
        (length,) = _LENGTH.unpack_from(self._data, self._at + BEFORE_LENGTH)
        first, self._at = self._at, self._at + BEFORE_LENGTH + _LENGTH.size + length
        return _Batch(self, self._records.next_batch(), memoryview(self._data)[first : self._at])

    def again(self, base_offset: int) -> list[Any]:
        """The records of the batch that starts at an offset, read leniently."""
        batches = _MemoryRecordsPy(self._data)
        while batches.has_next():
            raw = batches._next_slice
            batches.next_batch()
            batch = _DefaultRecordBatchPy(raw)
            if batch.base_offset == base_offset:
                batch._maybe_uncompress()
                batch._buffer = _Bytes(batch._buffer)
                return list(batch)
        raise LookupError(f"no batch begins at offset {base_offset}")


def allow_any() -> None:
    """Make this process's consumers accept any header keys."""
    fetcher.MemoryRecords = Records
