"""Sends records to Kafka in bulk, and waits for each acknowledgement."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from access.kafka import client_options
from cli.away import NOT_ALLOWED, kafka_away
from cli.exits import UNAVAILABLE, CliError
from models.settings import KafkaSettings

IN_FLIGHT = 2_000  # records in flight
Headers = list[tuple[str, bytes]]


class Feed:
    """A producer that tracks the acknowledgement of everything it has sent."""

    def __init__(self, producer: Any) -> None:
        self._producer = producer
        self._pending: list[asyncio.Future[Any]] = []
        self.acknowledged = 0

    async def send(
        self,
        topic: str,
        value: bytes | None,
        key: bytes | None = None,
        headers: Headers | None = None,
        partition: int | None = None,
    ) -> asyncio.Future[Any]:
        """Queues one record; the future completes when the broker has it."""
        done = await self._producer.send(topic, value, key=key, headers=headers or [], partition=partition)
        self._pending.append(done)
        if len(self._pending) >= IN_FLIGHT:
            await self.flush()
        return done  # type: ignore[no-any-return]

    async def flush(self) -> list[Any]:
        """Waits for all acknowledgements; returns each record's metadata. Raises KafkaError."""
        pending, self._pending = self._pending, []
        landed = await asyncio.gather(*pending)
        self.acknowledged += len(pending)
        return landed


@asynccontextmanager
async def feed(kafka: KafkaSettings | str) -> AsyncIterator[Feed]:
    """A Feed to these servers, flushed at the end. Raises CliError (69) if Kafka is unavailable."""
    producer = AIOKafkaProducer(
        **client_options(kafka),
        enable_idempotence=True,
        linger_ms=5,
        max_batch_size=256 * 1024,
        max_request_size=8 * 1024 * 1024,
    )
    try:
        await asyncio.wait_for(producer.start(), 15)
    except (KafkaError, OSError, TimeoutError) as error:
        await producer.stop()
        raise kafka_away(kafka, error) from error
    try:
        sender = Feed(producer)
        yield sender
        await sender.flush()
    except KafkaError as error:
        if getattr(error, "errno", None) in NOT_ALLOWED:
            raise kafka_away(kafka, error) from error
        hint = "`crmkpi topics ensure` creates missing topics"
        raise CliError(
            f"Kafka did not accept a record: {type(error).__name__} {error} ({hint})", UNAVAILABLE
        ) from error
    finally:
        await producer.stop()
