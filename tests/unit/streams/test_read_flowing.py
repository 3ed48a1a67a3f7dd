"""A changelog is read while it is written and compacted: what is read is the state of one moment all the same."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple, cast

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from streams import restore

TP = TopicPartition("state", 0)
ENTRIES = 20


class Record(NamedTuple):
    offset: int
    key: bytes
    value: bytes


class Log:
    """A compacted partition that is written once more, and compacted, while its beginning is read slowly."""

    def __init__(self) -> None:
        self.records = [Record(n, b"%d" % (n % ENTRIES), b"%d" % n) for n in range(2 * ENTRIES)]
        self.end, self.at, self.fetches = 2 * ENTRIES, 0, 0

    def write(self) -> None:
        """Every entry anew; of the older ones nothing stays."""
        self.records = [Record(self.end + n, b"%d" % n, b"%d" % (self.end + n)) for n in range(ENTRIES)]
        self.end += ENTRIES

    def assign(self, partitions: list[TopicPartition]) -> None:
        assert partitions == [TP]

    async def beginning_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {TP: 0}

    async def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {TP: self.end}

    def seek(self, tp: TopicPartition, offset: int) -> None:
        self.at = offset

    async def position(self, tp: TopicPartition) -> int:
        return self.at

    async def getmany(self, tp: TopicPartition, timeout_ms: int, max_records: int) -> dict[TopicPartition, list[Any]]:
        self.fetches += 1
        if self.fetches == 1:
            await asyncio.sleep(0.2)
            self.write()
        found = [record for record in self.records if record.offset >= self.at][:5]
        self.at = found[-1].offset + 1 if found else self.end
        return {TP: found}


async def test_what_was_compacted_away_while_reading_is_read_in_its_newer_form(monkeypatch: pytest.MonkeyPatch) -> None:
    """All entries are there, each as it was written last."""
    monkeypatch.setattr(restore, "SOON", 0.1)
    log, state = Log(), {}
    async for records in restore.read_flowing(cast(AIOKafkaConsumer, log), TP):
        state.update({record.key: record.value for record in records})
    assert state == {b"%d" % n: b"%d" % (2 * ENTRIES + n) for n in range(ENTRIES)}


async def test_a_log_at_rest_is_read_once() -> None:
    """To its end, without a second look."""
    log = Log()
    log.fetches = 1
    read = [record async for records in restore.read_flowing(cast(AIOKafkaConsumer, log), TP) for record in records]
    assert [record.offset for record in read] == [record.offset for record in log.records]
