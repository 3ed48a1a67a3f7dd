"""The runner as a process: /healthz, /readyz and /metrics on a port, until SIGINT or SIGTERM."""

import asyncio
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
from ops.serving import Server, config

GRACE_S: Final = 2


async def serve(runner: Runner, meters: Meters, listener: socket.socket) -> None:
    """Runs the runner, with health and metrics on a bound socket. Raises what `Runner.run` raises."""
    stop = asyncio.Event()
    server = _Server(config(_app(runner, meters), grace_s=GRACE_S), stop)
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


class _Server(Server):
    """Stops the runner before the server."""

    def __init__(self, config: uvicorn.Config, stop: asyncio.Event) -> None:
        super().__init__(config)
        self._stop = stop

    def handle_exit(self, sig: int, frame: object) -> None:
        """Stops the runner, too."""
        super().handle_exit(sig, frame)
        self._stop.set()
