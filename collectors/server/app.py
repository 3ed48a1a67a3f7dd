"""The ASGI app: routes and middleware."""

import logging
from typing import Final

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from collectors.arrived import Unreadable
from collectors.server import events, health, hook_routes
from collectors.server.front import Front
from collectors.server.problems import Refusal, refused
from collectors.server.services import Services
from collectors.server.shapes import ANYWHERE

log = logging.getLogger(__name__)
ABOUT: Final = "Takes events over HTTP and answers 200 only once Kafka has them. docs/collect.md explains it."


def create_app(parts: Services) -> FastAPI:
    """The collector as an ASGI app. The caller starts and stops the publisher in ``parts``."""

    app = FastAPI(
        title="crmkpi collector", version="1", description=ABOUT, docs_url=None, redoc_url=None, responses=ANYWHERE
    )
    app.state.services = parts
    for router in (events.router, hook_routes.router, health.router):
        app.include_router(router)
    app.add_exception_handler(Refusal, _refusal)
    app.add_exception_handler(Unreadable, _unreadable)
    app.add_exception_handler(HTTPException, _http)
    app.add_middleware(Front, parts=parts)
    return app


async def _refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return refused(error)


async def _unreadable(request: Request, error: Exception) -> Response:
    assert isinstance(error, Unreadable)
    return refused(Refusal(400, "unreadable", str(error), field=error.field))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    text = "there is nothing at this address; /openapi.json lists what there is"
    return refused(Refusal(error.status_code, "http", text if error.status_code == 404 else str(error.detail)))
