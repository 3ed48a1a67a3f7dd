"""Pulled records into Kafka, no faster than workers count them."""

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
        """Returns when Kafka has all of them. Raises KafkaError; some may have arrived all the same."""
        for start in range(0, len(records), PARCEL):
            for one in records[start : start + PARCEL]:
                await self._kafka.send(one.topic, one.value, key=one.key, headers=list(one.headers))
            landed = await self._kafka.flush()
            if self._pace is not None:
                await self._pace.sent(landed)


@asynccontextmanager
async def kafka_sender(place: Settings, *, full_speed: bool) -> AsyncIterator[KafkaSender]:
    """A sender that is connected. Kafka away: CliError with code 69."""
    async with feed(place.kafka) as kafka, AsyncExitStack() as stack:
        yield KafkaSender(kafka, None if full_speed else await stack.enter_async_context(pacer(place)))
