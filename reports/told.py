"""What reports said, kept in Redis: so that the next one can say what has been restated since.

When Redis loses it, the next report says nothing of restatements; numbers do not depend on it.
"""

from types import TracebackType
from typing import Any, Final, Self

import orjson

from models.settings import RedisSettings
from reports.numbers import Gathered, Told
from reports.report import Report
from reports.schedule import Period
from sinks.client import connect, within
from sinks.keys import Keys

KEPT: Final = 40  # periods of a report


class RedisTold:
    """Use as ``async with RedisTold(settings) as told``. Every method raises `SinkUnavailable`."""

    def __init__(self, redis: RedisSettings | str) -> None:
        self._redis, self._place, self._keys = connect(redis), redis, Keys()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._redis.aclose()

    async def before(self, report: Report, period: Period) -> Told | None:
        """What the report of the period before said; None: nothing is known of one."""
        name = period.before().name
        async with within(self._place):
            text: Any = await self._redis.hget(self._key(report), name)
        return None if text is None else Told(name, orjson.loads(text))

    async def keep(self, report: Report, found: Gathered) -> None:
        """Note what the report of a period says; what the first mail about it said stays."""
        key, values = self._key(report), said(report, found)
        async with within(self._place):
            await self._redis.hsetnx(key, found.period.name, orjson.dumps(values).decode())
            names: Any = await self._redis.hkeys(key)
            if gone := sorted(names)[:-KEPT]:
                await self._redis.hdel(key, *gone)

    def _key(self, report: Report) -> str:
        return f"{self._keys.base(report.tenant)}report:{report.name}"


def said(report: Report, found: Gathered) -> dict[str, Any]:
    """KPI -> value of its total."""
    documents = {kpi: found.document(kpi) for kpi in report.kpis()}
    return {kpi: one["value"] for kpi, one in documents.items() if one is not None and one.get("value") is not None}
