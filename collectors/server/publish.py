"""Publishes records to Kafka; a request is only answered once every replica has acknowledged them."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from access.kafka import client_options
from collectors.server.problems import Refusal
from models.settings import KafkaSettings

MOST: Final = 50_000  # records in flight at once; more are refused for the moment
ACK_S: Final = 20.0  # for Kafka to acknowledge
START_S: Final = 15.0
BUSY_S: Final = 1  # before a sender may retry
AWAY_S: Final = 5


class Record(NamedTuple):
    """One record of an input topic."""

    topic: str
    key: bytes | None
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()


class Publisher:
    """An idempotent producer. Stop it after the last request: it then waits for records in flight."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka
        self._producer: Any = None
        self.pending = 0

    async def start(self) -> None:
        """Connects. Raises KafkaError, OSError, TimeoutError, SettingsError."""
        producer = AIOKafkaProducer(
            **client_options(self._kafka),
            client_id="crmkpi-collector",
            acks="all",
            enable_idempotence=True,
            linger_ms=5,
            max_batch_size=256 << 10,
            max_request_size=2 << 20,
            request_timeout_ms=int(ACK_S * 1000),
        )
        try:
            await asyncio.wait_for(producer.start(), START_S)
        except BaseException:
            await producer.stop()
            raise
        self._producer = producer

    async def stop(self) -> None:
        """Waits for records in flight, up to the delivery timeout."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()

    async def ready(self) -> bool:
        """Whether Kafka responds."""
        if self._producer is None:
            return False
        try:
            await asyncio.wait_for(self._producer.client.fetch_all_metadata(), 3)
        except (KafkaError, OSError, TimeoutError):
            return False
        return True

    async def send(self, records: Sequence[Record]) -> None:
        """Returns once Kafka has all of them. Raises Refusal 503 or 504; some may have been written nevertheless."""
        if self._producer is None:
            raise Refusal(503, "stopping", "the collector is stopping; send it again", retry_s=BUSY_S)
        if self.pending + len(records) > MOST:
            raise Refusal(503, "busy", "too many events are on their way; send it again", retry_s=BUSY_S)
        self.pending += len(records)
        try:
            async with asyncio.timeout(ACK_S):
                await asyncio.gather(*[await self._handed_over(record) for record in records])
        except TimeoutError:
            text = f"Kafka did not acknowledge within {ACK_S:g} s; send it again"
            raise Refusal(504, "unacknowledged", text, retry_s=AWAY_S) from None
        except (KafkaError, OSError) as error:
            text = f"Kafka does not take events just now ({type(error).__name__}); send it again"
            raise Refusal(503, "kafka", text, retry_s=AWAY_S) from error
        finally:
            self.pending -= len(records)

    async def _handed_over(self, record: Record) -> "asyncio.Future[Any]":
        sent: asyncio.Future[Any] = await self._producer.send(
            record.topic, record.value, key=record.key, headers=list(record.headers)
        )
        return sent
