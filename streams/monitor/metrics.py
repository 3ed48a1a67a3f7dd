"""Every metric of a worker. Counters are raised where things happen; gauges are set on each scrape.

Labels are topics, partitions, stages and codes, never a tenant or a customer: the number of series is bounded.
"""

import platform
from collections import Counter as Count
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from models.events import TOPIC_OF
from models.record import Row
from streams.engine_port import Letter
from streams.monitor.engines import Engines

DURATIONS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
STALLS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)
OTHER: Final = "__other__"  # event types this build does not know: producers may invent any number


class Metrics:
    """The metrics of one process in their own registry. Times are seconds."""

    def __init__(self) -> None:
        own = self.registry = CollectorRegistry()
        self.consumed = Counter(
            "crmkpi_events_consumed", "Events accepted into the journal", ["topic", "type"], registry=own
        )
        self.rejected = Counter("crmkpi_events_rejected", "Records rejected", ["topic", "reason"], registry=own)
        self.deduplicated = Counter("crmkpi_events_deduplicated", "Duplicate events", registry=own)
        self.late = Counter("crmkpi_events_late", "Events later than late_threshold_s", ["disposition"], registry=own)
        self.dead_letters = Counter("crmkpi_dead_letters", "Dead letters written", ["topic", "reason"], registry=own)
        self.quarantined = Counter("crmkpi_quarantined_records", "Events the engine could not count", registry=own)
        self.lost = Counter("crmkpi_records_lost", "Records deleted before they were read", ["topic"], registry=own)
        self.batches = Counter("crmkpi_batches", "Batches finished", ["stage"], registry=own)
        self.rebalances = Counter("crmkpi_rebalances", "Rebalances", registry=own)
        self.sink_errors = Counter("crmkpi_sink_errors", "Publications that failed", registry=own)
        self.process = Histogram(
            "crmkpi_process_duration_seconds", "Duration of a batch (accept: until validated, count: until committed)",
            ["stage"], buckets=DURATIONS, registry=own,
        )  # fmt: skip
        self.flush = Histogram(
            "crmkpi_sink_flush_duration_seconds", "Duration of writing a publication", buckets=DURATIONS, registry=own
        )
        self.stall = Histogram(
            "crmkpi_loop_stall_seconds",
            "Event loop delay: how late a task wakes after sleeping 10 ms",
            buckets=STALLS,
            registry=own,
        )
        self._gauges(own)
        ProcessCollector(registry=own)
        own.register(Engines())
        self.late.labels("accepted")
        for stage in ("accept", "count"):
            self.batches.labels(stage)
            self.process.labels(stage)
        self._consumed: dict[tuple[str, str], Counter] = {}
        self.newest: int | None = None  # event time, ms: the watermark of what this process accepted
        self._recovering: dict[int, tuple[int, int]] = {}

    def _gauges(self, own: CollectorRegistry) -> None:
        self.stall_max = Gauge(
            "crmkpi_loop_stall_max_seconds", "Longest loop stall since the last scrape", registry=own
        )
        place = ["topic", "partition"]
        self.lag_records = Gauge("crmkpi_consumer_lag_records", "Records waiting", place, registry=own)
        self.lag_seconds = Gauge("crmkpi_consumer_lag_seconds", "Age of the oldest record waiting", place, registry=own)
        self.status = Gauge("crmkpi_consumer_status", "Partitions by verdict", ["status"], registry=own)
        self.watermark_lag = Gauge(
            "crmkpi_watermark_lag_seconds", "Age of the newest event time accepted", registry=own
        )
        self.recovery = Gauge(
            "crmkpi_recovery_progress_ratio", "Share of the state that is restored; 1: all", registry=own
        )
        self.pending = Gauge("crmkpi_sink_pending_updates", "Tenants with changes not published yet", registry=own)
        self.published = Gauge(
            "crmkpi_kpi_last_update_timestamp_seconds", "When KPIs were last published", registry=own
        )
        self.clock_back = Gauge(
            "crmkpi_clock_back_seconds", "How far the clock is behind the last publication", registry=own
        )
        self.lanes = Gauge("crmkpi_lanes", "Lanes of this worker", ["state"], registry=own)
        self.in_quarantine = Gauge(
            "crmkpi_quarantined_events", "Quarantined events of this worker's lanes", registry=own
        )
        self.ready = Gauge("crmkpi_ready", "1 when /readyz reports ready", registry=own)
        self.failures = Gauge("crmkpi_worker_failures", "Consecutive restarts by the supervisor", registry=own)
        self.build = Gauge("crmkpi_build_info", "The running build", ["version", "python"], registry=own)
        self.build.labels(version("crmkpi"), platform.python_version()).set(1)

    # -- accept ----------------------------------------------------------------------------------------------------

    def accepted(self, topic: str, rows: Sequence[Row]) -> None:
        """Rows of one input topic were accepted into the journal."""
        if not rows:
            return
        for type_, number in Count([row.type for row in rows]).items():
            self._of(topic, type_ if type_ in TOPIC_OF else OTHER).inc(number)
        newest = max(row.time for row in rows)
        self.newest = newest if self.newest is None else max(newest, self.newest)

    def refused(self, topic: str, reasons: Iterable[str]) -> None:
        """Records of one input topic became dead letters."""
        for reason, number in Count(reasons).items():
            self.rejected.labels(topic, reason).inc(number)
            self.dead_letters.labels(topic, reason).inc(number)

    def _of(self, topic: str, type_: str) -> Counter:
        found = self._consumed.get((topic, type_))
        if found is None:
            found = self._consumed[topic, type_] = self.consumed.labels(topic, type_)
        return found

    # -- count -----------------------------------------------------------------------------------------------------

    def committed(self, letters: Iterable[Letter], tally: Mapping[str, int], seconds: float) -> None:
        """A lane's batch was counted, and committed within so many seconds."""
        self.batches.labels("count").inc()
        self.process.labels("count").observe(seconds)
        for letter in letters:
            self.dead_letters.labels(letter.topic, letter.reason).inc()
            if letter.reason == "engine_error":
                self.quarantined.inc()
        self.deduplicated.inc(tally.get("duplicates", 0))
        self.late.labels("accepted").inc(tally.get("late", 0))

    # -- restore ---------------------------------------------------------------------------------------------------

    def recovering(self, lane: int, done: int, total: int) -> None:
        """``done`` of ``total`` offsets of a lane's changelog are restored."""
        self._recovering[lane] = min(done, total), total

    def recovered(self, lane: int) -> None:
        """The lane's state is restored, or the lane was revoked."""
        self._recovering.pop(lane, None)

    @property
    def recovery_progress(self) -> float:
        """Over all lanes being restored; 1.0 if there are none."""
        total = sum(total for _, total in self._recovering.values())
        return sum(done for done, _ in self._recovering.values()) / total if total else 1.0

    # -- scraping --------------------------------------------------------------------------------------------------

    def exposition(self) -> bytes:
        """The text format of Prometheus."""
        return generate_latest(self.registry)


stats: Final = Metrics()
