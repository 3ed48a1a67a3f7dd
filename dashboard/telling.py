"""Events that the dashboard tells: a target that somebody sets on the page."""

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


class KafkaTeller:
    """`Teller` of one installation. With a producer of its own each time: a day sees few of them."""

    def __init__(self, place: Settings) -> None:
        self._place = place

    async def tell(self, event: Mapping[str, Any]) -> None:
        """Returns once the brokers have it. Raises `KafkaUnavailable`."""
        told, topic = dict(event), topic_of(self._place, event.get("type"))
        try:
            async with asyncio.timeout(AT_MOST_S):
                producer = AIOKafkaProducer(**client_options(self._place.kafka), enable_idempotence=True)
                try:
                    await producer.start()
                    await producer.send_and_wait(topic, orjson.dumps(told), key=key_of(told))
                finally:
                    await producer.stop()
        except FAILED as error:
            what = str(error) or type(error).__name__
            raise KafkaUnavailable(f"{self._place.kafka.bootstrap_servers}: {what}") from error
