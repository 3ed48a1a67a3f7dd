"""The server's Prometheus metrics."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Meters:
    """One registry per server. No tenant or id is ever a label."""

    def __init__(self) -> None:
        own = self.registry = CollectorRegistry()
        self.requests = Counter("crmkpi_http_requests_total", "Requests", ["route", "code"], registry=own)
        self.seconds = Histogram(
            "crmkpi_http_request_duration_seconds", "Until the answer begins", ["route"], buckets=SECONDS, registry=own
        )
        self.streams = Gauge("crmkpi_streams_open", "Open streams of updates", registry=own)
        self.messages = Counter("crmkpi_stream_messages_total", "Messages sent to streams", ["event"], registry=own)
        self.retries = Counter("crmkpi_stream_retries_total", "Failed reads of Redis, tried again", registry=own)

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self.registry)
