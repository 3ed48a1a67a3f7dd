"""The runner as a process: /healthz, /readyz and /metrics on a port, until SIGINT or SIGTERM."""

import asyncio
import logging
import socket
from typing import Final

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from alerts.run import Runner
from notify.meters import Meters
from ops.listening import WAITING

GRACE_S: Final = 2


async def serve(runner: Runner, meters: Meters, listener: socket.socket) -> None:
    """Runs the runner, with health and metrics on a bound socket. Raises what `Runner.run` raises."""
    stop = asyncio.Event()
    config = uvicorn.Config(
        _app(runner, meters), access_log=False, log_config=None, server_header=False, backlog=WAITING,
        timeout_graceful_shutdown=GRACE_S, ws="none",
    )  # fmt: skip
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    server = _Server(config, stop)
    serving = asyncio.create_task(server.serve([listener]))
    try:
        await runner.run(stop)
    finally:
        server.should_exit = True
        await serving


def _app(runner: Runner, meters: Meters) -> Starlette:
    async def healthz(request: Request) -> Response:
        return JSONResponse({"ready": True, "reasons": []})

    async def readyz(request: Request) -> Response:
        reasons = [] if runner.ready else ["the ledger is not read yet, or Kafka does not answer"]
        return JSONResponse({"ready": not reasons, "reasons": reasons}, 503 if reasons else 200)

    async def metrics(request: Request) -> Response:
        return Response(meters.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)])


class _Server(uvicorn.Server):
    """Stops the runner before the server."""

    def __init__(self, config: uvicorn.Config, stop: asyncio.Event) -> None:
        super().__init__(config)
        self._stop = stop

    def handle_exit(self, sig: int, frame: object) -> None:
        """As uvicorn's, without raising the signal again. A second signal stops at once."""
        self.force_exit, self.should_exit = self.should_exit, True
        self._stop.set()
