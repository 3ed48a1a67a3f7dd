"""Stuck but alive: a worker that makes no progress while there is something to read ends itself.

A separate thread checks, so that a loop stuck in an endless computation is noticed too.
"""

import asyncio
import threading
import time
from collections.abc import Mapping
from typing import NamedTuple

from faust.types import TP

from streams.consumer import BatchConsumer
from streams.monitor.health import Stillness
from streams.options import WorkerOptions
from streams.ownership import Ownership
from streams.stop import die, spawn

LOOK = 0.5  # seconds


class Standing(NamedTuple):
    """A partition's position, whether more is there, and since when it has not moved."""

    position: int
    behind: bool
    since: float


def judge(
    before: Mapping[TP, Standing], seen: Mapping[TP, tuple[int, bool]], now: float, limit: float
) -> tuple[dict[TP, Standing], TP | None]:
    """The new standing of every partition, and one that has been stuck for ``limit`` seconds despite a backlog.

    A partition that moved, or has nothing to read, starts over; one that is gone is forgotten.
    """
    known = {}
    stuck = None
    for tp, (position, behind) in seen.items():
        last = before.get(tp)
        still = last is not None and last.position == position and last.behind and behind
        since = last.since if still and last is not None else now
        known[tp] = Standing(position, behind, since)
        if now - since >= limit:
            stuck = tp
    return known, stuck


class Watchdog:
    """Ends the worker with a message that names partition and offset."""

    def __init__(self, options: WorkerOptions, ownership: Ownership, consumer: BatchConsumer) -> None:
        self.options = options
        self.ownership = ownership
        self.consumer = consumer
        self._beat = time.monotonic()
        self._known: dict[TP, Standing] = {}

    def start(self) -> None:
        """Start watching."""
        threading.Thread(target=self._watch_loop, name="watchdog", daemon=True).start()
        self._task = spawn(self._watch_positions(), lambda: "watching positions")

    def still(self) -> Stillness:
        """The partition that has stood still longest despite a backlog, as of the last check."""
        worst = max(
            ((self._beat - s.since, f"{tp.topic}/{tp.partition}") for tp, s in self._known.items() if s.behind),
            default=(0.0, ""),
        )
        return Stillness(*worst)

    def _watch_loop(self) -> None:
        while True:
            time.sleep(LOOK)
            hangs = time.monotonic() - self._beat
            if hangs > self.options.watchdog:
                standing = {tp.partition: s.position for tp, s in self._known.items() if s.behind}
                die(f"the worker has been busy for {hangs:.0f} s without a pause; behind at {standing}")

    async def _watch_positions(self) -> None:
        while True:
            await asyncio.sleep(LOOK)
            now = self._beat = time.monotonic()
            self._known, stuck = judge(self._known, self._seen(now), now, self.options.watchdog)
            if stuck is not None:
                at, limit = self._known[stuck].position, self.options.watchdog
                die(f"{stuck.topic}/{stuck.partition} has been stuck at {at} for {limit:.0f} s with records waiting")

    def _seen(self, now: float) -> dict[TP, tuple[int, bool]]:
        """Each flowing partition's position, and whether more waits, or may wait because Kafka is silent."""
        seen = {}
        for tp, (fetched_to, highwater, reported) in self.consumer.standing().items():
            lane = self.ownership.lanes.get(tp.partition) if tp.topic == self.options.journal else None
            done = lane.position.next if lane is not None and lane.ready else fetched_to
            silent = reported is not None and time.time() - reported > self.options.watchdog / 2
            # A hanging event gets time, and a blocked lane waits for an operator.
            patient = lane is not None and (lane.quarantining or lane.blocked is not None)
            seen[tp] = done, (highwater > done or silent) and not patient
        for partition, lane in self.ownership.lanes.items():
            if not lane.ready and not lane.blocked:  # still restoring: entries must keep coming
                seen[TP(self.options.state, partition)] = lane.state.entries, self.ownership.is_restoring(partition)
        return seen
