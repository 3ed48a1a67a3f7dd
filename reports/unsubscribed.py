"""Who does not want a report any more, in Redis."""

from models.settings import RedisSettings
from reports.unsubscribe import Subscription
from sinks.client import connect, within
from sinks.keys import PREFIX, Keys


class RedisUnsubscribed:
    """The set ``crmkpi:{tenant}:unsubscribed`` of texts ``report address``. Every method raises `SinkUnavailable`."""

    def __init__(self, redis: RedisSettings | str, *, prefix: str = PREFIX) -> None:
        self._redis, self._place, self._keys = connect(redis), redis, Keys(prefix)

    async def close(self) -> None:
        """Give connections back."""
        await self._redis.aclose()

    async def add(self, one: Subscription) -> None:
        """From now on it is not sent; once more does no harm."""
        async with within(self._place):
            await self._redis.sadd(self._key(one.tenant), _member(one))

    async def has(self, one: Subscription) -> bool:
        """Whether it was ended."""
        async with within(self._place):
            return bool(await self._redis.sismember(self._key(one.tenant), _member(one)))

    def _key(self, tenant: str) -> str:
        return f"{self._keys.base(tenant)}unsubscribed"


def _member(one: Subscription) -> str:
    return f"{one.report} {one.mail.lower()}"
