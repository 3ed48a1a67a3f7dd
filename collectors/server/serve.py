"""The collector's process: wires everything up from the settings."""

import socket
from collections.abc import Callable
from typing import Final

from collectors.server.app import create_app
from collectors.server.services import services
from models.settings import Settings
from ops.serving import Server, config

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
    settings = config(
        create_app(parts),
        grace_s=GRACE_S,
        timeout_keep_alive=KEEP_ALIVE_S,
        limit_concurrency=AT_ONCE,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
    )
    try:
        await Server(settings).serve([listener])
    finally:
        await parts.publisher.stop()
