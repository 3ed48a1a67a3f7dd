"""One crash run: feed, faults, settling, and the comparison of everything Redis shows with a recount."""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from time import monotonic
from typing import Final

from confluent_kafka import KafkaException

from bench.broker import create_inputs
from bench.check import Comparison, Item, compare_all, freeze, input_items, quarter_after
from bench.place import environment, place
from bench.settle import Watch
from models import topics
from models.record import Row
from models.validate import Known
from ops.local import Servers
from simulator import companies, sized, tenant_settings
from sinks.base import SinkUnavailable
from sinks.read import RedisReader
from streams.poison import POISON
from tests.crash import odd
from tests.crash.attack import Attack
from tests.crash.doing import Faults
from tests.crash.feed import Feed
from tests.crash.plan import Fault
from tests.crash.pool import Pool
from tests.crash.quarantined import Origin, engine_errors, poisoned, quarantine_of

SESSION_S: Final = 6.0
SETTLE_S: Final = 30.0
FAULT_S: Final = 10.0  # a fault and the gap before it last about so long; only the feed's pace depends on it


def say(line: str) -> None:
    """Progress, for people."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201


@dataclass
class Report:
    """What a run showed."""

    faults: int = 0
    events: int = 0
    settled_s: float | None = None
    lost: int = 0
    doubled: int = 0
    compared: Comparison = field(default_factory=Comparison)
    problems: list[str] = field(default_factory=list)

    @property
    def exact(self) -> bool:
        """Nothing differs and nothing else went wrong."""
        return not (self.problems or self.compared.differences or self.lost or self.doubled)

    def line(self) -> str:
        """The last line of a run."""
        seconds = "-" if self.settled_s is None else f"{self.settled_s:.1f}"
        return (f"{'exact' if self.exact else 'NOT exact'}: {self.compared.documents} cells, "
                f"{len(self.compared.kpis)} KPIs, {self.lost} lost, {self.doubled} doubled, {self.faults} faults, "
                f"settled in {seconds} s")  # fmt: skip


class Run:
    """``events`` of ``tenants`` companies through ``faults``; logs and the tenants' settings go to ``folder``."""

    def __init__(self, servers: Servers, folder: Path, *, seed: int, events: int, tenants: int, now_ms: int,
                 workers: int = 2, settle_s: float = SETTLE_S) -> None:  # fmt: skip
        self.servers, self.folder = servers, folder
        self.settings = place(servers.kafka.bootstrap, servers.redis.url, f"crash-{seed}", session_timeout_s=SESSION_S)
        self.names = [profile.tenant for profile in companies(tenants)]
        self.events, self.workers, self.settle_s = events, workers, settle_s
        self.records = sized(Random(seed), tenants, events, now_ms).history()
        self.env = environment(self.settings) | {"CRMKPI_CONFIG": str(folder / "crmkpi.toml"), POISON: odd.POISON}
        self.pool = Pool(self.env, folder)
        self.attack = Attack(
            self.settings, servers.kafka, self.pool, tenant_settings(tenants), now_ms, self.env, folder
        )
        self.report = Report()

    async def run(self, faults: Sequence[Fault]) -> Report:
        """All of it. Differences and surprises are in the report; exceptions are faults of the harness."""
        settings = self.settings
        create_inputs(settings.kafka.bootstrap_servers, topics.inputs(settings), settings.input_partitions)
        feed = Feed(settings.kafka.bootstrap_servers, settings.topic_prefix, self.records, self.events,
                    self.events / (len(faults) * FAULT_S))  # fmt: skip
        self.pool.wanted = self.workers
        counting: asyncio.Task[None] | None = None
        keeper = asyncio.create_task(self.pool.keep())
        try:
            feed.allow = 1 / (len(faults) + 1)
            feed.start()
            counting = asyncio.create_task(self._count(feed))
            await self._flowing()
            await self._faults(faults, feed)
            await self._fed(feed)
            await self._settle()
        finally:
            feed.gave_up.set()
            keeper.cancel()
            if counting is not None:
                counting.cancel()
            await self.pool.stop()
            self.pool.kill()
        self.report.problems += self.pool.surprises
        await self._compare()
        return self.report

    async def _count(self, feed: Feed) -> None:
        """Tell the feed how many events Redis shows; while Redis is away or empty that does not grow."""
        async with RedisReader(self.servers.redis.url) as reader:
            while True:
                await asyncio.sleep(0.3)
                try:
                    documents = [await reader.document(name, "duplicate_rate", "all") for name in self.names]
                except SinkUnavailable:
                    continue
                feed.counted = max(feed.counted, sum(int(found["denominator"]) for found in documents if found))

    async def _flowing(self) -> None:
        """Wait until the workers count: a fault before that would hit nothing."""
        watch = Watch(self.settings)
        try:
            while not await self._counted(watch):
                await asyncio.sleep(0.2)
        finally:
            await watch.close()

    async def _counted(self, watch: Watch) -> bool:
        try:
            return bool(watch.journal_ends()) and len(await watch.behind(dict.fromkeys(self.names, 1))) < len(
                self.names
            )
        except KafkaException:
            return False

    async def _faults(self, faults: Sequence[Fault], feed: Feed) -> None:
        began = monotonic()
        for number, fault in enumerate(faults, 1):
            feed.allow = (number + 1) / (len(faults) + 1) if number < len(faults) else 0.999
            await asyncio.sleep(fault.gap)
            # Faults come while events flow, to the end: not faster than their share of the feed.
            while feed.is_alive() and feed.sent < self.events * 0.9 * (number - 1) / len(faults):
                await asyncio.sleep(0.1)
            say(f"{monotonic() - began:6.1f} s  {fault.kind:15} {feed.sent:9,} sent, {len(self.pool.workers)} workers")
            await Faults(self.servers, self.pool, self.attack).do(fault)
            self.report.faults += 1
        feed.allow = 1.0

    async def _fed(self, feed: Feed) -> None:
        await asyncio.to_thread(feed.join)
        if feed.error is not None:
            raise feed.error
        self.report.events = feed.sent + self.attack.sent
        say(f"{feed.sent:,} events sent, {self.pool.restarts} workers restarted; settling ...")

    async def _settle(self) -> None:
        """Wait until the inputs are accepted, the journal is counted, and Redis says so."""
        began, watch = monotonic(), Watch(self.settings)
        try:
            while monotonic() - began < self.settle_s:
                left = await self._left(watch)
                if not left:
                    self.report.settled_s = monotonic() - began
                    return
                await asyncio.sleep(0.25)
            self.report.problems.append(f"not settled {self.settle_s:g} s after the last fault: {left}")
        finally:
            await watch.close()

    async def _left(self, watch: Watch) -> str:
        try:
            if unaccepted := watch.unaccepted():
                return f"{unaccepted} records not accepted"
            everybody = [*self.names, *self.attack.tenants, "default"]
            if behind := await watch.behind(watch.tenant_ends(everybody)):
                return f"Redis is behind for {', '.join(behind)}"
            if old := await self._of_old_settings():
                return f"Redis has numbers of settings from before for {', '.join(old)}"
        except KafkaException as error:
            return str(error)
        return ""

    async def _of_old_settings(self) -> list[str]:
        """Companies that moved and are not counted again."""
        async with RedisReader(self.servers.redis.url) as reader:
            found = {name: await reader.document(name, "duplicate_rate", "all") for name in self.names}
        return [name for name, document in found.items() if not document or document["tz"] != self.attack.book[name].tz]

    async def _compare(self) -> None:
        items = odd.as_counted(input_items(self.settings, Known(self.attack.book)))
        poison = poisoned(self.settings)
        newest = max(max(item.received, item.time if isinstance(item, Row) else 0) for own in items.values()
                     for item in own)  # fmt: skip
        as_of = quarter_after(newest + 1)
        await freeze(self.settings, list(items), as_of, self.folder / "frozen.log", self.env)
        await self._verify(poison.total())
        await self._quarantined(poison)
        self.report.compared = await compare_all(self.settings, items, as_of, self.attack.book, say)
        await self._conservation(items)

    async def _verify(self, quarantined: int) -> None:
        """The product's own proof: cells from facts, facts from the journal, published numbers from both."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "cli", "verify", "--frozen", cwd=self.folder, env={**os.environ, **self.env},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await process.communicate()
        say(f"verify: {out.decode().strip()}")
        if quarantined and f"{quarantined} quarantined events" not in out.decode():
            self.report.problems.append(f"verify does not mention {quarantined} quarantined events")
        if process.returncode:
            self.report.problems.append(f"verify ended with {process.returncode}: {(out + err).decode()[-3000:]}")

    async def _quarantined(self, poison: Counter[Origin]) -> None:
        """Every event that the engine failed at is in quarantine, and one dead letter; nothing else is."""
        letters, kept = await engine_errors(self.settings), await quarantine_of(self.settings)
        for what, found in (("dead letters", letters), ("quarantine", kept)):
            if found != poison:
                self.report.problems.append(f"{what}: missing {poison - found}, too many {found - poison}")

    async def _conservation(self, items: dict[str, list[Item]]) -> None:
        """Every record counted as received exactly once."""
        async with RedisReader(self.settings.redis.url) as reader:
            for tenant, own in items.items():
                document = await reader.document(tenant, "duplicate_rate", "all")
                received = int(document["denominator"] or 0) if document else 0
                self.report.lost += max(0, len(own) - received)
                self.report.doubled += max(0, received - len(own))
