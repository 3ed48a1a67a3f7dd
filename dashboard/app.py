"""The ASGI app: resources under /api/v1, the page, and middleware."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles

from dashboard import (
    alerting,
    annotations,
    asks,
    board,
    catalog,
    connect,
    events,
    health,
    letters,
    live,
    own_boards,
    series,
    targets,
    unsubscribe,
    verifying,
)
from dashboard.guard import Guard
from dashboard.packing import LEVEL, SMALL
from dashboard.problems import Problem, add_handlers, described
from dashboard.services import Services

STATIC: Final = str(files("dashboard").joinpath("static"))
LANG: Final = str(files("models").joinpath("lang"))  # mails are written with the same words
ABOUT: Final = (
    "Live, exact CRM KPIs: numbers, history, members, and a stream of updates. docs/dashboard.md explains it."
)


PARTS: Final = (
    letters, verifying, catalog, board, series, asks, targets, annotations, own_boards, alerting, live, events, connect,
)  # fmt: skip
ANYWHERE: Final = (403, 413, 414, 415, 421, 500)  # responses of the middleware


def create_app(parts: Services) -> FastAPI:
    """The dashboard as an ASGI app. The caller closes the `Services`."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        await parts.end_streams()

    app = FastAPI(
        title="crmkpi", version="1", description=ABOUT, docs_url=None, redoc_url=None, lifespan=lifespan
    )  # fmt: skip
    app.state.services = parts
    add_handlers(app)
    for part in PARTS:
        app.include_router(part.router)
    app.include_router(health.lags)
    app.include_router(unsubscribe.router)
    app.include_router(health.router)
    app.add_api_route("/", _page, include_in_schema=False)
    app.mount("/static/lang", StaticFiles(directory=LANG), name="lang")
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_middleware(GZipMiddleware, minimum_size=SMALL, compresslevel=LEVEL)
    app.add_middleware(Guard, parts=parts)
    app.openapi = lambda: _openapi(app, bool(parts.tokens))  # type: ignore[method-assign]
    return app


async def _page() -> Response:
    return FileResponse(f"{STATIC}/index.html", headers={"Cache-Control": "no-cache"})


def _openapi(app: FastAPI, tokens: bool) -> dict[str, Any]:
    if app.openapi_schema is None:
        found = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        found["components"]["schemas"]["Problem"] = Problem.model_json_schema()
        for operation in (one for methods in found["paths"].values() for one in methods.values()):
            operation["responses"] = {**_texts(described(*ANYWHERE)), **operation["responses"]}
        if tokens:
            found["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
            found["security"] = [{"token": []}]
        app.openapi_schema = found
    return app.openapi_schema


def _texts(responses: dict[int | str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {str(code): said for code, said in responses.items()}
