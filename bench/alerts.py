"""What alert rules cost: ``python -m bench.alerts [--rules 500] [--tenants 20]``.

Rules over numbers in a real Redis, looked at as the runner does: when every tenant has published since the last look,
and when none has. Prints ms of CPU a look at all rules, and the share of a core that is, at a look every 10 s; one JSON
line last.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Mapping
from typing import Final
from zoneinfo import ZoneInfo

import orjson

from alerts.decide import decide
from alerts.machine import State
from alerts.published import RedisAlerts
from alerts.sources import Letters, Observer, Sources
from kpis.catalog import CATALOG
from models.alerting import Rule
from models.notifying import Channel
from notify.entries import Entries, Entry
from ops.local import local_servers
from sinks.base import Publication
from sinks.read import RedisReader
from sinks.redis_sink import RedisSink

EVERY_S: Final = 10.0
LOOKS: Final = 30
WINDOW: Final = "30d"
KPIS: Final = [row.id for row in CATALOG if WINDOW in row.windows]


def rules_of(tenant: str, many: int) -> dict[str, Rule]:
    """So many rules with levels, each about another KPI."""
    given = {
        "tenant": tenant,
        "kind": "threshold",
        "window": WINDOW,
        "above": 5,
        "clear": 4,
        "for": "10m",
        "to": ["ops"],
    }
    return {f"r{n}": Rule.model_validate({**given, "id": f"r{n}", "kpi": KPIS[n % len(KPIS)]}) for n in range(many)}


class Bench:
    """Tenants with rules, and numbers that move."""

    def __init__(self, redis: str, tenants: int, rules: int) -> None:
        self._sink, self._reader, self._shown = RedisSink(redis), RedisReader(redis), RedisAlerts(redis)
        self._rules = {f"tenant-{n}": rules_of(f"tenant-{n}", rules // tenants) for n in range(tenants)}
        self._observer = Observer(Sources(self._reader, self._none, self._no_letters))
        self._states: dict[str, dict[str, State]] = {}
        self._entries = {tenant: Entries() for tenant in self._rules}
        self._position = 0
        self.written = 0

    async def _none(self) -> float:
        return 0.0

    async def _no_letters(self) -> Mapping[str, Letters]:
        return {}

    async def publish(self) -> None:
        """Every KPI of every tenant, moved: a tenth of the rules change sides."""
        self._position += 1
        now = int(time.time() * 1000)
        for tenant, rules in self._rules.items():
            documents: list[dict[str, object]] = [
                {"kpi": rule.kpi, "window": WINDOW, "segment": {}, "value": 9 if (n + self._position) % 10 == 0 else 1,
                 "unit": "count", "n": 100, "status": "ok", "state": "live", "as_of": "2026-11-28T10:00:00Z"}
                for n, rule in enumerate(rules.values())
            ]  # fmt: skip
            await self._sink.publish(Publication(tenant, 0, self._position, now, documents, full=True))

    async def look(self) -> None:
        """One look at every rule, as the runner's round; what it decides is not sent."""
        now = int(time.time() * 1000)
        for tenant, rules in self._rules.items():
            seen = await self._observer.observe(tenant, list(rules.values()), now)
            channels = [Channel(name="ops", tenant=tenant, kind="stream")]
            known = self._entries[tenant]
            done = decide(tenant, rules, self._states.get(tenant, {}), seen, known, channels, ZoneInfo("UTC"), now)
            self._states[tenant] = done.states
            self._take(known, done.entries)
        await self._shown.missing(list(self._rules))

    def _take(self, known: Entries, entries: list[Entry]) -> None:
        for entry in entries:
            self.written += 1
            known.put(self.written, entry)

    async def measure(self, *, moved: bool) -> float:
        """ms of CPU a look."""
        spent = 0.0
        for _ in range(LOOKS):
            if moved:
                await self.publish()
            began = time.process_time()
            await self.look()
            spent += time.process_time() - began
        return 1000 * spent / LOOKS

    async def run(self) -> dict[str, float]:
        """Both."""
        await self.publish()
        await self.look()
        moved, still = await self.measure(moved=True), await self.measure(moved=False)
        await self._reader.close()
        await self._shown.close()
        await self._sink.close()
        return {"moved_ms": round(moved, 1), "still_ms": round(still, 1)}


def main() -> int:
    """Always 0: there is nothing to be right or wrong."""
    parser = argparse.ArgumentParser(prog="bench.alerts", description=__doc__)
    parser.add_argument("--rules", type=int, default=500)
    parser.add_argument("--tenants", type=int, default=20)
    given = parser.parse_args()
    with local_servers(lambda text: print(text, file=sys.stderr)) as servers:
        found = asyncio.run(Bench(servers.redis.url, given.tenants, given.rules).run())
    for name, text in (("moved_ms", "everything published anew"), ("still_ms", "nothing published since")):
        share = found[name] / 1000 / EVERY_S
        print(f"{given.rules} rules, {text}: {found[name]} ms of CPU a look, {share:.2%} of a core every {EVERY_S:g} s")
    print(orjson.dumps({"rules": given.rules, "tenants": given.tenants, **found}).decode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
