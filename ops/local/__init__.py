"""A real Kafka and a real Redis-protocol server for a laptop, the demo, tests and CI, without installing anything."""

from ops.local.servers import Servers, local_servers
from ops.local.unit import Kafka, Redis, ServerError, Unit

__all__ = ["Kafka", "Redis", "ServerError", "Servers", "Unit", "local_servers"]
