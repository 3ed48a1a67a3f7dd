"""Everything a worker can be told, in one frozen value. `streams.bootstrap` makes it from the settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class WorkerOptions:
    """Sizes are bytes, times are seconds unless the name says otherwise."""

    brokers: tuple[str, ...]
    inputs: tuple[str, ...]
    app_id: str = "crmkpi"
    journal: str = "kpi.accepted.v1"
    state: str = "crmkpi-state"
    control: str = "crmkpi-control"
    marks: str = "crmkpi-dlq-marks"
    dlq_suffix: str = ".dlq"
    lanes: int = 12  # partitions of journal and state, fixed for life
    client: Mapping[str, Any] = field(default_factory=dict, repr=False)  # TLS and credentials of every Kafka client
    group_instance_id: str | None = None  # static membership: who comes back under the same name is not rebalanced

    session_timeout: float = 10.0
    heartbeat: float = 3.0
    rebalance_timeout: float = 60.0
    request_timeout: float = 40.0
    metadata_max_age: float = 30.0
    transaction_timeout: float = 60.0  # the next owner's fence ends it at once; a slow machine must not
    watchdog: float = 120.0  # a position that stands still for so long while there is lag ends the worker
    stop_deadline: float = 9.0
    try_again: float = 5.0  # a partition that could not be read
    http_host: str = "127.0.0.1"
    http_port: int = 0  # metrics, health and readiness; 0: none

    query_host: str = ""  # queries; empty: none are answered
    query_port: int = 0  # 0: any free one
    query_advertise: str = ""  # the host that others reach it by; empty: that of the socket

    fetch_wait: float = 0.05  # Faust's own consumer waits 1.5: seconds of latency when most partitions are idle
    fetch_bytes: int = 256 << 10  # a partition
    poll_records: int = 2_000  # records handed out at a time, unpacked in one go
    slice_records: int = 500  # records validated in one go,
    slice_bytes: int = 1 << 20  # or fewer large ones
    batch_events: int = 2_000  # records of one batch of `accept`
    batch_bytes: int = 6 << 20
    inbox_bytes: int = 24 << 20  # of what was fetched and waits to be validated, before partitions are paused
    record_bytes: int = 256 << 10  # outputs are split at this size
    dead_letter_bytes: int = 4 << 20  # a larger refused record keeps its head only
    restore_records: int = 2_000

    publish_interval: float = 0.2
    readback_interval: float = 1.0
    tick_interval: float = 60.0
    as_of: int | None = None  # ms: the frozen clock

    @property
    def frozen(self) -> bool:
        """True with ``--as-of``: documents of one moment, no ticks."""
        return self.as_of is not None
