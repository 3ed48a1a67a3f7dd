"""The published view of alerts: ``crmkpi:{tenant}:alerts`` in Redis, rewritten if it is missing."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from alerts import book
from models.alerting import Rule
from models.settings import RedisSettings
from notify.entries import Entries
from sinks.client import connect, within
from sinks.keys import PREFIX, Keys

SHOWN: Final = 100  # log entries


def view(entries: Entries, tenant: str, rules: Mapping[str, Rule], of_file: Sequence[Rule]) -> dict[str, Any]:
    """Rules with their states, and the latest log entries."""
    fixed = {rule.id for rule in of_file if rule.tenant == tenant}
    log = book.log_of(entries, tenant, SHOWN)
    since: dict[str, int] = {}
    for change in reversed(log):
        since[change["rule"]] = change["at"]
    shown = [
        {
            **rule.as_json(),
            "from_file": name in fixed,
            "raised": book.state_of(entries, tenant, name).raised,
            "since": since.get(name),
            "muted_until": book.muted_until(entries, tenant, name),
        }
        for name, rule in sorted(rules.items())
    ]
    return {"rules": shown, "log": log}


class RedisAlerts:
    """Reads and writes it."""

    def __init__(self, redis: RedisSettings | str, *, prefix: str = PREFIX) -> None:
        self._place, self._keys, self._redis = redis, Keys(prefix), connect(redis)

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def get(self, tenant: str) -> dict[str, Any] | None:
        """The view, or None. Raises `SinkUnavailable`."""
        async with within(self._place):
            text: Any = await self._redis.get(self._key(tenant))
        return None if text is None else dict(orjson.loads(text))

    async def put(self, tenant: str, found: Mapping[str, Any]) -> None:
        """Raises `SinkUnavailable`."""
        async with within(self._place):
            await self._redis.set(self._key(tenant), orjson.dumps(found))

    async def missing(self, tenants: Sequence[str]) -> set[str]:
        """The tenants without a view. Raises `SinkUnavailable`."""
        pipe = self._redis.pipeline(transaction=False)
        for tenant in tenants:
            pipe.exists(self._key(tenant))
        async with within(self._place):
            found = await pipe.execute() if tenants else []
        return {tenant for tenant, there in zip(tenants, found, strict=True) if not there}

    def _key(self, tenant: str) -> str:
        return f"{self._keys.base(tenant)}alerts"
