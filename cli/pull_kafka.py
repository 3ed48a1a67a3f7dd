"""Sends pulled records to Kafka, at the pace of the workers."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from cli.feed import Feed, feed
from cli.pace import PARCEL, Pacer, pacer
from collectors.server.publish import Record
from models.settings import Settings


class KafkaSender:
    """Sends in parcels, each acknowledged by the broker. ``pace`` None: at full speed."""

    def __init__(self, kafka: Feed, pace: Pacer | None) -> None:
        self._kafka, self._pace = kafka, pace

    async def send(self, records: Sequence[Record]) -> None:
        """Returns once Kafka has all of them. Raises KafkaError; some may have been written nevertheless."""
        for start in range(0, len(records), PARCEL):
            for one in records[start : start + PARCEL]:
                await self._kafka.send(one.topic, one.value, key=one.key, headers=list(one.headers))
            landed = await self._kafka.flush()
            if self._pace is not None:
                await self._pace.sent(landed)


@asynccontextmanager
async def kafka_sender(place: Settings, *, full_speed: bool) -> AsyncIterator[KafkaSender]:
    """A connected sender. Raises CliError (69) if Kafka is unavailable."""
    async with feed(place.kafka) as kafka, AsyncExitStack() as stack:
        yield KafkaSender(kafka, None if full_speed else await stack.enter_async_context(pacer(place)))
