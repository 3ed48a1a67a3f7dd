"""Sending records to Kafka in bulk and knowing that each one arrived."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from cli.exits import UNAVAILABLE, CliError

IN_FLIGHT = 2_000  # futures held before waiting for them


class Feed:
    """A producer that waits for the broker's acknowledgement of everything it sent."""

    def __init__(self, producer: Any) -> None:
        self._producer = producer
        self._pending: list[asyncio.Future[Any]] = []
        self.sent = 0

    async def send(
        self, topic: str, value: bytes | None, key: bytes | None = None, headers: list[tuple[str, bytes]] | None = None,
        partition: int | None = None,
    ) -> None:  # fmt: skip
        """Queues one record; returns before it is acknowledged."""
        send = self._producer.send(topic, value, key=key, headers=headers or [], partition=partition)
        self._pending.append(await send)
        if len(self._pending) >= IN_FLIGHT:
            await self.flush()

    async def flush(self) -> list[Any]:
        """Waits for every record's acknowledgement; their metadata in order. Raises KafkaError."""
        pending, self._pending = self._pending, []
        done = await asyncio.gather(*pending)
        self.sent += len(done)
        return done


@asynccontextmanager
async def feed(bootstrap: str) -> AsyncIterator[Feed]:
    """A Feed to these servers, flushed at the end. Kafka away: CliError with code 69."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, enable_idempotence=True, linger_ms=5, max_batch_size=256 * 1024,
        max_request_size=8 * 1024 * 1024,
    )  # fmt: skip
    try:
        await asyncio.wait_for(producer.start(), 15)
    except (KafkaError, OSError, TimeoutError) as error:
        await producer.stop()
        raise CliError(f"no Kafka answers at {bootstrap}: {error or 'timed out'}", UNAVAILABLE) from error
    try:
        sender = Feed(producer)
        yield sender
        await sender.flush()
    except KafkaError as error:
        raise CliError(f"Kafka did not take a record: {error}", UNAVAILABLE) from error
    finally:
        await producer.stop()
