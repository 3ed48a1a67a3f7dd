"""A worker's options in one frozen value. `streams.bootstrap` builds it from the settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class WorkerOptions:
    """Sizes are in bytes and times in seconds unless the name says otherwise."""

    brokers: tuple[str, ...]
    inputs: tuple[str, ...]
    app_id: str = "crmkpi"
    journal: str = "kpi.accepted.v1"
    state: str = "crmkpi-state"
    control: str = "crmkpi-control"
    marks: str = "crmkpi-dlq-marks"
    dlq_suffix: str = ".dlq"
    lanes: int = 12  # partitions of journal and state; never changes
    client: Mapping[str, Any] = field(default_factory=dict, repr=False)  # TLS and credentials of every Kafka client
    group_instance_id: str | None = None  # static membership: a member that returns by name causes no rebalance

    session_timeout: float = 10.0
    heartbeat: float = 3.0
    rebalance_timeout: float = 60.0
    request_timeout: float = 40.0
    metadata_max_age: float = 30.0
    transaction_timeout: float = 60.0  # generous for slow machines; the next owner's fence aborts it at once
    watchdog: float = 120.0  # a position that stands still for this long despite lag ends the worker
    stop_deadline: float = 9.0
    try_again: float = 5.0  # interval for retrying an unreadable partition
    http_host: str = "127.0.0.1"
    http_port: int = 0  # metrics, health and readiness; 0: none

    query_host: str = ""  # queries; empty: off
    query_port: int = 0  # 0: any free port
    query_advertise: str = ""  # the host under which others reach it; empty: the socket's

    fetch_wait: float = 0.05  # Faust's consumer waits 1.5 s: too much latency when most partitions are idle
    fetch_bytes: int = 256 << 10  # per partition
    poll_records: int = 2_000  # records delivered at a time, unpacked in one go
    slice_records: int = 500  # records validated in one go,
    slice_bytes: int = 1 << 20  # or fewer large ones
    batch_events: int = 2_000  # records of one `accept` batch
    batch_bytes: int = 6 << 20
    inbox_bytes: int = 24 << 20  # fetched bytes waiting for validation before partitions are paused
    record_bytes: int = 256 << 10  # outputs are split at this size
    dead_letter_bytes: int = 4 << 20  # a larger rejected record is cut to its head
    restore_records: int = 2_000

    publish_interval: float = 0.2
    readback_interval: float = 1.0
    tick_interval: float = 60.0
    as_of: int | None = None  # ms: the time at which the clock is frozen

    @property
    def frozen(self) -> bool:
        """True with ``--as-of``: documents of one moment, no ticks."""
        return self.as_of is not None
