"""The collector's Prometheus metrics."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

SECONDS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Meters:
    """One registry per server. No tenant, key or id is ever a label."""

    def __init__(self) -> None:
        own = self.registry = CollectorRegistry()
        self.requests = Counter("crmkpi_collect_requests_total", "Requests", ["route", "code"], registry=own)
        self.seconds = Histogram(
            "crmkpi_collect_request_duration_seconds", "Until the answer", ["route"], buckets=SECONDS, registry=own
        )
        self.accepted = Counter("crmkpi_collect_accepted_total", "Events that Kafka has acknowledged", registry=own)
        self.rejected = Counter("crmkpi_collect_rejected_total", "Items that were rejected", ["reason"], registry=own)
        self.ignored = Counter("crmkpi_collect_ignored_total", "Items of webhooks that are no events", registry=own)
        self.forged = Counter("crmkpi_collect_forged_total", "Webhooks whose proof is wrong", registry=own)
        self.pending = Gauge("crmkpi_collect_pending_records", "Records on their way to Kafka", registry=own)

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self.registry)
