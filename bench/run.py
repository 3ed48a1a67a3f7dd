"""The measurements, ordered so that each can use what earlier ones left in the broker."""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Final

from bench import raw
from bench.broker import Sender, create_inputs, produce
from bench.check import equal_to_recount
from bench.full import Full, count_all, restore
from bench.latency import measure
from bench.place import environment, place, toml
from bench.table import Result
from bench.worker import Worker
from bench.workload import ONE, PARTITIONS, THREE, TOPICS, events
from models import topics
from models.settings import Settings
from simulator import companies, sized, tenant_settings

STEPS: Final = ("raw", "full", "check", "restore", "board", "year", "one", "latency")
BOARD: Final = {
    "kpis": ["visitors", "leads", "traffic_to_lead_rate", "lead_to_opportunity_rate", "win_rate", "open_pipeline",
             "sales_cycle_days", "email_open_rate", "email_click_rate", "call_connect_rate", "active_customers",
             "customer_churn_rate"],
    "windows": ["today", "7d", "30d", "month"],
}  # fmt: skip
Own = Mapping[str, Mapping[str, object]]
YEAR: Final = 200_000  # most events of the shop's year


class Bench:
    """One run. ``now_ms``: end of the workload's six hours; ``logs``: folder for worker logs."""

    def __init__(self, bootstrap: str, redis_url: str, number: int, now_ms: int, logs: Path,
                 say: Callable[[str], None]) -> None:  # fmt: skip
        self.three = place(bootstrap, redis_url, "three")
        self.one = place(bootstrap, redis_url, "one")
        self.board = place(bootstrap, redis_url, "board")
        self.year = place(bootstrap, redis_url, "year")
        self.number, self.now_ms, self.logs, self.say = number, now_ms, logs, say
        self.result = Result(number)

    async def run(self, steps: Collection[str], seconds: float, profile: Path | None) -> None:
        """Run these steps (of `STEPS`). Raises RuntimeError if a worker fails."""
        if {"raw", "full", "check", "restore"} & set(steps):
            self._fill(self.three, THREE)
        if "raw" in steps:
            await self._raw()
        if {"full", "check", "restore"} & set(steps):
            full = await self._full(self.three, THREE, profile)
            self.result.full_path, self.result.rss_mb, self.result.start_s = full.rate, full.rss_mb, full.start_s
        if "restore" in steps:
            self.say("Restarting the worker ...")
            self.result.restore_per_s = await restore(self.three, list(THREE), self.logs / "restore.log")
        if "check" in steps:
            self.say("Counting everything again ...")
            check = await equal_to_recount(self.three, THREE, self.now_ms, self.logs, self.say)
            self.result.equal, self.result.documents = check
        if "board" in steps:
            self._fill(self.board, THREE)
            full = await self._full(self.board, THREE, own=dict.fromkeys(THREE, BOARD))
            self.result.board = full.rate
        if "year" in steps:
            await self._year()
        if {"one", "latency"} & set(steps):
            await self._one("one" in steps, seconds if "latency" in steps else 0)

    def _fill(self, settings: Settings, tenants: tuple[str, ...], number: int | None = None) -> None:
        began, kafka = perf_counter(), settings.kafka
        create_inputs(kafka, topics.inputs(settings), PARTITIONS)
        prefix = settings.topic_prefix
        made = (event._replace(topic=prefix + event.topic)
                for event in events(self.number if number is None else number, tenants, self.now_ms))  # fmt: skip
        sent = produce(kafka, made)
        self.say(f"Produced {sent:,} events of {len(tenants)} tenants in {perf_counter() - began:.0f} s")

    async def _raw(self) -> None:
        kafka = self.three.kafka
        names = [self.three.topic_prefix + topic for topic in TOPICS.values()]
        self.result.raw_librdkafka = raw.librdkafka(kafka, names)
        self.result.raw_aiokafka = await raw.aiokafka(kafka, names)
        self.say(f"Raw: librdkafka {self.result.raw_librdkafka:,.0f}/s, aiokafka {self.result.raw_aiokafka:,.0f}/s")

    async def _year(self) -> None:
        """A year of one shop: every event touches different panes from the previous one."""
        shop, number = companies(1)[0].tenant, min(self.number, YEAR)
        create_inputs(self.year.kafka, topics.inputs(self.year), PARTITIONS)
        sender = Sender(self.year.kafka)
        for record in sized(Random(1), 1, number, self.now_ms, days=365).history():
            sender.send(record._replace(topic=self.year.topic_prefix + record.topic), record.headers)
        sender.flush()
        self.say(f"Produced {sender.acked:,} events of a shop's year")
        full = await self._full(self.year, (shop,), own=tenant_settings(1), number=sender.acked)
        self.result.year, self.result.year_rss_mb = full.rate, full.rss_mb

    async def _full(self, settings: Settings, tenants: tuple[str, ...], profile: Path | None = None,
                    own: Own | None = None, number: int | None = None) -> Full:  # fmt: skip
        """``own``: the tenants' settings."""
        self.say(f"Full path, {settings.app_id} ...")
        config = self.logs / f"{settings.app_id}.toml"
        config.write_text(toml(own or {}))
        env, log = environment(settings) | {"CRMKPI_CONFIG": str(config)}, self.logs / f"full-{settings.app_id}.log"
        worker = Worker(env, log, profile=profile)
        try:
            full = await count_all(settings, worker, number or self.number, list(tenants))
        finally:
            worker.stop()
        self.say(f"Full path: {full.rate:,.0f} events/s, {full.rss_mb:.0f} MB")
        return full

    async def _one(self, full: bool, seconds: float) -> None:
        number = self.number if full else min(self.number, 20_000)
        self._fill(self.one, ONE, number)
        worker = Worker(environment(self.one), self.logs / "one.log")
        try:
            counted = await count_all(self.one, worker, number, list(ONE))
            if full:
                self.result.one_tenant, self.result.one_tenant_rss_mb = counted.rate, counted.rss_mb
                self.say(f"One tenant: {counted.rate:,.0f} events/s")
            if seconds:
                self.say(f"Latency at 2,000 events/s for {seconds:g} s ...")
                if (found := await measure(self.one, ONE[0], number, seconds)) is None:
                    self.say("Latency: this machine does not keep up with 2,000 events/s")
                else:
                    self.result.p50_ms, self.result.p99_ms = found
        finally:
            worker.stop()
