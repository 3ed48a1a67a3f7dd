"""Publishes to Redis 7 or Valkey: one script call per tenant, refused whole if the store holds a newer revision."""

from collections.abc import Sequence
from typing import Any, Final

from redis.exceptions import NoScriptError, RedisError

from models.settings import RedisSettings
from sinks.base import FIRST_OF_SWEEP, Held, Note, Packed, Publication, Revision
from sinks.client import connect, of_one_tenant, script, seconds_for, within
from sinks.keys import PREFIX, Keys
from sinks.wire import pack, progress_text

UPDATES_BYTES: Final = 512 << 10
SERIES_DAYS: Final = 400
LARGE: Final = 64 << 10  # bytes
REVISION: Final = ("epoch", "position", "as_of")


class RedisSink:
    """A `Sink` on one server, or on one cluster node that owns the tenants' slots.

    redis: settings, or ``redis://[user:password@]host:port[/db]``. updates_bytes: approximate limit of a tenant's
    stream of updates.
    """

    def __init__(self, redis: RedisSettings | str, *, prefix: str = PREFIX, updates_bytes: int = UPDATES_BYTES) -> None:
        self._place = redis
        self._keys = Keys(prefix)
        self._updates_bytes = updates_bytes
        self._redis = connect(redis)
        self._script = self._redis.register_script(script("publish.lua"))
        self._note = self._redis.register_script(script("lane.lua"))
        self._listed: set[str] = set()

    async def publish(self, publication: Publication | Packed) -> int:
        """Write all of it atomically; 0 if the store holds a newer revision. Raises `SinkUnavailable`.

        Raises ValueError or TypeError for anything but a KPI document.
        """
        packed = pack(publication)
        if len(packed.payload) > LARGE:
            # A small request first: a server that is away is noticed at once, and a zombie sends no megabytes.
            stored = await self.revision(packed.tenant)
            if stored is not None and stored > packed.revision:
                return 0
        if packed.full or packed.sweep == FIRST_OF_SWEEP or packed.tenant not in self._listed:
            await self._list_tenant(packed.tenant)
        return await self._write(packed)

    async def revision(self, tenant: str) -> Revision | None:
        """The stored (epoch, position, as_of), or None. Raises `SinkUnavailable`."""
        async with within(self._place):
            return _revision(await self._redis.hmget(self._keys.meta(tenant), [*REVISION]))

    async def check(self, note: Note, tenants: Sequence[str]) -> Held:
        """Write a lane's note, unless a newer owner's is there; returns what was held before. One round trip."""
        async with within(self._place, seconds_for(200 * len(tenants))):
            before, *revisions = await self._ask(note, tenants)
        held = zip(tenants, revisions, strict=True)
        return Held(
            _revision(before), {name: _revision(found) for name, found in held if not isinstance(found, RedisError)}
        )

    async def _ask(self, note: Note, tenants: Sequence[str]) -> list[Any]:
        for _ in range(2):
            pipe = self._redis.pipeline(transaction=False)
            failing = ",".join(note.failing)
            args = (note.epoch, note.position, note.checked, failing, note.query, note.query_token)
            pipe.evalsha(self._note.sha, 1, self._keys.lane(note.lane), *map(str, args))
            for tenant in tenants:
                pipe.hmget(self._keys.meta(tenant), [*REVISION])
            answers: list[Any] = await pipe.execute(raise_on_error=False)
            if not isinstance(answers[0], NoScriptError):
                break
            await self._redis.script_load(self._note.script)
        wrong = (answer for answer in answers if isinstance(answer, RedisError))
        if error := next((one for one in wrong if one is answers[0] or not of_one_tenant(one)), None):
            raise error
        return answers

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def _list_tenant(self, tenant: str) -> None:
        # In another slot than the tenant's keys, so not part of the script; first, so that it is never missed.
        async with within(self._place):
            await self._redis.sadd(self._keys.tenants(), tenant)
        self._listed.add(tenant)

    async def _write(self, packed: Packed) -> int:
        tenant, epoch, position, as_of, payload, full, waiting, sweep, lane, catching_up = packed
        limits = (self._updates_bytes, SERIES_DAYS * 86_400)
        more = (waiting, int(full), sweep, lane, progress_text(catching_up))
        async with within(self._place, seconds_for(len(payload))):
            written = await self._script(
                keys=[self._keys.meta(tenant)],
                args=[self._keys.base(tenant), epoch, position, as_of, *limits, payload, *more],
            )
        return int(written)


def _revision(stored: Sequence[Any]) -> Revision | None:
    epoch, position, as_of = stored
    if epoch is None or position is None or as_of is None:
        return None
    return int(epoch), int(position), int(as_of)
