"""A real HTTP server on this machine that stands for an API: with a body for each request, and faults on demand."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import orjson
import uvicorn


@dataclass
class Asked:
    """A request."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    token: str


@dataclass
class Served:
    """``answer`` gives a JSON value, or raises KeyError for 404. ``faults`` come first: (status, headers), or "cut"."""

    answer: Callable[[Asked], Any]
    faults: list[Any] = field(default_factory=list)
    every: int = 1  # a fault only at each so many requests
    asked: list[Asked] = field(default_factory=list)
    address: str = ""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI."""
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        query = dict(parse_qsl(scope["query_string"].decode()))
        one = Asked(
            scope["method"],
            scope["path"],
            query,
            orjson.loads(body) if body else None,
            headers.get("authorization", ""),
        )
        self.asked.append(one)
        if self.faults and len(self.asked) % self.every == 0:
            await self._fault(self.faults.pop(0), send)
            return
        try:
            await _reply(send, 200, orjson.dumps(self.answer(one)))
        except KeyError:
            await _reply(send, 404, b'{"message":"no such thing"}')

    async def _fault(self, fault: Any, send: Any) -> None:
        if fault == "cut":
            headers = [(b"content-length", b"1000")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b'{"results": [', "more_body": True})
            raise ConnectionError("cut")
        status, headers = fault
        await _reply(send, status, b'{"message":"wait"}', headers)


async def _reply(send: Any, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
    more = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    await send(
        {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json"), *more]}
    )
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def serving(answer: Callable[[Asked], Any]) -> AsyncIterator[Served]:
    """The server, while the block runs."""
    served = Served(answer)
    with socket.create_server(("127.0.0.1", 0)) as bound:
        served.address = f"http://127.0.0.1:{bound.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(served, lifespan="off", log_config=None, log_level=60))
        task = asyncio.create_task(server.serve(sockets=[bound]))
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            yield served
        finally:
            server.should_exit = server.force_exit = True
            await task
