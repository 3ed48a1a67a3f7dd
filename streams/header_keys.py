"""Batches as producers may send them, where aiokafka would end or exhaust the process.

Header keys may be any bytes: a batch whose keys are not UTF-8 is read again by aiokafka's own parser in Python, with
the odd bytes written out as ``\\xff``. What expands to too much is not read at all (`streams.expansion`). All other
batches take the fast way.
"""

import struct
from collections.abc import Iterator
from typing import Any, Final

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords, _MemoryRecordsPy

from streams import expansion

BEFORE_LENGTH: Final = 8  # bytes of a batch: its base offset
MAGIC: Final = 16  # where a batch says its format
CODEC: Final = 22  # and, in the low bits, its codec
HEADER: Final = 61  # bytes of a batch before its records
_LENGTH: Final = struct.Struct(">i")


class _Bytes(bytearray):
    """A buffer whose slices decode to text whatever they are."""

    def __getitem__(self, place: Any) -> Any:
        found = super().__getitem__(place)
        return _Bytes(found) if isinstance(place, slice) else found

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return super().decode(encoding, "backslashreplace")


class _Batch:
    """A record batch; what it is asked for is aiokafka's, but for reading its records."""

    def __init__(self, records: "Records", batch: Any, raw: memoryview) -> None:
        self._records = records
        self._batch = batch
        self._raw = raw

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __next__(self) -> Any:
        return next(self._batch)  # aiokafka reads the one record of a control batch so

    def __iter__(self) -> Iterator[Any]:
        if self._raw[MAGIC] >= 2:  # older formats can be on a broker's disk, but nobody can send them any more
            expansion.check(self._raw[CODEC] & 7, self._raw[HEADER:])
        read = 0
        try:
            for record in self._batch:
                yield record
                read += 1
        except UnicodeDecodeError:
            yield from self._records.again(self._batch.base_offset)[read:]


class Records:
    """All batches of a fetched partition, in aiokafka's place of its own class."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._records = MemoryRecords(data)
        self.has_next = self._records.has_next
        self.size_in_bytes = self._records.size_in_bytes
        self._at = 0

    def next_batch(self) -> _Batch:
        """The next one."""
        (length,) = _LENGTH.unpack_from(self._data, self._at + BEFORE_LENGTH)
        first, self._at = self._at, self._at + BEFORE_LENGTH + _LENGTH.size + length
        return _Batch(self, self._records.next_batch(), memoryview(self._data)[first : self._at])

    def again(self, base_offset: int) -> list[Any]:
        """The records of the batch that begins at an offset, read leniently."""
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
    """Let consumers of this process read records with any header keys."""
    fetcher.MemoryRecords = Records
