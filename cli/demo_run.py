"""The demo itself, with servers, topics and workers running: load, stream, settle, verify."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from aiokafka.errors import KafkaError
from rich.progress import Progress

from cli.audit import Audit
from cli.backlog import backlog
from cli.beside import beside
from cli.board import Board
from cli.demo_feed import Companies, days_bar, load_history, new_world, stream_live
from cli.demo_show import show
from cli.exits import FAIL_STOP, CliError
from cli.feed import Feed, feed
from cli.follow import RETRY_S, follow
from cli.lag import lag_line, lag_reader
from cli.latency import Latencies
from cli.recount import Verdict
from cli.term import bar, say
from cli.verify import records_bar
from models.settings import Settings, TenantBook
from ops.lag import GroupLag
from sinks.base import SinkUnavailable
from sinks.read import RedisReader

STUCK_S: Final = 90.0  # without progress, allowing for restarts of the worker
LEAST_LIVE_S: Final = 5.0
VISIBLE_S: Final = 20.0  # within which counted records must be published
COUNTED: Final = ("duplicate_rate", "all")  # its denominator is the number of records received


@dataclass(frozen=True)
class Plan:
    """What was asked for."""

    seconds: float | None
    seed: int
    rate: float
    days: int
    quiet: bool  # only the last line on stdout
    companies: Companies


class Demo:
    """One run. ``counts``, the verdict and the figures are set once `run` has completed."""

    def __init__(self, place: Settings, book: TenantBook, plan: Plan, workers_alive: Callable[[], bool]) -> None:
        self.place, self.book, self.plan, self.workers_alive = place, book, plan, workers_alive
        self.world = new_world(plan.seed, plan.days, plan.companies)
        self.board = Board()
        self.latencies = Latencies()
        self.loaded_per_second = 0.0
        self.verdict: Verdict | None = None

    async def run(self) -> None:
        """Run to the verdict; without a given duration, stream until cancelled."""
        began = time.monotonic()
        async with feed(self.place.kafka) as kafka, RedisReader(self.place.redis) as reader:
            with bar() as progress:
                await self._history(kafka, reader, progress)
            watch = [follow(self.board, reader), self._lag(), *(self._visible(reader, t) for t in self.tenants)]
            await beside(self._live(kafka, began), show(self.board, self.tenants, self.plan.quiet), *watch)
            await kafka.flush()
        with bar() as progress:
            say("feed stopped; waiting until everything is counted, then running a full recount ...")
            await self.settle(progress)
            self.verdict = await Audit(self.place, self.book).run(records_bar(progress))

    @property
    def tenants(self) -> list[str]:
        """The companies of the demo."""
        return [profile.tenant for profile in self.plan.companies]

    async def settle(self, progress: Progress) -> None:
        """Waits until every record is counted. Raises CliError (70) if there is no progress for too long."""
        task = progress.add_task("counting", total=None)
        least, moved = -1, time.monotonic()
        async with lag_reader(self.place) as lags:
            while not counted(found := await lags.read()):
                progress.update(task, description=f"counting, {lag_line(found)}")
                if found.records < least or least < 0:
                    least, moved = found.records, time.monotonic()
                if time.monotonic() - moved > STUCK_S or not self.workers_alive():
                    raise CliError(f"counting has stalled, {lag_line(found)}", FAIL_STOP)
                await asyncio.sleep(0.1)
        progress.remove_task(task)

    def summary(self) -> dict[str, Any]:
        """The figures of the last line."""
        counts, verdict = self.world.counts, self.verdict or Verdict()
        return {
            "events": counts.sent,
            "rejected": counts.bad + counts.conflicts,
            "duplicates": counts.duplicates,
            "kpis": verdict.kpis,
            "verified": self.verdict is not None and verdict.verified,
            "events_per_second": round(self.loaded_per_second),
            "p99_latency_ms": self.latencies.percentile_ms(0.99),
        }

    async def _history(self, kafka: Feed, reader: RedisReader, progress: Progress) -> None:
        began = time.monotonic()
        say(f"loading {self.plan.days} days of history for {', '.join(self.tenants)} ...")
        loaded = days_bar(progress, self.plan.days)
        async with backlog(self.place) as waiting:
            counts = await load_history(
                self.place, kafka, self.world, loaded, lambda sent: waiting.room(sent, self._check_workers)
            )
        await self.settle(progress)
        took = time.monotonic() - began
        self.loaded_per_second = sum(counts.values()) / took
        say(f"{counts.total():,} records of {self.plan.days} days loaded and counted in {took:.1f} s; now live")
        await self._begin_latencies(reader, counts)

    async def _begin_latencies(self, reader: RedisReader, counts: Counter[str]) -> None:
        """Starts measuring once the whole history is visible, so that no record appears visible too early."""
        end = time.monotonic() + VISIBLE_S
        for tenant in self.tenants:
            while await _received(reader, tenant) != counts[tenant] and time.monotonic() < end:
                await asyncio.sleep(0.05)
            self.latencies.begin(tenant, counts[tenant])

    def _check_workers(self) -> None:
        if not self.workers_alive():
            raise CliError("no worker is running any more", FAIL_STOP)

    async def _live(self, kafka: Feed, began: float) -> None:
        streaming = stream_live(self.place, kafka, self.world, self.plan.rate, self.latencies)
        if self.plan.seconds is None:
            await streaming
            return
        left = max(LEAST_LIVE_S, self.plan.seconds - (time.monotonic() - began))
        try:
            async with asyncio.timeout(left):
                await streaming
        except TimeoutError:
            return

    async def _lag(self) -> None:
        async with lag_reader(self.place) as lags:
            while True:
                try:
                    self.board.lag = f"{lag_line(await lags.read())} · {self.world.counts.sent:,} records sent"
                except (KafkaError, OSError) as error:
                    self.board.lag = f"Kafka is away: {error}"
                await asyncio.sleep(1)

    async def _visible(self, reader: RedisReader, tenant: str) -> None:
        while True:
            with suppress(SinkUnavailable):  # shown on the board; records counted meanwhile are visible late, correctly
                async for _ in reader.updates(tenant):
                    if count := await _received(reader, tenant):
                        self.latencies.visible(tenant, count, time.monotonic())
            await asyncio.sleep(RETRY_S)


def counted(found: GroupLag) -> bool:
    """Whether inputs and journal are fully counted."""
    return all(item.records == 0 if item.committed is not None else item.end == 0 for item in found.partitions)


async def _received(reader: RedisReader, tenant: str) -> int | None:
    try:
        doc = await reader.document(tenant, *COUNTED)
    except SinkUnavailable:
        return None
    return int(doc["denominator"]) if doc and doc.get("denominator") is not None else None
