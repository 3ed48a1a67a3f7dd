"""Publishes to Redis 7 or Valkey: one script call a tenant, refused whole when the store holds a newer revision."""

from typing import Final

import orjson

from models.settings import RedisSettings
from sinks.base import Publication, Revision
from sinks.client import connect, script, seconds_for, within
from sinks.keys import PREFIX, Keys
from sinks.wire import pack

UPDATES_KEPT: Final = 10_000
SERIES_DAYS: Final = 400


class RedisSink:
    """A `Sink` on one server, or on one cluster node that owns the tenants' slots.

    redis: settings, or ``redis://[user:password@]host:port[/db]``. updates_kept: about how many entries each tenant's
    stream has.
    """

    def __init__(self, redis: RedisSettings | str, *, prefix: str = PREFIX, updates_kept: int = UPDATES_KEPT) -> None:
        self._place = redis
        self._keys = Keys(prefix)
        self._updates_kept = updates_kept
        self._redis = connect(redis)
        self._script = self._redis.register_script(script("publish.lua"))

    async def publish(self, publication: Publication) -> bool:
        """Write all of it at once; False when the store holds a newer revision. Raises `SinkUnavailable`.

        Raises ValueError or TypeError for a document that is no KPI document.
        """
        # A small question first: a server that is away is noticed at once, and a zombie sends no megabytes.
        stored = await self.revision(publication.tenant)
        if stored is not None and stored > publication.revision:
            return False
        if stored is None or publication.full:
            await self._list_tenant(publication.tenant)
        return await self._write(publication)

    async def revision(self, tenant: str) -> Revision | None:
        """(epoch, position, as_of) of what is stored, or None. Raises `SinkUnavailable`."""
        async with within(self._place):
            stored = await self._redis.hmget(self._keys.meta(tenant), ["epoch", "position", "as_of"])
        epoch, position, as_of = stored
        if epoch is None or position is None or as_of is None:
            return None
        return int(epoch), int(position), int(as_of)

    async def close(self) -> None:
        """Give connections back."""
        await self._redis.aclose()

    async def _list_tenant(self, tenant: str) -> None:
        # In another slot than the tenant's keys, so not part of the script; before it, so never forgotten.
        async with within(self._place):
            await self._redis.sadd(self._keys.tenants(), tenant)

    async def _write(self, publication: Publication) -> bool:
        tenant, epoch, position, as_of, *_, waiting = publication
        packed = pack(publication)
        entries = [tuple(entry) for entry in packed.entries]
        points = [tuple(point) for point in packed.points]
        payload = orjson.dumps((packed.full, entries, points, packed.kpis))
        limits = (self._updates_kept, SERIES_DAYS * 86_400)
        async with within(self._place, seconds_for(len(payload))):
            written = await self._script(
                keys=[self._keys.meta(tenant)],
                args=[self._keys.base(tenant), epoch, position, as_of, *limits, payload, waiting],
            )
        return bool(written)
