"""The event loop's longest stall, as seen by a task that wants to wake every 10 ms."""

import asyncio
from typing import Final

from streams.monitor.metrics import Metrics

EVERY: Final = 0.01
REMEMBERED: Final = 60.0  # seconds for which a long stall stays in `recent`


class StallProbe:
    """Records how late the loop is. `recent`: the longest stall of about the last minute, seconds."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._longest = 0.0  # since the last scrape
        self._now = self._before = 0.0  # the longest of this period and of the previous one
        self._turn = 0.0

    def start(self) -> None:
        """Start measuring, for as long as the loop runs."""
        self._loop = asyncio.get_running_loop()
        self._turn = self._loop.time() + REMEMBERED
        self._next(self._loop.time())

    @property
    def recent(self) -> float:
        """Seconds."""
        return max(self._now, self._before)

    def scraped(self) -> float:
        """The longest stall since the last call."""
        longest, self._longest = self._longest, 0.0
        return longest

    def note(self, late: float, now: float) -> None:
        """The loop woke ``late`` seconds late, at ``now`` on its own clock."""
        self._metrics.stall.observe(late)
        self._longest = max(self._longest, late)
        if now >= self._turn:
            self._turn, self._before, self._now = now + REMEMBERED, self._now, 0.0
        self._now = max(self._now, late)

    def _next(self, now: float) -> None:
        self._due = now + EVERY
        self._loop.call_at(self._due, self._wake)

    def _wake(self) -> None:
        now = self._loop.time()
        self.note(max(0.0, now - self._due), now)
        self._next(now)
