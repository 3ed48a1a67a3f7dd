"""The collector's process: everything concrete is made here, from settings."""

import logging
import socket
from collections.abc import Callable
from typing import Final

import uvicorn

from collectors.server.app import create_app
from collectors.server.services import services
from models.settings import Settings
from ops.listening import WAITING

GRACE_S: Final = 25  # for what is under way when it is asked to stop: Kafka may take 20 of them
KEEP_ALIVE_S: Final = 65
AT_ONCE: Final = 2_000  # connections; more are told to come again


async def serve(place: Settings, listener: socket.socket, now: Callable[[], int]) -> None:
    """Takes events on a bound socket until SIGINT or SIGTERM; then answers what is under way and flushes.

    ``now``: ms UTC. Raises SettingsError, and KafkaError, OSError or TimeoutError when Kafka is away at the start.
    """
    parts = services(place, now)
    await parts.publisher.start()
    proxies = list(place.collect.proxies)
    config = uvicorn.Config(
        create_app(parts),
        access_log=False,  # addresses of a pixel hold ids of people
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
    logging.getLogger("uvicorn").setLevel(logging.WARNING)  # its everyday lines say what ours have said
    try:
        await _Server(config).serve([listener])
    finally:
        await parts.publisher.stop()


class _Server(uvicorn.Server):
    """Asked to stop: that is a good end, so the signal is not raised again afterwards."""

    def handle_exit(self, sig: int, frame: object) -> None:
        """As uvicorn's. Asked twice, it does not wait for answers under way."""
        self.force_exit, self.should_exit = self.should_exit, True
