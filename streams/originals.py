"""Rereads records as they were sent, from their place in the input topics. Best effort, within limits."""

import asyncio
import logging
from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from streams.options import WorkerOptions
from streams.producing import Headers
from streams.restore import new_reader

log = logging.getLogger(__name__)
Origin = tuple[str, int, int]  # topic, partition, offset
AT_A_TIME: Final = 500  # originals fetched in one call
WITHIN_S: Final = 2.0
NEAR: Final = 200  # offsets; smaller gaps are read through, not sought


class Original(NamedTuple):
    """A record of an input topic, and its timestamp (ms)."""

    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp: int


class Originals:
    """Fetches originals over a connection opened on first use."""

    def __init__(self, options: WorkerOptions) -> None:
        self._options = options
        self._reader: AIOKafkaConsumer | None = None

    async def fetch(self, origins: Collection[Origin], within: float = WITHIN_S) -> dict[Origin, Original]:
        """Those found within so many seconds. Missing ones are left out; an unreadable topic is logged."""
        found: dict[Origin, Original] = {}
        if origins:
            try:
                await asyncio.wait_for(self._fetch(sorted(origins)[:AT_A_TIME], found), within)
            except (TimeoutError, KafkaError) as error:
                log.warning("%s of %s originals could not be read: %r", len(origins) - len(found), len(origins), error)
        return found

    async def close(self) -> None:
        """Close the connection."""
        if self._reader is not None:
            await self._reader.stop()

    async def _fetch(self, origins: Sequence[Origin], found: dict[Origin, Original]) -> None:
        if self._reader is None:
            reader = new_reader(self._options)
            await reader.start()
            self._reader = reader
        places = {TopicPartition(topic, partition) for topic, partition, _ in origins}
        begins, ends = await self._reader.beginning_offsets(places), await self._reader.end_offsets(places)
        for place in sorted(places):
            wanted = [at for *where, at in origins if tuple(where) == tuple(place)]
            for run in runs([at for at in wanted if begins[place] <= at < ends[place]]):
                await self._run(self._reader, place, run, found)

    async def _run(
        self, reader: AIOKafkaConsumer, place: TopicPartition, run: Sequence[int], found: dict[Origin, Original]
    ) -> None:
        wanted = set(run)
        reader.assign([place])
        reader.seek(place, run[0])
        while await reader.position(place) <= run[-1]:
            for record in (await reader.getmany(place, timeout_ms=200, max_records=NEAR)).get(place, ()):
                if record.offset in wanted:
                    original = Original(record.key, record.value, list(record.headers), record.timestamp)
                    found[(*place, record.offset)] = original


def runs(offsets: Sequence[int]) -> list[list[int]]:
    """Sorted offsets, grouped so that each group can be read in one go."""
    found: list[list[int]] = []
    for at in offsets:
        if found and at - found[-1][-1] <= NEAR:
            found[-1].append(at)
        else:
            found.append([at])
    return found
