"""A collector on loopback that fails as planned, and remembers what it took."""

import asyncio
import json
import socket
import threading
import time
from base64 import b64decode
from collections import Counter
from typing import Any, Self

import uvicorn

Plan = tuple[str, dict[str, str]]


def port_that_is_free() -> int:
    """A port nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Collector:
    """An ASGI application and its server. ``plan``: what happens to the next requests, afterwards all is well.

    "503", "429", "400", "413": that status. "cut": the connection ends within the answer, nothing was taken.
    "lost": the same, but all was taken. "page": a proxy's 200. "refuse": the first event of the batch is refused.
    """

    def __init__(self, *plan: str, headers: dict[str, str] | None = None, port: int = 0) -> None:
        self.plan = list(plan)
        self.headers = headers or {}
        self.port = port or port_that_is_free()
        self.url = f"http://127.0.0.1:{self.port}"
        self.taken: list[dict[str, Any]] = []
        self.requests: list[tuple[float, int, str]] = []  # when, how many events, answered how
        self.keys: set[str] = set()
        self.too_large: set[str] = set()  # events that came alone and were still too much: that is final
        self._server = uvicorn.Server(uvicorn.Config(self, port=self.port, log_level="critical", lifespan="off"))
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(10)

    @property
    def ids(self) -> Counter[str]:
        """How often each event was taken."""
        return Counter(str(event["id"]) for event in self.taken)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request."""
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        assert (scope["path"], headers["content-type"]) == ("/events", "application/cloudevents-batch+json")
        self.keys.add(b64decode(headers["authorization"].removeprefix("Basic ")).decode())
        events = json.loads(body)
        how = self.plan.pop(0) if self.plan else "well"
        self.requests.append((time.monotonic(), len(events), how))
        await self._answer(how, events, send)

    async def _answer(self, how: str, events: list[dict[str, Any]], send: Any) -> None:
        refused = [{"index": 0, "code": "missing_field", "field": "url", "detail": "d"}] if how == "refuse" else []
        if how in ("well", "lost", "refuse"):
            self.taken += events[len(refused) :]
        if how == "413" and len(events) == 1:
            self.too_large.add(events[0]["id"])
        status = int(how) if how.isdigit() else 200
        said = {"success": status == 200, "accepted": len(events) - len(refused), "rejected": refused}
        body = b"<html>" if how == "page" else json.dumps(said).encode()
        given = {**self.headers, "content-length": str(len(body) + 9 * (how in ("cut", "lost")))}
        raw = [(name.encode(), value.encode()) for name, value in given.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": body, "more_body": how in ("cut", "lost")})
        if how in ("cut", "lost"):
            await asyncio.sleep(0.01)
            raise ConnectionAbortedError("planned")
