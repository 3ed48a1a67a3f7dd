"""Watches the workers (lanes, restores, throughput) as long as there are requests for it.

Each lane's hash in Redis has its owner's address. Owners return counters; two samples give rates.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from dashboard.follower import end
from sinks.base import QueryPort, SinkUnavailable

log = logging.getLogger(__name__)
EVERY_S: Final = 2.0
IDLE_S: Final = 30.0  # without requests, after which polling stops
OVER_S: Final = 60.0  # period of the rates
FIRST_S: Final = 5.0
Report = dict[str, Any]
KEPT: Final = (
    "worker", "build", "uptime_s", "failures", "ready", "reasons", "lanes", "restoring", "recovery_progress", "pending",
    "quarantined", "quarantine",
)  # fmt: skip


class Owners(Protocol):
    """The addresses of lane owners: `sinks.read.RedisReader`."""

    async def owner(self, lane: int) -> QueryPort | None: ...


class Askers(Protocol):
    """Queries a worker: `sinks.query.QueryClient`."""

    async def worker(self, port: QueryPort) -> Report | None: ...


class WorkerWatch:
    """`Workers` of one installation with ``lanes`` lanes."""

    def __init__(self, owners: Owners, asked: Askers, lanes: int) -> None:
        self._owners, self._asked, self._lanes = owners, asked, lanes
        self._task: asyncio.Task[None] | None = None
        self._news = asyncio.Condition()
        self._looks: dict[str, deque[tuple[float, Report]]] = {}  # worker -> its samples, each with its time (s)
        self._found: Report | None = None
        self._failed: SinkUnavailable | None = None
        self._asked_at = 0.0

    async def read(self) -> Report:
        """The latest sample: ``workers`` sorted by name, and their totals. Raises `SinkUnavailable`."""
        self._asked_at = asyncio.get_running_loop().time()
        if self._task is None or self._task.done():
            self._found = self._failed = None
            self._task = asyncio.create_task(self._watch(), name="workers")
        try:
            async with asyncio.timeout(FIRST_S), self._news:
                await self._news.wait_for(lambda: self._found is not None or self._failed is not None)
        except TimeoutError as error:
            raise SinkUnavailable(f"no worker was heard of within {FIRST_S:g} s") from error
        if self._found is None:
            raise self._failed or SinkUnavailable("nothing is known of the workers")
        return self._found

    async def close(self) -> None:
        """Stops watching."""
        if self._task is not None:
            await end(self._task)

    async def _watch(self) -> None:
        clock = asyncio.get_running_loop().time
        while clock() - self._asked_at < IDLE_S:
            try:
                found = await self._look(clock())
            except SinkUnavailable as error:
                async with self._news:
                    self._found, self._failed = None, error
                    self._news.notify_all()
                return
            async with self._news:
                self._found = found
                self._news.notify_all()
            await asyncio.sleep(EVERY_S)
        self._looks.clear()

    async def _look(self, at: float) -> Report:
        ports = {port async for port in self._ports()}
        reports = [one for one in await asyncio.gather(*map(self._asked.worker, ports)) if one is not None]
        for one in reports:
            looks = self._looks.setdefault(one["worker"], deque())
            looks.append((at, one))
            while len(looks) > 2 and at - looks[0][0] > OVER_S:
                looks.popleft()
        for gone in self._looks.keys() - {one["worker"] for one in reports}:
            del self._looks[gone]
        return reports_of(self._looks)

    async def _ports(self) -> Any:
        for lane in range(self._lanes):
            if (port := await self._owners.owner(lane)) is not None:
                yield port


def reports_of(looks: Mapping[str, Sequence[tuple[float, Report]]]) -> Report:
    """Each worker's latest sample with the changes since its oldest, and the totals."""
    firsts, lasts = ([looks[name][place][1] for name in sorted(looks)] for place in (0, -1))
    over = [looks[name][-1][0] - looks[name][0][0] for name in sorted(looks)]
    each = [
        {**{name: last[name] for name in KEPT}, **figures(first, last, seconds)}
        for first, last, seconds in zip(firsts, lasts, over, strict=True)
    ]
    whole = figures(_together(firsts), _together(lasts), max(over, default=0.0)) if looks else {}
    return {"workers": each, **whole, "quarantined": sum(one["quarantined"] for one in lasts)}


def figures(first: Report, last: Report, over: float) -> Report:
    """The changes between two samples ``over`` seconds apart: rates per second, shares, durations in seconds."""
    made = {name: last["counters"][name] - first["counters"].get(name, 0) for name in last["counters"]}
    shares = {name: share(made[name], made["accepted"]) for name in ("late", "duplicates")}
    return {
        "over_s": round(over, 1),
        "events_per_s": round(made["accepted"] / over, 1) if over else None,
        **shares,
        "rejected": share(made["rejected"], made["accepted"] + made["rejected"]),
        **{name: last["counters"][name] for name in ("rebalances", "sink_errors")},
        **{
            f"{name}_{label}": quantile(first[name], last[name], part)
            for name in ("publish", "count")
            for label, part in (("p50_s", 0.5), ("p99_s", 0.99))
        },
    }


def _together(reports: Sequence[Report]) -> Report:
    """The sums of counters and durations of several workers."""
    counters: dict[str, int] = {}
    buckets: dict[str, dict[float | None, int]] = {"publish": {}, "count": {}}
    for one in reports:
        for name, value in one["counters"].items():
            counters[name] = counters.get(name, 0) + value
        for name, held in buckets.items():
            for bound, count in one[name]["buckets"]:
                held[bound] = held.get(bound, 0) + count
    return {"counters": counters, **{name: {"buckets": list(held.items())} for name, held in buckets.items()}}


def share(part: int, whole: int) -> float | None:
    """A fraction; None if the whole is 0."""
    return round(part / whole, 6) if whole > 0 else None


def quantile(before: Mapping[str, Any], now: Mapping[str, Any], part: float) -> float | None:
    """A quantile of durations between two samples, interpolated in its bucket; without any, since the start.

    Durations above the last bound count as that bound. None if there are none at all.
    """
    held = dict(before["buckets"])
    found = [(bound, count - held.get(bound, 0)) for bound, count in now["buckets"]]
    if not found or not found[-1][1]:
        found = [(bound, count) for bound, count in now["buckets"]]
    if not found or not found[-1][1]:
        return None
    wanted, low, below = part * found[-1][1], 0.0, 0
    for bound, count in found:
        if count >= wanted:
            return low if bound is None else round(low + (bound - low) * (wanted - below) / (count - below), 6)
        low, below = low if bound is None else bound, count
    return low
