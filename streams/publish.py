"""Publishing: documents of committed state, never an older one over a newer, and all again if the store loses data.

The engine decides what to publish (`streams.composed`); this module requests it, writes it and compares it with what
the store holds. ``rev`` is (restatement epoch, committed position); ties are decided by as_of, which never goes back.
Once a second the store's revisions are read back: nothing, or less than was written, means that it was flushed,
restarted or replaced by an older copy, and all documents are written again. An unavailable store never stops counting.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from sinks.base import Note, Packed, QueryPort, Revision, Sink, SinkUnavailable, TenantRefused
from streams.clock import Clock
from streams.composed import Answer, Ask
from streams.engine.client import EngineFailed, LaneEngine
from streams.failpoints import reach
from streams.monitor.metrics import stats
from streams.options import WorkerOptions
from streams.position import Position
from streams.stop import Refused, spawn

log = logging.getLogger(__name__)

FIRST_RETRY, LAST_RETRY = 0.5, 5.0  # seconds between retries while the store is unavailable or refuses
URGENT_S: Final = 0.05  # seconds of computing documents in one call; a document once started is finished
LATER_S: Final = 0.04
LAST_S: Final = 1.5  # when the worker stops
SHARE: Final = 1  # the rest may take at most half of the time,
SHARE_BEHIND: Final = 9  # and a tenth while events wait
ASKED: Final = 50  # tenants whose revision is read back at a time, in turn
SKEW: Final = 60_000  # ms: an as_of ahead of our clock by less is clock skew


@dataclass
class Publisher:
    """Publishes the tenants of one lane."""

    options: WorkerOptions
    engine: LaneEngine
    sink: Sink
    clock: Clock
    partition: int
    lanes: Callable[[], int] = lambda: 1  # how many with tenants share this process
    query: Callable[[], QueryPort | None] = lambda: None  # where this process answers queries; None: nowhere
    progress: Callable[[], float | None] = lambda: None  # share of the history that is counted; None: all
    outranked: int | None = None  # epoch of a store revision higher than ours
    failures: Counter[str] = field(default_factory=Counter)  # cause -> failures to compute a tenant's documents
    refused: int = 0  # publications that the store refused
    clock_back: float = 0.0  # seconds by which the clock went back or is behind what was published; 0: it is right
    waits: int = 0  # publications computed but not yet written
    _urgent: bool = False  # tenants have committed, unpublished changes
    _more: bool = False  # other documents wait
    _hurry: bool = False
    _written: dict[str, Revision] = field(default_factory=dict)
    _taken: dict[str, int] = field(default_factory=dict)  # publications the store has taken, by its own count
    _note: Revision | None = None  # the lane's last note
    _turn: int = 0  # index of the next revision to read back
    _checked: int = 0
    _complete: tuple[int, int] = (0, 0)  # epoch and position up to which everything was sent
    _failing: tuple[str, ...] = ()
    _floor: int = 0  # ms: no publication is older
    _unfinished: set[str] = field(default_factory=set)  # tenants published while history was loading
    _minute: int = 0
    _next: float = 0.0  # when urgent documents are computed again
    _next_later: float = 0.0  # when the others are
    _rest: float = 0.0  # while many events wait, nothing is computed before
    _next_readback: float = 0.0
    _retry: float = 0.0
    _refusals: float = 0.0  # seconds to wait after the next refusal
    _again: dict[str, float] = field(default_factory=dict)  # tenants the store can't take -> when to retry
    _task: asyncio.Task[None] | None = None

    def everything(self) -> None:
        """Publish all documents of all tenants next time."""
        self.engine.everything(None)
        self._more = True
        self._next_later = 0.0

    def whole(self, tenants: Iterable[str]) -> None:
        """Publish all documents of these tenants next time."""
        if found := list(tenants):
            self.engine.everything(found)
            self._more = True

    def touch(self, tenants: Iterable[str]) -> None:
        """These tenants changed, and the change is committed."""
        self._urgent = self._urgent or any(True for _ in tenants)

    def tick(self) -> None:
        """Windows slide without events: every minute each tenant is checked."""
        minute = self._now() // 60_000
        if minute != self._minute and not self.options.frozen:
            self._more = True
        self._minute = minute
        if self._unfinished and self.progress() is None:
            self.whole(self._unfinished)  # their documents are marked as incomplete
            self._unfinished.clear()

    def due(self, *, behind: bool = False) -> float:
        """Seconds until `start` is worth calling; 0: now. While the lane is behind, counting takes priority."""
        if self._task is not None and not self._task.done():
            return self.options.publish_interval
        now = asyncio.get_running_loop().time()
        wanted = [self._next_readback]
        wanted += [self._next] if self._urgent else []
        wanted += [self._next_later] if self._more else []
        return max(0.0, (max(min(wanted), self._rest) if behind else min(wanted)) - now)

    async def start(self, at: Position) -> None:
        """Compute documents of the current state, which must be committed, and write them in the background."""
        now = asyncio.get_running_loop().time()
        self.whole(tenant for tenant, due in self._again.items() if due <= now)
        answers = []
        if self._urgent and (self._hurry or now >= self._next):
            answers.append(await self._compose(at, URGENT_S, only_urgent=True))
            self._pace(answers[-1], urgent=True)
        if self._more and (self._hurry or now >= self._next_later):
            answers.append(await self._compose(at, LATER_S, only_urgent=False))
            self._pace(answers[-1], urgent=False)
        if answers:
            self._take_rest(sum(answer.seconds for answer in answers))
        if not self.pending or (not self._urgent and answers and answers[-1].settled):
            self._complete = at.epoch, at.next
        check = now >= self._next_readback
        if check:
            self._next_readback = now + self.options.readback_interval
        packed = [one for answer in answers for one in answer.publications]
        self._task = spawn(self._run(packed, check), lambda: f"publishing lane {self.partition}")

    @property
    def used(self) -> bool:
        """Whether the lane has any tenants."""
        return bool(self.engine.tenants)

    @property
    def pending(self) -> bool:
        """Whether committed changes are unpublished."""
        return self._urgent or self._more

    @property
    def now(self) -> int:
        """The time for computing documents, ms."""
        return self._now()

    def hurry(self) -> None:
        """The next publications are the last: don't wait for anything."""
        self._hurry = True
        self._next = self._next_later = 0.0

    async def settle(self, seconds: float | None = None) -> None:
        """Wait for a running write, at most ``seconds``."""
        if self._task is not None:
            await asyncio.wait([self._task], timeout=seconds)

    # --- computing documents

    async def _compose(self, at: Position, seconds: float, *, only_urgent: bool) -> Answer:
        live = not self.options.frozen
        ask = Ask(
            self._as_of(at), live, self.partition, at.epoch, at.next, self.progress(),
            LAST_S if self._hurry else seconds, only_urgent,
        )  # fmt: skip
        try:
            answer = await self.engine.composed(ask)
        except EngineFailed as exc:
            if exc.kind == "ValueError" and not live:  # an as-of that the kept panes can never answer
                raise Refused(exc.text) from exc
            raise
        self._urgent, self._more = answer.urgent, answer.more
        self._checked, self._failing = answer.checked, answer.failing
        for tenant, cause in answer.failures:
            self.failures[cause] += 1
            if self.failures[cause] == 1:
                log.error("lane %s: tenant %s cannot be published until it changes: %s", self.partition, tenant, cause)
        return answer

    def _pace(self, answer: Answer, *, urgent: bool) -> None:
        """Computing documents may take half of the time, whatever the number of tenants and lanes."""
        done, spent = asyncio.get_running_loop().time(), answer.seconds * self.lanes()
        if urgent:
            self._next = done + max(self.options.publish_interval, SHARE * spent)
        else:
            self._next_later = done + SHARE * spent

    def _take_rest(self, seconds: float) -> None:
        """Rest after so many seconds of computing: it may take a tenth of the time while the lane is behind."""
        wait = max(self.options.publish_interval, SHARE_BEHIND * seconds * self.lanes())
        self._rest = asyncio.get_running_loop().time() + wait

    # --- the clock

    def _now(self) -> int:
        return self.clock() if self.options.frozen else max(self.clock(), self._floor)

    def _as_of(self, at: Position) -> int:
        """The clock, never less than before. A large step back starts a new epoch."""
        clock = self.clock()
        if self.options.frozen:
            return clock
        back = self._floor - clock
        if back > SKEW:
            log.error("lane %s: the clock went back by %.0f s: starting a new epoch", self.partition, back / 1000)
            self.outranked = max(self.outranked or 0, at.epoch)
        elif back > 0 and not self.clock_back:
            log.warning(
                "lane %s: the clock is %.1f s behind the last publication: waiting", self.partition, back / 1000
            )
        self.clock_back = max(0, back) / 1000
        self._floor = clock if back > SKEW else max(clock, self._floor)
        return self._floor

    # --- writing

    async def _run(self, publications: list[Packed], check: bool) -> None:
        self.waits = len(publications)
        try:
            for publication in publications:
                try:
                    await self._write(publication)
                except TenantRefused as exc:
                    self._left_out(publication.tenant, exc)
                self.waits -= 1
            if check:
                await self._readback()
        except SinkUnavailable as exc:
            self._away(exc)
        else:
            if self._retry:
                log.warning("lane %s: the store is available again", self.partition)
            self._retry = 0.0
        reach("count-9-published")

    async def _write(self, publication: Packed) -> None:
        with stats.flush.time():
            taken = await self.sink.publish(publication)
        if taken:
            stats.published.set_to_current_time()
            self._written[publication.tenant] = publication.revision
            self._count(publication.tenant, taken)
            self._again.pop(publication.tenant, None)
            if publication.catching_up is not None:
                self._unfinished.add(publication.tenant)
            self._refusals = 0.0
        else:
            await self._refused(publication)

    def _left_out(self, tenant: str, exc: TenantRefused) -> None:
        """A tenant's own keys are wrong: write the others, and retry this one later."""
        if tenant not in self._again:
            log.error("lane %s: the store rejects tenant %s: %s", self.partition, tenant, exc)
        stats.sink_errors.inc()
        self._written.pop(tenant, None)
        self._again[tenant] = asyncio.get_running_loop().time() + LAST_RETRY

    def _count(self, tenant: str, taken: int) -> None:
        """Detect a store that was emptied between two slices: its revision alone would not show the loss."""
        if taken <= self._taken.get(tenant, 0):
            self.whole([tenant])
        self._taken[tenant] = taken

    async def _refused(self, ours: Packed) -> None:
        """The store holds a newer revision: another owner's, one of a clock ahead of ours, or of recreated topics."""
        theirs = await self.sink.revision(ours.tenant)
        self.refused += 1
        self.whole([ours.tenant])
        self._refusals = min(max(self._refusals * 2, FIRST_RETRY), LAST_RETRY) if self._refusals else 0.01
        self._next_later = self._rest = asyncio.get_running_loop().time() + self._refusals
        if theirs is None:
            return
        ahead = theirs[2] - ours.as_of
        if theirs[:2] > ours.revision[:2] or self.options.frozen or ahead > SKEW:
            self.outranked = max(self.outranked or 0, theirs[0])
        else:
            self._floor = max(self._floor, theirs[2])  # clock skew

    async def _readback(self) -> None:
        """One round trip: write the lane's note, and check by the previous one that this is the store we wrote to."""
        names = list(self._written)
        some = list(islice((names * 2)[self._turn % max(1, len(names)) :], min(ASKED, len(names))))
        self._turn += len(some)
        note = Note(self.partition, *self._complete, self._checked, self._failing, *(self.query() or ("", "")))
        held = await self.sink.check(note, some)
        lost = [one for one, found in held.tenants.items() if found is None or found < self._written[one]]
        if self._note is not None and (held.note is None or held.note < self._note):
            lost = names
        self._note = (note.epoch, note.position, note.checked)
        self.whole(lost)

    def _away(self, exc: SinkUnavailable) -> None:
        stats.sink_errors.inc()
        if not self._retry:
            log.warning("lane %s: the store is unavailable, counting continues: %s", self.partition, exc)
        self._retry = min(max(self._retry * 2, FIRST_RETRY), LAST_RETRY)
        self.everything()
        self._next = self._next_later = self._next_readback = asyncio.get_running_loop().time() + self._retry
