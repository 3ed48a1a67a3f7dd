"""What every test can use."""

import os
import signal

from hypothesis import settings

from tests.servers import app_id, kafka, redis_url, servers

__all__ = ["app_id", "kafka", "redis_url", "servers"]

# Elsewhere stories are new each time; CI judges a change by the same ones as the change before it.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")

# A run in the background of a shell has Ctrl-C ignored, which every program a test starts would inherit.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
