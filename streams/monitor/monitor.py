"""Assembles one worker's metrics, health and readiness: it reads the parts of the app and changes nothing."""

import asyncio
import math
import os
import time
from typing import TYPE_CHECKING, Final

from ops.healthy import STEADY_S
from ops.supervisor import FAILURES
from streams.monitor import health
from streams.monitor.lags import Lags, lags
from streams.monitor.metrics import Metrics, stats
from streams.monitor.report import report
from streams.monitor.server import MonitorServer
from streams.monitor.stall import StallProbe
from streams.stop import spawn

if TYPE_CHECKING:
    from streams.app import App

OBSERVE_EVERY: Final = 5.0  # seconds; ten observations make a window


class Monitor:
    """Metrics, health and readiness of an app."""

    def __init__(self, app: "App", metrics: Metrics = stats, lagging: Lags = lags) -> None:
        self._app, self._metrics, self._lags = app, metrics, lagging
        self._began = time.monotonic()
        self._failures = int(os.environ.get(FAILURES, "0"))
        self._probe = StallProbe(metrics)
        self.server = MonitorServer(self._scrape, self._alive, self._ready)

    async def start(self) -> None:
        """Start listening and observing; does nothing if the port is 0."""
        options = self._app.options
        if not options.http_port:
            return
        for topic in (options.journal, *options.inputs):
            self._metrics.lost.labels(topic)  # creates the series at 0: a counter that appears with 1 shows no increase
        self._probe.start()
        self._observing = spawn(self._observe(), lambda: "observing lag")
        await self.server.start(options.http_host, options.http_port)

    def report(self) -> health.Body:
        """The query port's report on this worker."""
        lanes = self._app.ownership.lanes.values()
        return report(
            self._metrics, ready=self._ready()[1], uptime=time.monotonic() - self._began, failures=self._restarts,
            quarantined=set().union(*(lane.state.quarantined for lane in lanes)),
            pending=sum(lane.publisher.waits for lane in lanes),
        )  # fmt: skip

    async def _observe(self) -> None:
        while True:
            await asyncio.sleep(OBSERVE_EVERY)
            self._lags.windows.add(self._lags.seen(self._standing(), time.monotonic()))

    @property
    def _restarts(self) -> int:
        """Consecutive restarts; a worker that has run for long enough is steady again."""
        return 0 if time.monotonic() - self._began >= STEADY_S else self._failures

    def _standing(self) -> dict[object, tuple[int, int, object]]:
        consumer = getattr(self._app.ownership, "consumer", None)  # none before Kafka has answered
        return dict(consumer.standing()) if consumer is not None else {}

    def _alive(self) -> tuple[bool, health.Body]:
        watchdog = getattr(self._app, "watchdog", None)
        still = watchdog.still() if watchdog is not None else health.Stillness()
        return health.alive(
            uptime=time.monotonic() - self._began, failures=self._failures, stall=self._probe.recent, still=still,
            limit=self._app.options.watchdog,
        )  # fmt: skip

    def _ready(self) -> tuple[bool, health.Body]:
        ownership = self._app.ownership
        return health.ready(
            joined=ownership.flowing, lanes={number: lane.ready for number, lane in ownership.lanes.items()},
            blocked=self._blocked(), progress=self._metrics.recovery_progress,
        )  # fmt: skip

    def _blocked(self) -> dict[str, str]:
        """Lanes and partitions that are blocked, or count one event at a time -> why."""
        lanes = self._app.ownership.lanes
        found = {f"lane {number}": lane.blocked for number, lane in lanes.items() if lane.blocked}
        found |= {
            f"lane {number}": "looking for events that cannot be counted"
            for number, lane in lanes.items()
            if lane.quarantining
        }
        consumer = getattr(self._app.ownership, "consumer", None)
        unread = consumer.blocked.items() if consumer is not None else ()
        return found | {f"{tp.topic}/{tp.partition}": f"cannot be read at {at}: {why}" for tp, (at, why) in unread}

    def _scrape(self) -> bytes:
        metrics, lanes = self._metrics, self._app.ownership.lanes
        metrics.stall_max.set(self._probe.scraped())
        metrics.recovery.set(metrics.recovery_progress)
        metrics.ready.set(self._ready()[0])
        metrics.failures.set(self._restarts)
        ready = sum(lane.ready for lane in lanes.values())
        states = {"ready": ready, "restoring": len(lanes) - ready, "blocked": len(self._blocked())}
        for state, number in states.items():
            metrics.lanes.labels(state).set(number)
        metrics.in_quarantine.set(sum(len(lane.state.quarantined) for lane in lanes.values()))
        metrics.pending.set(sum(lane.publisher.waits for lane in lanes.values()))
        back = (getattr(lane.publisher, "clock_back", 0.0) for lane in lanes.values())
        metrics.clock_back.set(max(back, default=0.0))
        newest = metrics.newest  # None: nothing was accepted yet; NaN raises no alert
        metrics.watermark_lag.set(math.nan if newest is None else max(0.0, time.time() - newest / 1000))
        self._lag()
        return metrics.exposition()

    def _lag(self) -> None:
        metrics = self._metrics
        metrics.lag_records.clear()
        metrics.lag_seconds.clear()
        now = time.time() * 1000
        for place, seen in self._lags.seen(self._standing(), time.monotonic()).items():
            labels = place[0], str(place[1])
            metrics.lag_records.labels(*labels).set(seen.lag)
            if (age := self._lags.age(place, seen, now)) is not None:
                metrics.lag_seconds.labels(*labels).set(age)
        for verdict, number in self._lags.verdicts().items():
            metrics.status.labels(verdict).set(number)
