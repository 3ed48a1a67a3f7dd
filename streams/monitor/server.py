"""The worker's HTTP port: /metrics, /healthz, /readyz. It runs on the worker's own loop."""

import logging
from collections.abc import Callable
from typing import Final

import orjson
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from streams.monitor.health import Body

log = logging.getLogger(__name__)

TRIED: Final = 64  # ports tried from the first one: each worker on a machine takes the first free one
Answer = Callable[[], tuple[bool, Body]]


class MonitorServer:
    """Serves the results of three functions. ``port`` is 0 until it listens."""

    def __init__(self, metrics: Callable[[], bytes], alive: Answer, ready: Answer) -> None:
        self._metrics = metrics
        self._answers = {"/healthz": alive, "/readyz": ready}
        self.port = 0

    async def start(self, host: str, first: int) -> None:
        """Listen on the first free port from ``first``. If none is free, log it and keep counting."""
        app = web.Application()
        app.router.add_get("/metrics", self._scrape)
        for path in self._answers:
            app.router.add_get(path, self._answer)
        runner = web.AppRunner(app, access_log=None, handle_signals=False)
        await runner.setup()
        for port in range(first, min(first + TRIED, 1 << 16)):
            try:
                await web.TCPSite(runner, host, port).start()
            except OSError as exc:
                why = exc
                continue
            self.port = port
            log.info("metrics, health and readiness on http://%s:%s/", host, port)
            return
        log.error("no metrics or health checks for this worker: %s", why)

    async def _scrape(self, request: web.Request) -> web.Response:
        return web.Response(body=self._metrics(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _answer(self, request: web.Request) -> web.Response:
        fine, body = self._answers[request.path]()
        return web.Response(body=orjson.dumps(body), status=200 if fine else 503, content_type="application/json")
