"""The worker's query port: `POST /query` answers questions about the tenants whose lanes it owns. Read only.
`GET /worker` describes the worker itself.

Its address and a token, new in each process, go to Redis with the notes of its lanes: only clients that may read
numbers in Redis may ask. It runs on the worker's own loop; the engine process does the work.
"""

import asyncio
import hmac
import logging
import secrets
import socket
from collections.abc import Callable
from typing import Any, Final, Protocol

import orjson
from aiohttp import web

from sinks.base import QueryPort
from sinks.query import PATH, WORKER
from streams.engine.client import EngineFailed, LaneEngine
from streams.options import WorkerOptions
from streams.producing import lane_of

log = logging.getLogger(__name__)

QUESTION_BYTES: Final = 16 << 10
AT_A_TIME: Final = 2  # questions with the engine,
WAITING: Final = 20  # and waiting for their turn
SECONDS: Final = 15.0  # limit for an answer
ANY_HOST: Final = ("0.0.0.0", "::", "")
STATUS: Final = {
    "Refused": 400, "NotFound": 404, "NotOwner": 409, "TooLarge": 413, "TookTooLong": 422, "Restoring": 503,
}  # fmt: skip


class Answering(Protocol):
    """A lane that answers: `streams.lane.Lane`."""

    @property
    def ready(self) -> bool: ...
    @property
    def engine(self) -> LaneEngine: ...
    @property
    def now(self) -> int: ...


class Lanes(Protocol):
    """The owner of lanes: `streams.ownership.Ownership`."""

    query: QueryPort | None

    @property
    def flowing(self) -> bool: ...
    def lane(self, partition: int) -> Answering | None: ...


class Refusal(Exception):
    """A question that is rejected."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


class QueryServer:
    """Answers on one port. ``port`` is 0 until it listens."""

    def __init__(self, lanes: Lanes, report: Callable[[], dict[str, Any]] = dict) -> None:
        """``report``: describes the worker."""
        self._lanes, self._report = lanes, report
        self._count = 0
        self._token = secrets.token_urlsafe(32)
        self._turns = asyncio.Semaphore(AT_A_TIME)
        self._waiting = 0
        self.port = 0

    async def start(self, options: WorkerOptions) -> None:
        """Listen, and publish the address with the lanes' notes. If no port is free, log it and keep counting."""
        if not options.query_host:
            return
        self._count = options.lanes
        app = web.Application(client_max_size=QUESTION_BYTES)
        app.router.add_post(PATH, self._answer)
        app.router.add_get(WORKER, self._tell)
        runner = web.AppRunner(app, access_log=None, handle_signals=False)
        await runner.setup()
        site = web.TCPSite(runner, options.query_host, options.query_port)
        try:
            await site.start()
        except OSError as exc:
            log.error("this worker cannot answer queries: %s", exc)
            await runner.cleanup()
            return
        self.port = int(runner.addresses[0][1])
        self._lanes.query = QueryPort(f"http://{_host(options)}:{self.port}", self._token)
        log.info("queries on http://%s:%s%s", options.query_host, self.port, PATH)

    async def _answer(self, request: web.Request) -> web.Response:
        try:
            self._check(request)
            return web.Response(body=await self._ask(await self._question(request)), content_type="application/json")
        except Refusal as refusal:
            return _refused(refusal)

    async def _tell(self, request: web.Request) -> web.Response:
        try:
            self._check(request)
        except Refusal as refusal:
            return _refused(refusal)
        return web.Response(body=orjson.dumps(self._report()), content_type="application/json")

    def _check(self, request: web.Request) -> None:
        given = request.headers.get("Authorization", "").encode()
        if not hmac.compare_digest(given, f"Bearer {self._token}".encode()):
            raise Refusal(401, "a bearer token is needed: the field query_token of the lane's hash in Redis")

    @staticmethod
    async def _question(request: web.Request) -> dict[str, Any]:
        try:
            asked = orjson.loads(await request.read())
        except orjson.JSONDecodeError:
            raise Refusal(400, "the question must be JSON") from None
        except web.HTTPRequestEntityTooLarge:
            raise Refusal(413, f"a question may have at most {QUESTION_BYTES} bytes") from None
        if not isinstance(asked, dict) or not isinstance(asked.get("tenant"), str) or not asked["tenant"]:
            raise Refusal(400, 'the question must be an object with a "tenant"')
        return asked

    async def _ask(self, asked: dict[str, Any]) -> bytes:
        if self._waiting >= WAITING:
            raise Refusal(503, "too many questions at once; try again shortly")
        self._waiting += 1
        try:
            async with self._turns:
                return await self._passed_on(asked)
        finally:
            self._waiting -= 1

    async def _passed_on(self, asked: dict[str, Any]) -> bytes:
        tenant = asked["tenant"]
        lane = self._lanes.lane(lane_of(tenant, self._count))
        if lane is None:
            raise Refusal(409, "not the owner")
        if not lane.ready:
            raise Refusal(503, "the worker is restoring this tenant; try again shortly")
        try:
            return await lane.engine.ask(tenant, lane.now, orjson.dumps(asked), SECONDS)
        except TimeoutError:
            raise Refusal(422, f"no answer within {SECONDS:.0f} s: ask for less, or try again") from None
        except EngineFailed as failure:
            if failure.kind not in STATUS:
                log.error("a question could not be answered: %s", failure)
                raise Refusal(500, "the question failed; see the worker's log") from failure
            raise Refusal(STATUS[failure.kind], failure.text) from failure


def _refused(refusal: Refusal) -> web.Response:
    body = orjson.dumps({"error": str(refusal)})
    return web.Response(status=refusal.status, body=body, content_type="application/json")


def _host(options: WorkerOptions) -> str:
    """The host under which others reach the port."""
    host = options.query_advertise or options.query_host
    found = socket.gethostname() if host in ANY_HOST else host
    return f"[{found}]" if ":" in found else found
