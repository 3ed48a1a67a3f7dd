"""What every test can use."""

import signal

from tests.servers import app_id, kafka, redis_url, servers

__all__ = ["app_id", "kafka", "redis_url", "servers"]

# A run in the background of a shell has Ctrl-C ignored, which every program a test starts would inherit.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
