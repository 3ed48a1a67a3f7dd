"""Sends events from the dashboard: targets set on the page."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import orjson
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from access.kafka import client_options
from dashboard.ports import KafkaUnavailable
from models.route import key_of, topic_of
from models.settings import Settings, SettingsError

AT_MOST_S: Final = 15.0
FAILED: Final = (KafkaError, OSError, TimeoutError, SettingsError)


class KafkaEventSender:
    """`EventSender` of one installation. Each event uses its own producer: there are few per day."""

    def __init__(self, place: Settings) -> None:
        self._place = place

    async def send(self, event: Mapping[str, Any]) -> None:
        """Returns once the brokers have it. Raises `KafkaUnavailable`."""
        content, topic = dict(event), topic_of(self._place, event.get("type"))
        try:
            async with asyncio.timeout(AT_MOST_S):
                producer = AIOKafkaProducer(**client_options(self._place.kafka), enable_idempotence=True)
                try:
                    await producer.start()
                    await producer.send_and_wait(topic, orjson.dumps(content), key=key_of(content))
                finally:
                    await producer.stop()
        except FAILED as error:
            what = str(error) or type(error).__name__
            raise KafkaUnavailable(f"{self._place.kafka.bootstrap_servers}: {what}") from error
