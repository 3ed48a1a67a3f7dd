"""The CRM opportunities set through the product: imported into Kafka, counted by a worker, read from Redis."""

import asyncio
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import redis

from bench.place import environment, place
from bench.worker import Worker
from cli.recount import restored
from kpis.engine import Engine
from models.settings import TenantBook
from ops.topics import admin, ensure, wanted_topics
from streams.bootstrap import options_from
from streams.producing import lane_of
from streams.read import read_state
from tests.sets import crm_opportunities as crm

ROOT: Final = Path(__file__).parents[2]
MAPPING: Final = ROOT / "examples" / "crm_opportunities.toml"
TABLE: Final = crm.SHARED / "crm_sales_opportunities" / "sales_pipeline.csv"
EVENTS: Final = 8_800 + 6_711  # a deal.created each, and a deal.won or deal.lost of those that are closed
LANES: Final = 2
PATIENCE: Final = 420.0  # a small machine that runs other tests, too


def day_after(day: date) -> str:
    """The exclusive end of a day as RFC 3339."""
    return f"{day + timedelta(days=1)}T00:00:00Z"


class Crm:
    """One installation with one feed of the set. ``feed``: time, file, shuffled or doubled."""

    def __init__(self, bootstrap: str, redis_url: str, name: str, folder: Path) -> None:
        self.settings = place(bootstrap, redis_url, name, session_timeout_s=6, journal_partitions=LANES)
        self.tenant = name
        self.folder = folder
        self.log = folder / "worker.log"
        self.redis = redis.Redis.from_url(redis_url, decode_responses=True)
        dimensions = json.dumps(crm.SETTINGS.dimensions)
        self.env = {
            **os.environ, **environment(self.settings),
            "CRMKPI_JOURNAL_PARTITIONS": str(LANES),
            "CRMKPI_TENANT__CURRENCY": crm.SETTINGS.currency, "CRMKPI_TENANT__DIMENSIONS": dimensions,
        }  # fmt: skip

    # -- in ----------------------------------------------------------------------------------------------------------

    async def make_topics(self) -> None:
        """As the worker would."""
        async with admin(self.settings.kafka.bootstrap_servers) as link:
            await ensure(link, wanted_topics(self.settings))

    def load(self, feed: str) -> None:
        """Import the set; file order comes straight from the CSV, the others by way of its events as JSONL."""
        if feed == "file":
            self.command("import", TABLE, "--mapping", MAPPING, "--tenant", self.tenant)
            return
        lines = self.command("import", TABLE, "--mapping", MAPPING, "--tenant", self.tenant, "--dry-run").splitlines()
        if feed == "time":
            lines.sort(key=lambda line: str(json.loads(line)["time"]))
        else:
            lines = lines * (2 if feed == "doubled" else 1)
            random.Random(feed).shuffle(lines)
        (self.folder / "events.jsonl").write_text("\n".join(lines))
        self.command("import", self.folder / "events.jsonl")

    def command(self, *args: object) -> str:
        """What a ``crmkpi`` command prints; it must succeed."""
        done = subprocess.run(
            [sys.executable, "-m", "cli", *map(str, args)], env=self.env, capture_output=True, text=True, cwd=ROOT,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    # -- counting ----------------------------------------------------------------------------------------------------

    @contextmanager
    def worker(self, as_of: str) -> Iterator[Worker]:
        """A worker whose clock stands at ``as_of``."""
        running = Worker(self.env, self.log, ["--as-of", as_of])
        try:
            yield running
        finally:
            running.stop()

    def counted(self, events: int) -> None:
        """Wait until Redis says that so many events were received, before 2018."""
        with self.worker("2018-01-01T00:00:00Z") as running:
            self.until(running, lambda: self.fields("received", "all").get("value") == str(events))

    def forget(self) -> None:
        """Take the tenant's keys out of Redis: a clock that stands earlier than what is there gives way at first."""
        for key in self.redis.scan_iter(f"crmkpi:{{{self.tenant}}}:*", count=10_000):
            self.redis.delete(key)

    def step(self, day: date) -> None:
        """Have the numbers of the end of a day published, from the state that is there."""
        as_of = day_after(day)
        with self.worker(as_of) as running:
            self.until(running, lambda: self.fields("open_pipeline", "all").get("as_of", "")[:19] == as_of[:19])

    def until(self, running: Worker, done: Any) -> None:
        """Wait, for segments too; a worker that ends or stands still is a failure that shows its log."""
        end = time.monotonic() + PATIENCE
        while not (done() and self.redis.hget(f"crmkpi:{{{self.tenant}}}:meta", "waiting") == "0"):
            assert running.code is None, self.log.read_text()[-3000:]
            assert time.monotonic() < end, self.log.read_text()[-3000:]
            time.sleep(0.1)

    # -- out ---------------------------------------------------------------------------------------------------------

    def fields(self, kpi: str, window: str, **segment: str) -> dict[str, str]:
        """A document as any Redis client sees it: a hash of texts."""
        parts = [kpi, window, *(f"{name}={quote(value, safe='')}" for name, value in segment.items())]
        found: Any = self.redis.hgetall(f"crmkpi:{{{self.tenant}}}:kpi:{':'.join(parts)}")
        return dict(found)

    def number(self, kpi: str, window: str, field: str = "value", **segment: str) -> float | None:
        """A field of a document as a number; None when it is null."""
        text = self.fields(kpi, window, **segment)[field]
        return float(text) if text else None

    async def engine(self) -> Engine:
        """An engine restored from what the workers left on Kafka."""
        options = options_from(self.settings)
        entries, _ = await read_state(options, lane_of(self.tenant, options.lanes))
        return restored(lambda: Engine(TenantBook(crm.SETTINGS)), entries)


async def fed(crm_set: Crm, feed: str) -> int:
    """Load a feed; how many events it has."""
    await crm_set.make_topics()
    await asyncio.to_thread(crm_set.load, feed)
    return EVENTS * (2 if feed == "doubled" else 1)
