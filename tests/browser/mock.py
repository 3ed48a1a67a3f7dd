"""A server with the API of the page and invented numbers, whose trouble a test can choose.

``Mock.trouble`` is a set of words: ``silent`` (no update), ``stale``, ``refuse`` (the stream answers 503), ``away``
(everything of the API answers 503), ``forbidden``, ``bare`` (only tenants, catalogue and snapshot exist), ``look``
(nothing may be changed), ``unknown`` (nothing is published), ``restoring`` (a worker is not ready), ``slow``
(snapshots come after half a second).
"""

import asyncio
import json
import sys
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import FileResponse, JSONResponse, Response, StreamingResponse
from fastapi.staticfiles import StaticFiles

from tests.browser import answers, operations
from tests.browser.numbers import TENANTS

STATIC = Path(__file__).resolve().parents[2] / "dashboard" / "static"
LANG = STATIC.parents[1] / "models" / "lang"
POLICY = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'"


class Mock:
    """The server in a thread of its own."""

    def __init__(self, port: int = 0) -> None:
        self.trouble: set[str] = set()
        self.forced: dict[str, dict[str, Any]] = {}  # fields of documents by KPI
        self.boards: dict[str, Any] = {}
        self.notes: dict[str, Any] = {}
        self.targets: list[dict[str, Any]] = []
        self.told: list[tuple[str, str, Any]] = []  # method, what of targets, body
        self.desk = operations.Desk()
        self.revision = 0
        self.arrivals: list[dict[str, Any]] = []  # messages of the stream of events: {events, left_out} or {reason}
        self.connect = {"collector": "http://127.0.0.1:8081", "keys": False}
        self.streams: list[tuple[str, str | None]] = []  # (tenant, Last-Event-ID) of each that was opened
        self.drops = 0
        self._server = uvicorn.Server(uvicorn.Config(self._app(), host="127.0.0.1", port=port, log_level="warning"))
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def __enter__(self) -> "Mock":
        self._thread.start()
        while not self._server.started:
            threading.Event().wait(0.02)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self.drops += 1
        self._thread.join(5)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"

    def reset(self) -> None:
        """No trouble."""
        self.trouble.clear()
        self.forced.clear()
        for held in (self.boards, self.notes, self.targets, self.told):
            held.clear()
        self.desk = operations.Desk()
        self.arrivals.clear()
        self.connect["keys"] = False

    def drop(self) -> None:
        """Cuts every open stream."""
        self.drops += 1

    def document(self, tenant: str, kpi: str, window: str, segment: dict[str, str] | None = None) -> dict[str, Any]:
        """A document, with what the test forces."""
        doc = answers.document(tenant, kpi, window, segment or {}, self.revision, datetime.now(UTC))
        return doc | (self.forced.get(kpi, {}) if not segment else {})

    def snapshot(self, tenant: str, window: str) -> dict[str, Any]:
        """All of a window."""
        kpis = [] if tenant == "tyhja" else [kpi for kpi in answers.published(window) if self.forced.get(kpi) != {}]
        documents = [self.document(tenant, kpi, window) for kpi in kpis]
        return {"tenant": tenant, "window": window, "rev": f"3.{self.revision}", **self.times(), "documents": documents}

    def times(self) -> dict[str, Any]:
        """As-of and checked; long ago when stale."""
        at = datetime.now(UTC) - timedelta(minutes=7 if "stale" in self.trouble else 0)
        return {
            "as_of": at.isoformat(),
            "checked": at.isoformat(),
            "stale": "stale" in self.trouble,
            "catching_up": None,
        }

    async def _slow(self) -> None:
        if "slow" in self.trouble:
            await asyncio.sleep(0.5)

    async def _events(self, tenant: str, window: str, resumed: str | None) -> AsyncIterator[str]:
        drops = self.drops

        def event(name: str, body: Any) -> str:
            return f"event: {name}\nid: {self.revision}-0\ndata: {json.dumps(body)}\n\n"

        if resumed is None:
            await self._slow()
            yield event("snapshot", self.snapshot(tenant, window))
        while drops == self.drops:
            await asyncio.sleep(0.25)
            if "silent" in self.trouble or "stale" in self.trouble:
                yield event("status", self.times())
                continue
            self.revision += 1
            kpis = answers.published(window)
            some = [kpis[(self.revision * 7 + at) % len(kpis)] for at in range(40)] if tenant != "tyhja" else []
            documents = [self.document(tenant, kpi, window) for kpi in some if self.forced.get(kpi) != {}]
            yield event("documents", {"rev": f"3.{self.revision}", **self.times(), "documents": documents})

    def arrive(self, *events: dict[str, Any], left_out: int = 0) -> None:
        """Events of every company, newest first, as one message."""
        self.arrivals.append({"events": list(events), "left_out": left_out})

    async def _tail(self, tenant: str) -> AsyncIterator[str]:
        drops, told = self.drops, len(self.arrivals)
        before = [] if tenant == "tyhja" else [operations.arrived(at) for at in range(20, 0, -1)]
        yield f"event: recent\ndata: {json.dumps({'events': before})}\n\n"
        while drops == self.drops:
            await asyncio.sleep(0.05)
            for body in self.arrivals[told:]:
                yield f"event: {'status' if 'reason' in body else 'events'}\ndata: {json.dumps(body)}\n\n"
            told = len(self.arrivals)

    def _app(self) -> FastAPI:
        app = FastAPI()

        @app.middleware("http")
        async def guard(request: Request, call_next: Any) -> Response:
            api = request.url.path.startswith("/api/")
            bare = "bare" in self.trouble and not request.url.path.endswith(
                ("/tenants", "/catalog", "/snapshot", "/stream")
            )
            status = 503 if "away" in self.trouble else 401 if "forbidden" in self.trouble else 404 if bare else 0
            if api and status:
                return JSONResponse(
                    {"title": "trouble", "status": status}, status, media_type="application/problem+json"
                )
            answer: Response = await call_next(request)
            answer.headers["content-security-policy"] = POLICY
            answer.headers["cache-control"] = "no-store"
            return answer

        @app.get("/api/v1/tenants")
        def tenants() -> list[dict[str, Any]]:
            return [
                {"tenant": name, **self.times(), "waiting": 0, "currency": one["currency"], "tz": one["tz"]}
                for name, one in TENANTS.items()
            ]

        @app.get("/api/v1/catalog")
        def catalog() -> list[dict[str, Any]]:
            return answers.catalog()

        @app.get("/api/v1/lag")
        def lag() -> dict[str, Any]:
            return answers.lag(self.revision)

        @app.get("/api/v1/workers")
        def workers() -> dict[str, Any]:
            return operations.workers(self.trouble)

        @app.get("/api/v1/dead-letters")
        def letters(topic: str = "", reason: str = "", limit: int = 50, offset: int = 0) -> dict[str, Any]:
            return self.desk.listed(topic, reason, limit, offset)

        @app.get("/api/v1/dead-letters/one")
        def letter(id: str) -> dict[str, Any]:
            if (found := self.desk.one(id)) is None:
                raise HTTPException(404, "there is no such letter")
            return found

        @app.post("/api/v1/dead-letters/{what}")
        async def deal(request: Request, what: str) -> Any:
            if "look" in self.trouble:
                return JSONResponse({"title": "Forbidden", "detail": "this token may look only"}, 403)
            return self.desk.deal(what, await request.json())

        @app.get("/api/v1/verify")
        def verification() -> dict[str, Any]:
            return self.desk.verification()

        @app.post("/api/v1/verify")
        def verify() -> dict[str, Any]:
            return self.desk.verify()

        @app.delete("/api/v1/verify")
        def cancel() -> dict[str, Any]:
            return self.desk.cancel()

        @app.get("/api/v1/connect")
        def connect() -> dict[str, Any]:
            return self.connect

        @app.get("/api/v1/{tenant}/events/stream")
        def arrivals(tenant: str) -> Response:
            return StreamingResponse(self._tail(tenant), media_type="text/event-stream")

        @app.get("/api/v1/{tenant}/snapshot")
        async def snapshot(tenant: str, window: str = "30d") -> dict[str, Any]:
            if "unknown" in self.trouble:
                raise HTTPException(404)
            await self._slow()
            return self.snapshot(tenant, window)

        @app.get("/api/v1/{tenant}/stream")
        def stream(request: Request, tenant: str, window: str = "30d") -> Response:
            resumed = request.headers.get("last-event-id")
            if "refuse" in self.trouble:
                raise HTTPException(503)
            if "unknown" in self.trouble:
                raise HTTPException(404)
            self.streams.append((tenant, resumed))
            return StreamingResponse(self._events(tenant, window, resumed), media_type="text/event-stream")

        @app.get("/api/v1/{tenant}/sparklines")
        def sparklines(request: Request, tenant: str) -> dict[str, Any]:
            return answers.sparklines(
                tenant, request.query_params.getlist("kpi"), request.query_params["step"], datetime.now(UTC)
            )

        @app.get("/api/v1/{tenant}/kpis/{kpi}")
        def one(
            tenant: str, kpi: str, window: str = "30d", segment: str | None = None, as_of: str | None = None
        ) -> dict[str, Any]:
            found = self.document(tenant, kpi, window, answers.segment_of(segment))
            if as_of is not None:
                start, end, value = answers.moved(tenant, kpi, as_of)
                found |= {"start": start.isoformat(), "end": end.isoformat(), "value": value, "n": 23}
            return found

        @app.get("/api/v1/{tenant}/kpis/{kpi}/{what}")
        def more(request: Request, tenant: str, kpi: str, what: str) -> Any:
            return answers.ask(what, tenant, kpi, dict(request.query_params), datetime.now(UTC))

        @app.get("/api/v1/{tenant}/subjects/{subject}/timeline")
        def timeline(tenant: str, subject: str) -> dict[str, Any]:
            return answers.timeline(subject, datetime.now(UTC))

        @app.get("/api/v1/{tenant}/targets")
        def targets() -> dict[str, Any]:
            return {"targets": self.targets}

        @app.api_route("/api/v1/{tenant}/targets/{kpi}/{window}", methods=["PUT", "DELETE"])
        async def target(request: Request, kpi: str, window: str) -> Any:
            if "look" in self.trouble:
                return JSONResponse({"title": "Forbidden", "detail": "this token may look only"}, 403)
            self.told.append((request.method, f"{kpi}/{window}?{request.url.query}", await request.body()))
            return JSONResponse({"kpi": kpi}, 202)

        @app.get("/api/v1/{tenant}/annotations")
        def notes() -> list[dict[str, Any]]:
            return [{"name": name, **one} for name, one in self.notes.items()]

        @app.api_route("/api/v1/{tenant}/annotations/{name}", methods=["PUT", "DELETE"])
        async def note(request: Request, name: str) -> Any:
            if request.method == "DELETE":
                self.notes.pop(name, None)
                return Response(status_code=204)
            self.notes[name] = await request.json()
            return {"name": name, **self.notes[name]}

        @app.get("/api/v1/{tenant}/boards")
        def boards() -> list[dict[str, Any]]:
            return [{"name": name, "title": one["title"]} for name, one in self.boards.items()]

        @app.api_route("/api/v1/{tenant}/boards/{name}", methods=["GET", "PUT", "DELETE"])
        async def board(request: Request, name: str) -> Any:
            if request.method == "PUT":
                self.boards[name] = await request.json()
            elif name not in self.boards:
                raise HTTPException(404, "no board of this name")
            return self.boards.pop(name) if request.method == "DELETE" else self.boards[name]

        @app.get("/")
        def page() -> FileResponse:
            return FileResponse(STATIC / "index.html")

        app.mount("/static/lang", StaticFiles(directory=LANG))
        app.mount("/static", StaticFiles(directory=STATIC))
        return app


if __name__ == "__main__":
    with Mock(8099) as mock:
        sys.stdout.write(f"{mock.url}\n")
        threading.Event().wait()
