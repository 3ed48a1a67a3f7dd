"""One partition of the ledger, owned by this process: its entries, and transactions that fence other owners."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from aiokafka import AIOKafkaProducer

from access.kafka import client_options
from models.settings import Settings
from models.topics import notices
from notify.entries import Entries, Entry, encode
from notify.failpoints import reach
from ops.waiting import set_within

TRANSACTION_S: Final = 30.0
RECORD_BYTES: Final = 8 << 20


class Lane:
    """``closing``: set when the partition is revoked; work in progress ends then."""

    def __init__(self, place: Settings, partition: int) -> None:
        self.partition = partition
        self.entries = Entries()
        self.ready = asyncio.Event()
        self.closing = asyncio.Event()
        self.end: int | None = None  # the offset to read up to before deciding anything
        self._topic, _ = notices(place)
        self._turn = asyncio.Lock()
        self._producer: Any = AIOKafkaProducer(
            **client_options(place.kafka),
            client_id=f"{place.app_id}-notices-{partition}",
            transactional_id=f"{self._topic}-{partition}",
            transaction_timeout_ms=int(TRANSACTION_S * 1000),
            acks="all",
            max_request_size=RECORD_BYTES,
        )

    async def fence(self) -> None:
        """Abort an earlier owner's transactions and fence it. Raises KafkaError."""
        await self._producer.start()
        reach("ledger-1-fenced")

    async def close(self) -> None:
        """Close the connection."""
        await self._producer.stop()

    async def commit(self, entries: Sequence[Entry], step: str, first: int) -> None:
        """Write entries in one transaction. Raises KafkaError; ProducerFenced if there is another owner.

        step, first: the failpoints to pass.
        """
        async with self._turn:
            await self._producer.begin_transaction()
            reach(f"{step}-{first}-begun")
            sent = []
            for entry in entries:
                key, value = encode(entry)
                sent.append(await self._producer.send(self._topic, value, key=key, partition=self.partition))
            written = await asyncio.gather(*sent)
            reach(f"{step}-{first + 1}-written")
            await self._producer.commit_transaction()
            reach(f"{step}-{first + 2}-committed")
            for record, entry in zip(written, entries, strict=True):
                self.entries.put(record.offset, entry)

    async def pause(self, seconds: float) -> bool:
        """Wait; False if the partition is revoked meanwhile."""
        return not await set_within(self.closing, max(seconds, 0))
