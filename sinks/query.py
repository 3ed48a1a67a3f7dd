"""Asks a tenant's worker for what Redis doesn't hold: the members of a number, timelines, series of segments.

The owner of the tenant's lane publishes its address in Redis. After a rebalance that may be the previous owner's, so on
a refusal or no answer the address is reread, once.
"""

import asyncio
from types import TracebackType
from typing import Any, Final, NoReturn, Protocol, Self

import aiohttp
import orjson

from sinks.base import QueryPort

PATH: Final = "/query"
WORKER: Final = "/worker"  # a worker's report on itself
CONNECT_S: Final = 1.0
ANSWER_S: Final = 20.0
REPORT_S: Final = 2.0
AGAIN_S: Final = 0.3  # a lane's owner renews its address once a second
TRIES: Final = 2
OTHER_OWNER: Final = frozenset({401, 409})  # another process listens there now, or the lane moved
AWAY: Final = frozenset({502, 503})  # the worker is restoring the lane's state
NO_OWNER: Final = "no worker owns this tenant at the moment; try again shortly"


class QueryRefused(Exception):
    """The worker refused a question: ``status`` as in HTTP, ``words`` for the person asking."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words


class QueryUnavailable(Exception):
    """No answer at the moment: there is no owner, it is restoring its state, or it does not reply."""


class Ports(Protocol):
    """Looks up where to ask: `sinks.read.RedisReader`."""

    async def query_port(self, tenant: str) -> QueryPort | None:
        """Where the last known owner of a tenant's lane answers."""
        ...


class QueryClient:
    """Use as ``async with QueryClient(reader) as client``; one for all tenants and requests."""

    def __init__(self, reader: Ports, *, seconds: float = ANSWER_S) -> None:
        """``seconds``: time limit for an answer."""
        self._reader = reader
        self._timeout = aiohttp.ClientTimeout(total=seconds, connect=CONNECT_S)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def ask(self, tenant: str, ask: str, **fields: Any) -> dict[str, Any]:
        """The answer to a question about a tenant, e.g. ``ask("acme", "members", kpi="win_rate", window="30d")``.

        Raises `QueryRefused` for a bad question, `QueryUnavailable` if no worker can answer now, and `SinkUnavailable`
        if Redis is away.
        """
        body = orjson.dumps({**fields, "tenant": tenant, "ask": ask})
        for number in range(TRIES):
            if number:
                await asyncio.sleep(AGAIN_S)
            port = await self._reader.query_port(tenant)
            if port is not None and (found := await self._post(port, body)) is not None:
                return found
        raise QueryUnavailable(NO_OWNER)

    async def worker(self, port: QueryPort) -> dict[str, Any] | None:
        """The report of the worker on a port (`streams.monitor.report`); None: it is gone or silent."""
        headers, within = {"Authorization": f"Bearer {port.token}"}, aiohttp.ClientTimeout(total=REPORT_S)
        try:
            async with self._opened().get(port.url + WORKER, headers=headers, timeout=within) as response:
                found: dict[str, Any] | None = orjson.loads(await response.read()) if response.status == 200 else None
        except (aiohttp.ClientError, OSError, orjson.JSONDecodeError):  # TimeoutError is an OSError
            return None
        return found

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout)
        return self._session

    async def _post(self, port: QueryPort, body: bytes) -> dict[str, Any] | None:
        """One worker's answer; None: it is not the owner, or gone."""
        headers = {"Authorization": f"Bearer {port.token}", "Content-Type": "application/json"}
        try:
            async with self._opened().post(
                port.url + PATH, data=body, headers=headers, allow_redirects=False
            ) as response:
                status, content = response.status, await response.read()
        except aiohttp.ConnectionTimeoutError:
            return None
        except TimeoutError as error:
            raise QueryUnavailable("the worker took too long to answer") from error
        except (aiohttp.ClientError, OSError):
            return None
        if status in OTHER_OWNER:
            return None
        if status != 200:
            _raise(status, content)
        found: dict[str, Any] = orjson.loads(content)
        return found


def _raise(status: int, content: bytes) -> NoReturn:
    try:
        words = str(orjson.loads(content)["error"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        words = f"the worker replied with status {status}"
    if status in AWAY:
        raise QueryUnavailable(words)
    raise QueryRefused(status, words)
