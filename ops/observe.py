"""Observes lag for a few seconds: verdicts, the time to catch up, and whether history is still being read."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final, NamedTuple

from ops.lag import GroupLag, LagReader, PartitionLag
from ops.verdicts import WINDOW, Observation, Place, Verdict, Windows, catch_up_s, group_verdict

BACKLOG_S: Final = 60.0  # waiting records older than this: the workers were down, or can't keep up
HISTORY_S: Final = 3600.0  # or events older than this that wait throughout the window


class LagReport(NamedTuple):
    """A group over some seconds.

    `catch_up_s`: seconds until nothing waits at the current rate; None: never, or a single observation is not enough.
    `catching_up`: numbers lack what is still to be read. `event_time`: event time of the first unread event, ms UTC;
    None if nothing waits or it is unknown.
    """

    lag: GroupLag
    verdicts: dict[Place, Verdict]
    catch_up_s: float | None
    catching_up: bool
    event_time: int | None

    @property
    def verdict(self) -> Verdict:
        """The verdict on the whole group."""
        return group_verdict(self.verdicts.values())

    @property
    def read_ratio(self) -> float:
        """The share of the topics' records that is read; 1.0: all."""
        held = sum(item.end - item.begin for item in self.lag.partitions if item.records is not None)
        return 1.0 - self.lag.records / held if held else 1.0

    def as_dict(self) -> dict[str, Any]:
        """As plain data, for JSON."""
        lag = self.lag
        return {
            "group": lag.group, "records": lag.records, "seconds": lag.seconds, "uncommitted": lag.uncommitted,
            "verdict": self.verdict, "catch_up_s": self.catch_up_s, "catching_up": self.catching_up,
            "event_time": self.event_time, "read_ratio": self.read_ratio,
            "partitions": [item._asdict() | {"verdict": self.verdicts.get(item.place)} for item in lag.partitions],
        }  # fmt: skip


async def observe(reader: LagReader, seconds: float) -> LagReport:
    """Observe for ``seconds``; just once if nothing waits or ``seconds`` is 0. Raises KafkaError."""
    windows = Windows()
    found = await reader.read()
    windows.add(observations(found, time.monotonic()))
    if seconds and found.records:
        for _ in range(WINDOW - 2):
            await asyncio.sleep(seconds / (WINDOW - 1))
            windows.add(observations(await reader.read(ages=False), time.monotonic()))
        await asyncio.sleep(seconds / (WINDOW - 1))
        found = await reader.read()
        windows.add(observations(found, time.monotonic()))
    return report(found, windows, time.time())


def observations(found: GroupLag, at: float) -> dict[Place, Observation]:
    """One reading as observations; partitions without a committed offset have none."""
    return {
        item.place: Observation(at, item.committed, _end(item), item.begin, item.commits)
        for item in found.partitions
        if item.committed is not None
    }


def _end(item: PartitionLag) -> int:
    """Where the records end: trailing markers are not waited for."""
    assert item.committed is not None
    at_end = item.records == 0 and item.begin <= item.committed <= item.end
    return item.committed if at_end else item.end


def report(found: GroupLag, windows: Windows, now: float) -> LagReport:
    """The report on a window. ``now``: epoch seconds."""
    verdicts = windows.verdicts()
    waiting = [item for item in found.partitions if item.records]
    times = [item.event_time for item in waiting if item.event_time is not None]
    constant = [item for item in waiting if all(seen.lag for seen in _window(windows, item))]
    old = any(item.event_time is not None and now - item.event_time / 1000 > HISTORY_S for item in constant)
    each = [[list(window) for window in windows.of(item.place for item in found.of(topic).partitions)]
            for topic in {item.topic for item in found.partitions}]  # fmt: skip
    ends = [catch_up_s(topic) for topic in each]
    until = None if None in ends else max((end for end in ends if end is not None), default=0.0)
    behind = any((item.seconds or 0.0) > BACKLOG_S for item in waiting)
    return LagReport(found, verdicts, until, behind or old, min(times, default=None))


def _window(windows: Windows, item: PartitionLag) -> list[Observation]:
    return next(iter(windows.of([item.place])), [])
