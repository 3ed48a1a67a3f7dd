"""Publishing: documents of committed state, oldest never over newest, everything again after the store lost it.

``rev`` is (restatement epoch, committed position), ties decided by as_of. Once a second the store is asked what it
holds: nothing or less than was written means that it was flushed, restarted or replaced by an older copy, and all of
the tenant's documents are written again. The store being away never stops the counting.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from sinks.base import Publication, Revision, Sink, SinkUnavailable
from streams.clock import Clock
from streams.engine.client import EngineFailed, LaneEngine
from streams.failpoints import reach
from streams.monitor.metrics import stats
from streams.options import WorkerOptions
from streams.position import Position
from streams.stop import Refused, spawn

log = logging.getLogger(__name__)

FIRST_RETRY, LAST_RETRY = 0.5, 5.0  # seconds between tries while the store is away
PARTS = 500  # documents of segments are many: so many at a time follow a little behind,
PARTS_INTERVAL = 0.25  # seconds apart,
PARTS_SHARE = 9  # and take a tenth of the time at most
ALL_PARTS = 1 << 62
HOUR = 60  # minutes
SKEW = 60_000  # ms: an as_of ahead of our clock by less is another machine's clock


@dataclass
class Publisher:
    """Publishes the tenants of one lane."""

    options: WorkerOptions
    engine: LaneEngine
    sink: Sink
    clock: Clock
    partition: int
    lanes: Callable[[], int] = lambda: 1  # how many with tenants share this process
    outranked: int | None = None  # a store holds a higher revision than ours: of this epoch
    _changed: set[str] = field(default_factory=set)
    _whole: set[str] = field(default_factory=set)  # tenants whose next publication is a full one
    _written: dict[str, Revision] = field(default_factory=dict)
    _parts_next: dict[str, float] = field(default_factory=dict)  # when documents of segments are made again
    _parts_wait: set[str] = field(default_factory=set)  # tenants some of whose segments changed since
    _parts: int = PARTS
    _next: float = 0.0
    _rest: float = 0.0  # while many events wait, nothing is made before
    _next_readback: float = 0.0
    _minute: int = 0
    _retry: float = 0.0
    _task: asyncio.Task[None] | None = None

    def everything(self) -> None:
        """Publish all documents of all tenants next time."""
        self._whole |= set(self.engine.tenants)

    def whole(self, tenants: Iterable[str]) -> None:
        """Publish all documents of these tenants next time."""
        self._whole |= set(tenants)

    def touch(self, tenants: Iterable[str]) -> None:
        """These tenants changed, and the change is committed."""
        self._changed |= set(tenants)

    def tick(self) -> None:
        """Windows slide without events: every document of another minute is another.

        Once an hour everything is published in one step, and what is no more goes.
        """
        minute = int(self.clock() // (self.options.tick_interval * 1000))
        if minute != self._minute and not self.options.frozen:
            waiting = self._changed if minute // HOUR == self._minute // HOUR else self._whole
            waiting |= set(self.engine.tenants)
        self._minute = minute

    def due(self, *, behind: bool = False) -> float:
        """Seconds until `start` is worth calling, 0 for now. While the lane is behind, counting comes first."""
        if self._task is not None and not self._task.done():
            return self.options.publish_interval
        now = asyncio.get_running_loop().time()
        later = [self._next_readback, *(self._parts_next.get(tenant, 0.0) for tenant in self._parts_wait)]
        wanted = self._next if self._changed or self._whole else min(later)
        return max(0.0, (max(wanted, self._rest) if behind else wanted) - now)

    async def start(self, at: Position) -> None:
        """Make the documents of the state as it is now, which must be committed, and write them in the background."""
        now = asyncio.get_running_loop().time()
        publications, spent = await self._compose(at)
        done = asyncio.get_running_loop().time()
        # Making documents of what changed may take a quarter of the time at most, whatever the number of tenants, and a
        # tenth while the lane is behind. Those of segments have a pace of their own, whole tenants come once an hour.
        spent *= self.lanes()
        self._next = done + max(self.options.publish_interval, 3 * spent)
        self._rest = done + max(self.options.publish_interval, 9 * spent)
        check = now >= self._next_readback
        if check:
            self._next_readback = now + self.options.readback_interval
        self._task = spawn(self._run(publications, check), lambda: f"publishing lane {self.partition}")

    @property
    def used(self) -> bool:
        """Whether the lane has tenants at all."""
        return bool(self.engine.tenants)

    @property
    def pending(self) -> bool:
        """There are committed changes nobody has seen yet."""
        return bool(self._changed or self._whole or self._parts_wait)

    @property
    def waits(self) -> int:
        """How many tenants have committed changes that nobody has seen yet."""
        return len(self._changed | self._whole | self._parts_wait)

    def hurry(self) -> None:
        """The next publication is the last: documents of segments no longer wait."""
        self._parts_next.clear()
        self._parts = ALL_PARTS

    async def settle(self, seconds: float | None = None) -> None:
        """Wait for a running write, at most so long."""
        if self._task is not None:
            await asyncio.wait([self._task], timeout=seconds)

    async def _compose(self, at: Position) -> tuple[list[Publication], float]:
        """Publications, and how many seconds of computing those of totals took."""
        made, spent = [], 0.0
        now = self.clock()
        time = asyncio.get_running_loop().time
        waited = {tenant for tenant in self._parts_wait if time() >= self._parts_next.get(tenant, 0.0)}
        for tenant in sorted(self._changed | self._whole | waited):
            full = tenant in self._whole
            parts = self._parts if full or time() >= self._parts_next.get(tenant, 0.0) else 0
            began = time()
            documents, waiting = await self._documents(tenant, now, full, parts)
            cost = time() - began
            if parts:
                pause = max(PARTS_INTERVAL, PARTS_SHARE * cost * self.lanes())
                self._parts_next[tenant] = time() + pause
            else:
                spent += cost
            for document in documents:
                document["rev"] = f"{at.epoch}.{at.next}"
            if documents or (not waiting and tenant in self._parts_wait):
                made.append(Publication(tenant, at.epoch, at.next, now, documents, full, waiting))
            (self._parts_wait.add if waiting else self._parts_wait.discard)(tenant)
        self._changed.clear()
        self._whole.clear()
        self._parts = PARTS
        return made, spent

    async def _documents(self, tenant: str, now: int, full: bool, parts: int) -> tuple[list[dict[str, Any]], int]:
        live = not self.options.frozen
        try:
            return await self.engine.documents(tenant, now, live=live, full=full, parts=parts)
        except EngineFailed as exc:
            if exc.kind == "ValueError" and not live:  # an as-of that the kept panes cannot answer, now or ever
                raise Refused(f"tenant {tenant}: {exc.text}") from exc
            raise

    async def _run(self, publications: list[Publication], check: bool) -> None:
        try:
            for publication in publications:
                await self._write(publication)
            if check:
                await self._readback()
        except SinkUnavailable as exc:
            self._away(exc)
        else:
            if self._retry:
                log.warning("lane %s: the store is back", self.partition)
            self._retry = 0.0
        reach("count-9-published")

    async def _write(self, publication: Publication) -> None:
        with stats.flush.time():
            taken = await self.sink.publish(publication)
        if taken:
            stats.published.set_to_current_time()
            self._written[publication.tenant] = publication.revision
        else:
            await self._refused(publication)

    async def _refused(self, ours: Publication) -> None:
        """The store holds more than we have: another owner's, or one of a clock ahead of ours, or of another life."""
        theirs = await self.sink.revision(ours.tenant)
        self._whole.add(ours.tenant)
        self._next = self._rest = 0.0  # nothing of it is to be seen yet: the time it took is no reason to wait
        if theirs is None:
            return
        ahead = theirs[2] - ours.as_of
        if theirs[:2] > ours.revision[:2] or self.options.frozen or ahead > SKEW:
            self.outranked = max(self.outranked or 0, theirs[0])

    async def _readback(self) -> None:
        for tenant, written in list(self._written.items()):
            held = await self.sink.revision(tenant)
            if held is None or held < written:
                self._whole.add(tenant)

    def _away(self, exc: SinkUnavailable) -> None:
        stats.sink_errors.inc()
        if not self._retry:
            log.warning("lane %s: the store is away, counting goes on: %s", self.partition, exc)
        self._retry = min(max(self._retry * 2, FIRST_RETRY), LAST_RETRY)
        self._whole |= set(self.engine.tenants)
        self._next = self._next_readback = asyncio.get_running_loop().time() + self._retry
