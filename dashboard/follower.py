"""Follows one tenant's update stream once for all open streams of this process."""

import asyncio
import logging
from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from dashboard.fresh import current, rev
from dashboard.meters import Meters
from dashboard.ports import Numbers
from dashboard.window_board import WindowBoard
from ops.waiting import set_within
from sinks.base import SinkUnavailable, Status

log = logging.getLogger(__name__)
TICK_S: Final = 0.25  # at most four a second
LOOK_S: Final = 2.0  # between status checks when nothing else happens
STATUS_S: Final = 10.0  # an unchanged status is repeated this often
RETRY_S: Final = 1.0
AGAIN_S: Final = 0.2
IDLE_S: Final = 60.0  # without a stream; clients that reconnect earlier can resume
TICKS: Final = 4096  # that a stream can resume from: many minutes
NOTHING: Final = "nothing is published for this tenant"

Place = tuple[int, int]  # an id of the update stream


class Follower:
    """One tenant. ``tick`` counts changes; the event `changed` is set at each tick, and replaced.

    Nothing is queued per stream: each remembers its last tick and asks what changed since. So a slow one skips to the
    latest numbers, and memory is bounded by the documents of the windows in use.
    """

    def __init__(self, numbers: Numbers, tenant: str, now: Callable[[], int], meters: Meters) -> None:
        self.tenant, self.readers, self.tick = tenant, 0, 0
        self.id = "0"  # of the publication up to which everything was sent
        self.status: dict[str, Any] = {"checked": None, "stale": True, "catching_up": None, "reason": "starting"}
        self.rev = "0.0"
        self.said = 0  # counts status messages
        self.changed = asyncio.Event()
        self.ended = False
        self._numbers, self._now, self._meters = numbers, now, meters
        self._heard = "0"  # id of the latest publication seen
        self._dirty = asyncio.Event()
        self._lock = asyncio.Lock()
        self._boards: dict[str, WindowBoard] = {}
        self._ids: deque[tuple[Place, int]] = deque(maxlen=TICKS)
        self._published: int | None = None  # as_of of the last publication seen
        self._said_at = self._used_at = 0.0

    async def run(self) -> None:
        """Follows until there has been no stream for a while. Redis failures are reported to streams and retried."""
        listening = asyncio.create_task(self._listen(), name=f"listen to {self.tenant}")
        try:
            await self._ticks(listening)
        finally:
            self.ended = True
            self._wake()
            await end(listening)

    async def board(self, window: str) -> WindowBoard:
        """The board of a window, read on first use. Raises SinkUnavailable."""
        async with self._lock:
            if window not in self._boards:
                if not self._ids:
                    await self._begin()
                documents = await self._numbers.snapshot(self.tenant, window)
                self._boards[window] = WindowBoard(documents, self.tick)
            return self._boards[window]

    def resumed(self, board: WindowBoard, last: str | None) -> int | None:
        """The tick from which a stream that has seen publication ``last`` resumes; None: it needs a snapshot."""
        at = place_of(last) if last else None
        if at is None or not self._ids or at > (place_of(self._heard) or (0, 0)):
            return None
        found = bisect_right(self._ids, at, key=lambda one: one[0]) - 1
        tick = self._ids[found][1] if found >= 0 else -1
        return tick if tick >= board.since else None

    async def _listen(self) -> None:
        while True:
            try:
                if not self._ids:
                    async with self._lock:
                        await self._begin()
                async for update in self._numbers.updates(self.tenant, self._heard):
                    self._heard = update.id
                    self._dirty.set()
            except SinkUnavailable as error:
                self._away(error)
                await asyncio.sleep(RETRY_S)
                self._dirty.set()  # the snapshots include whatever was missed meanwhile

    async def _begin(self) -> None:
        """Gets the stream id before reading snapshots: changes in between are sent twice rather than never."""
        if not self._ids:
            self.id = self._heard = await self._numbers.newest(self.tenant)
            self._ids.append((place_of(self.id) or (0, 0), self.tick))
            self._note(await self._numbers.status(self.tenant))

    async def _ticks(self, listening: asyncio.Task[None]) -> None:
        clock = asyncio.get_running_loop().time
        self._used_at = clock()
        while self.readers or clock() - self._used_at < IDLE_S:
            if listening.done():
                listening.result()  # it only ends with a failure
            if self.readers:
                self._used_at = clock()
            await set_within(self._dirty, LOOK_S)
            began = clock()
            try:
                async with self._lock:
                    await self._look()
            except SinkUnavailable as error:
                self._away(error)
                await asyncio.sleep(RETRY_S)
                self._dirty.set()
            await asyncio.sleep(max(0.0, began + TICK_S - clock()))

    async def _look(self) -> None:
        """One tick: check the status and, if there were publications, what has changed."""
        heard, dirty, clock = self._heard, self._dirty.is_set(), asyncio.get_running_loop().time
        self._dirty.clear()
        status = await self._numbers.status(self.tenant)
        published, self._published = self._published, status and status.as_of
        dirty |= published != self._published  # an emptied store may have restarted its stream
        dirty |= any(board.missing for board in self._boards.values())
        changed = False
        if dirty and status is not None:  # an emptied store is not news: keep what is shown until it is replaced
            self._boards = {window: one for window, one in self._boards.items() if one.readers or self._recent()}
            for window, board in list(self._boards.items()):
                changed |= board.put(await self._numbers.snapshot(self.tenant, window), self.tick + 1, clock())
        if changed or heard != self.id:
            self.tick, self.id = self.tick + 1, heard
            place = place_of(heard) or (0, 0)
            if place > self._ids[-1][0]:
                self._ids.append((place, self.tick))
            elif place < self._ids[-1][0]:  # the store restarted its stream: earlier ids are void
                self._ids.clear()
                self._ids.append((place, self.tick))
        if self._note(status) or changed:
            self._wake()

    def _recent(self) -> bool:
        return asyncio.get_running_loop().time() - self._used_at < IDLE_S

    def _note(self, status: Status | None) -> bool:
        """Whether a status message is due."""
        if status is None:
            return self._say({**self.status, "stale": True, "reason": NOTHING})
        self.rev = rev(status)
        return self._say(current(status, self._now()))

    def _away(self, error: SinkUnavailable) -> None:
        self._meters.retries.inc()
        if self._say({**self.status, "stale": True, "reason": f"Redis does not answer: {error}"}):
            self._wake()

    def _say(self, status: dict[str, Any]) -> bool:
        clock, telling = asyncio.get_running_loop().time(), ("stale", "catching_up", "reason")
        same = all(status[field] == self.status[field] for field in telling)
        self.status = status
        if same and clock - self._said_at < STATUS_S:
            return False
        self.said, self._said_at = self.said + 1, clock
        return True

    def _wake(self) -> None:
        before, self.changed = self.changed, asyncio.Event()
        before.set()


async def end(task: asyncio.Task[None]) -> None:
    """Cancels a task repeatedly until it has ended: redis-py swallows a cancellation while it connects."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=AGAIN_S)


def place_of(text: str) -> Place | None:
    """An update stream id as comparable numbers; None if it is not one."""
    ms, _, number = text.partition("-")
    if not (ms.isascii() and ms.isdigit() and len(ms) <= 20 and len(number) <= 20):
        return None
    return (int(ms), int(number)) if number.isascii() and number.isdigit() else (int(ms), 0) if not number else None
