"""Messages as entries of a stream in Redis, ``crmkpi:{tenant}:notices``."""

from importlib.resources import files
from typing import Any, Final

from models.settings import RedisSettings
from notify.message import Delivery
from notify.over_http import webhook_body
from notify.sending import NotSent
from sinks.base import SinkUnavailable
from sinks.client import connect, within
from sinks.keys import PREFIX, Keys

MARK_S: Final = 40 * 86_400  # longer than any message is retried
LONGEST: Final = 10_000  # approximate entries per stream
SCRIPT: Final = files("notify").joinpath("stream.lua").read_text(encoding="utf-8")


class ToRedis:
    """Adds each message once, even if retried: entry and marker are written atomically by a script."""

    def __init__(self, redis: RedisSettings | str, *, prefix: str = PREFIX) -> None:
        self._place, self._keys, self._redis = redis, Keys(prefix), connect(redis)

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def send(self, one: Delivery) -> None:
        """Returns once it is added. Raises NotSent."""
        base = self._keys.base(one.tenant)
        keys = f"{base}notices", f"{base}notice:{one.id}"
        body: Any = webhook_body(one)
        try:
            async with within(self._place):
                await self._redis.eval(SCRIPT, 2, *keys, str(MARK_S), str(LONGEST), one.id, body)
        except SinkUnavailable as error:
            raise NotSent(str(error)) from error
