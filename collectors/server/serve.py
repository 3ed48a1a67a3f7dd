"""The collector's process: wires everything up from the settings."""

import logging
import socket
from collections.abc import Callable
from typing import Final

import uvicorn

from collectors.server.app import create_app
from collectors.server.services import services
from models.settings import Settings
from ops.listening import WAITING

GRACE_S: Final = 25  # for requests in progress at shutdown: Kafka may take 20 s of it
KEEP_ALIVE_S: Final = 65
AT_ONCE: Final = 2_000  # connections; more get 503


async def serve(place: Settings, listener: socket.socket, now: Callable[[], int]) -> None:
    """Serves a bound socket until SIGINT or SIGTERM; then completes requests in progress and flushes.

    ``now``: ms UTC. Raises SettingsError, and KafkaError, OSError or TimeoutError if Kafka is unavailable at the start.
    """
    parts = services(place, now)
    await parts.publisher.start()
    proxies = list(place.collect.proxies)
    config = uvicorn.Config(
        create_app(parts),
        access_log=False,  # pixel URLs contain personal ids
        log_config=None,
        server_header=False,
        backlog=WAITING,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
        limit_concurrency=AT_ONCE,
        ws="none",
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
    )
    logging.getLogger("uvicorn").setLevel(logging.WARNING)  # its routine messages repeat ours
    try:
        await _Server(config).serve([listener])
    finally:
        await parts.publisher.stop()


class _Server(uvicorn.Server):
    """Treats a requested stop as a normal exit: does not raise the signal again afterwards."""

    def handle_exit(self, sig: int, frame: object) -> None:
        """As uvicorn's. A second signal stops it without waiting for requests in progress."""
        self.force_exit, self.should_exit = self.should_exit, True
