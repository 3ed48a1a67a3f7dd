"""Tenants' own boards and annotations, in Redis: all that the dashboard writes there."""

from importlib.resources import files
from typing import Any, Final

from models.settings import RedisSettings
from sinks.client import connect, within
from sinks.keys import PREFIX, Keys

MOST: Final = 100  # boards per tenant
MOST_NOTES: Final = 500  # annotations per tenant
SCRIPT: Final = files("dashboard").joinpath("boards.lua").read_text(encoding="utf-8")


class RedisBoards:
    """`Boards` in the hash ``crmkpi:{tenant}:boards``: name -> JSON. ``what``: the end of its key."""

    def __init__(
        self, redis: RedisSettings | str, *, prefix: str = PREFIX, what: str = "boards", most: int = MOST
    ) -> None:
        self._place, self._what, self.most = redis, what, most
        self._keys = Keys(prefix)
        self._redis = connect(redis)

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def all(self, tenant: str) -> dict[str, str]:
        """Name -> board. Raises `SinkUnavailable`."""
        async with within(self._place):
            found: Any = await self._redis.hgetall(self._key(tenant))
        return dict(found)

    async def one(self, tenant: str, name: str) -> str | None:
        """A board, or None. Raises `SinkUnavailable`."""
        async with within(self._place):
            found: Any = await self._redis.hget(self._key(tenant), name)
        return None if found is None else str(found)

    async def keep(self, tenant: str, name: str, board: str) -> bool:
        """Store a board, replacing one of the same name. False if there are too many. Raises `SinkUnavailable`."""
        async with within(self._place):
            done: Any = await self._redis.eval(SCRIPT, 1, self._key(tenant), name, board, str(self.most))
        return bool(done)

    async def drop(self, tenant: str, name: str) -> bool:
        """Delete a board. False if there is none of that name. Raises `SinkUnavailable`."""
        async with within(self._place):
            return bool(await self._redis.hdel(self._key(tenant), name))

    def _key(self, tenant: str) -> str:
        return f"{self._keys.base(tenant)}{self._what}"
