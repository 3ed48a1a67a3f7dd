"""What every test can use."""

from tests.servers import app_id, kafka, redis_url, servers

__all__ = ["app_id", "kafka", "redis_url", "servers"]
