"""Reads published numbers back from Redis with their types, for dashboards and the command line."""

from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self

import orjson

from models.settings import RedisSettings
from sinks.base import Board, Point, QueryPort, Status, Update
from sinks.client import ANSWER_S, LONGEST_S, connect, script, within
from sinks.keys import PREFIX, Keys, name
from sinks.wire import history_of, restore

WAIT_MS: Final = 1_000  # how long one read of the stream waits for updates


class RedisReader:
    """A `Reader` of what `RedisSink` writes. Use as ``async with RedisReader(settings.redis) as board``."""

    def __init__(self, redis: RedisSettings | str, *, prefix: str = PREFIX) -> None:
        self._place = redis
        self._keys = Keys(prefix)
        self._redis = connect(redis)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def tenants(self) -> list[str]:
        """Every tenant ever published, sorted."""
        async with within(self._place):
            return sorted(map(str, await self._redis.smembers(self._keys.tenants())))

    async def kpis(self, tenant: str) -> list[str]:
        """Ids of the KPIs for which the tenant has documents, sorted."""
        async with within(self._place):
            return sorted(map(str, await self._redis.smembers(self._keys.kpis(tenant))))

    async def document(
        self, tenant: str, kpi: str, window: str, segment: Mapping[str, str] | None = None
    ) -> dict[str, Any] | None:
        """One document, or None if it was never published."""
        async with within(self._place):
            fields = await self._hash(self._keys.document(tenant, kpi, window, segment))
        return restore(fields) if fields else None

    async def several(
        self, tenant: str, named: Sequence[tuple[str, str, Mapping[str, str]]]
    ) -> list[dict[str, Any] | None]:
        """Documents by (KPI, window, segment), read in one round trip; None in the place of one that there is not."""
        pipe = self._redis.pipeline(transaction=False)
        for kpi, window, segment in named:
            pipe.hgetall(self._keys.document(tenant, kpi, window, segment))
        async with within(self._place, LONGEST_S):
            found = await pipe.execute() if named else []
        return [restore(fields) if fields else None for fields in found]

    async def documents(self, tenant: str) -> list[dict[str, Any]]:
        """All documents of the tenant, from one revision, sorted by name."""
        return (await self.board(tenant)).documents

    async def segments(self, tenant: str, kpi: str, window: str) -> list[dict[str, Any]]:
        """The documents of a KPI's segments in a window, read at one moment, sorted by name."""
        return (await self._board(tenant, name(kpi, window) + ":")).documents

    async def board(self, tenant: str) -> Board:
        """All documents of the tenant with their revision, read at one moment."""
        return await self._board(tenant, "")

    async def _board(self, tenant: str, only: str) -> Board:
        keys = self._keys
        async with within(self._place, LONGEST_S):
            hashed, *flat = await self._redis.eval_ro(
                script("documents.lua"), 2, keys.names(tenant), keys.meta(tenant), f"{keys.base(tenant)}kpi:", only
            )
        named = sorted(zip(flat[::2], flat[1::2], strict=True))
        documents = [restore(dict(zip(fields[::2], fields[1::2], strict=True))) for _, fields in named]
        meta = dict(zip(hashed[::2], hashed[1::2], strict=True))
        revision = (int(meta["epoch"]), int(meta["position"]), int(meta["as_of"])) if meta else None
        return Board(revision, documents, int(meta.get("waiting", 0)))

    async def status(self, tenant: str) -> Status | None:
        """How current the tenant's numbers are, or None if it was never published."""
        async with within(self._place):
            meta = await self._hash(self._keys.meta(tenant))
            note = await self._hash(self._keys.lane(int(meta.get("lane", 0)))) if meta else {}
        if not meta:
            return None
        as_of, progress = int(meta["as_of"]), meta.get("catching_up")
        checked, rev = as_of, (int(meta["epoch"]), int(meta["position"]))
        if "checked" in note and tenant not in note.get("except", "").split(","):
            checked = max(as_of, int(note["checked"]))
            rev = max(rev, (int(note["epoch"]), int(note["position"])))
        return Status(as_of, checked, int(meta.get("waiting", 0)), float(progress) if progress else None, rev)

    async def owner(self, lane: int) -> QueryPort | None:
        """Where the last known owner of a lane answers queries, or None. It may be gone by now."""
        async with within(self._place):
            held = await self._hash(self._keys.lane(lane))
        return QueryPort(held["query"], held.get("query_token", "")) if held.get("query") else None

    async def query_port(self, tenant: str) -> QueryPort | None:
        """The same for a tenant's lane; also None for a tenant never published."""
        async with within(self._place):
            lane: Any = await self._redis.hget(self._keys.meta(tenant), "lane")
        return None if lane is None else await self.owner(int(lane))

    async def snapshot(self, tenant: str, window: str) -> list[dict[str, Any]]:
        """A window's documents without a segment, from one revision, sorted by KPI."""
        async with within(self._place):
            text = await self._redis.get(self._keys.snapshot(tenant, window))
        documents: list[dict[str, Any]] = orjson.loads(text) if text else []
        return documents

    async def history(self, tenant: str, kpi: str, step: str) -> dict[str, Point]:
        """A KPI without segment in completed hours, days, weeks or months: bucket -> point, oldest first."""
        return (await self.histories(tenant, [kpi], step))[kpi]

    async def histories(self, tenant: str, kpis: Sequence[str], step: str) -> dict[str, dict[str, Point]]:
        """The histories of several KPIs in one round trip; empty for a KPI without one."""
        pipe = self._redis.pipeline(transaction=False)
        for kpi in kpis:
            pipe.hgetall(self._keys.series(tenant, kpi, step))
        async with within(self._place, LONGEST_S):
            found = await pipe.execute()
        return {kpi: history_of(stored) for kpi, stored in zip(kpis, found, strict=True)}

    async def newest(self, tenant: str) -> str:
        """The id of the tenant's last publication, for `updates`; ``0`` if there is none."""
        return await self._newest(self._keys.updates(tenant))

    async def updates(self, tenant: str, after: str = "$") -> AsyncIterator[Update]:
        """Publications after the id ``after``, for ever; ``$``: from now on, ``0``: all that are kept."""
        key = self._keys.updates(tenant)
        last = after if after != "$" else await self._newest(key)
        while True:
            async with within(self._place, ANSWER_S + WAIT_MS / 1000):
                news: Any = await self._redis.xread({key: last}, count=100, block=WAIT_MS)
            for last, fields in news[key][0] if news else ():
                yield _update(last, fields)

    async def _hash(self, key: str) -> dict[str, str]:
        fields: Any = await self._redis.hgetall(key)  # text: the client decodes every reply
        return dict(fields)

    async def _newest(self, key: str) -> str:
        async with within(self._place):
            entries = await self._redis.xrevrange(key, count=1)
        return str(entries[0][0]) if entries else "0"


def _update(entry: str, fields: Mapping[str, str]) -> Update:
    kpis = tuple(fields["kpis"].split(",")) if fields["kpis"] else ()
    return Update(entry, fields["rev"], int(fields["as_of"]), kpis, int(fields["documents"]), fields["full"] == "1")
