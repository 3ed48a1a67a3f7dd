"""Prometheus metrics of deliveries. No tenant or receiver is ever a label."""

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest


class Meters:
    """One registry per process."""

    def __init__(self) -> None:
        own = self.registry = CollectorRegistry()
        self.attempts = Counter("crmkpi_notify_attempts_total", "Tries to deliver", ["outcome"], registry=own)
        self.dead = Counter("crmkpi_notify_dead_total", "Messages that were given up", registry=own)
        self.due = Gauge("crmkpi_notify_due", "Receivers that wait for a message", ["partition"], registry=own)

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self.registry)
