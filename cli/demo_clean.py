"""Removes the demo's topics and numbers from servers it did not start."""

from typing import Final

from aiokafka.errors import KafkaError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from cli.term import say
from models import topics
from models.settings import Settings
from ops.topics import admin
from sinks.client import connect
from sinks.keys import Keys

PAGE: Final = 500


async def clean(place: Settings, tenants: list[str]) -> None:
    """Deletes the demo's topics and its tenants' keys. An unavailable server is reported and otherwise ignored."""
    try:
        async with admin(place.kafka) as link:
            await link.delete_topics([*topics.every(place), topics.notices(place)[0]])
        await _forget(connect(place.redis), tenants)
    except (KafkaError, RedisError, OSError) as error:
        say(f"some of the demo's topics {place.topic_prefix}* or keys may be left behind: {error}")


async def _forget(redis: Redis, tenants: list[str]) -> None:
    keys = Keys()
    try:
        await redis.srem(keys.tenants(), *tenants)
        for tenant in tenants:
            async for key in redis.scan_iter(match=keys.base(tenant) + "*", count=PAGE):
                await redis.unlink(key)
    finally:
        await redis.aclose()
