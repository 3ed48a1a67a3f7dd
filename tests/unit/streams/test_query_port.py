"""The query port of a worker: who may ask, and how refusals are told."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson
import pytest

from sinks.base import QueryPort
from streams import query
from streams.engine.client import EngineFailed
from streams.options import WorkerOptions
from streams.query import QueryServer

OPTIONS = WorkerOptions(("localhost:9092",), ("crm.a.v1",), lanes=1, query_host="127.0.0.1")


@dataclass
class Engine:
    """Answers, refuses, or takes its time."""

    kind: str = ""
    words: str = ""
    delay: float = 0.0
    asked: list[tuple[str, int, dict[str, Any]]] = field(default_factory=list)

    async def ask(self, tenant: str, now: int, asked: bytes, seconds: float) -> bytes:
        """As the engine process does."""
        self.asked.append((tenant, now, orjson.loads(asked)))
        await asyncio.sleep(self.delay)
        if self.kind == "TimeoutError":
            raise TimeoutError
        if self.kind:
            raise EngineFailed(self.kind, self.words, "")
        return b'{"total": 2}'


@dataclass
class Lane:
    """A lane of the worker."""

    engine: Any
    ready: bool = True
    now: int = 7


class Lanes:
    """What the worker owns."""

    def __init__(self, lane: Lane | None) -> None:
        self.query: QueryPort | None = None
        self.flowing = True
        self._lane = lane

    def lane(self, partition: int) -> Any:
        """The only one."""
        return self._lane


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """A client."""
    async with aiohttp.ClientSession() as found:
        yield found


async def started(lane: Lane | None) -> QueryPort:
    """A server, and where it says it is."""
    lanes = Lanes(lane)
    await QueryServer(lanes).start(OPTIONS)
    assert lanes.query is not None
    return lanes.query


async def post(
    session: aiohttp.ClientSession, port: QueryPort, body: bytes, token: str | None = None
) -> tuple[int, dict[str, Any]]:
    """Status and answer."""
    given = port.token if token is None else token
    headers = {"Authorization": f"Bearer {given}"} if given else {}
    async with session.post(f"{port.url}/query", data=body, headers=headers) as response:
        return response.status, orjson.loads(await response.read())


async def test_a_question_goes_to_the_tenants_lane(session: aiohttp.ClientSession) -> None:
    """As it is, with the lane's clock."""
    engine = Engine()
    port = await started(Lane(engine))
    asked = {"tenant": "acme", "ask": "members", "kpi": "orders"}
    assert await post(session, port, orjson.dumps(asked)) == (200, {"total": 2})
    assert engine.asked == [("acme", 7, asked)]


@pytest.mark.parametrize("token", ["", "wrong", "ä"])
async def test_without_the_token_nothing_is_answered(session: aiohttp.ClientSession, token: str) -> None:
    """And nothing is asked of the engine."""
    engine = Engine()
    port = await started(Lane(engine))
    status, body = await post(session, port, b'{"tenant": "acme"}', token)
    assert (status, "bearer token" in body["error"], engine.asked) == (401, True, [])


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"{", 400, "must be JSON"),
        (b"[]", 400, "must be an object"),
        (b'{"tenant": 7}', 400, "must be an object"),
        (b'{"tenant": "x", "kpi": "' + b"x" * query.QUESTION_BYTES + b'"}', 413, "a question may have at most"),
    ],
)
async def test_a_question_that_is_none(session: aiohttp.ClientSession, body: bytes, status: int, words: str) -> None:
    """Is refused in words."""
    found, said = await post(session, await started(Lane(Engine())), body)
    assert (found, words in said["error"]) == (status, True)


@pytest.mark.parametrize(
    ("lane", "status"),
    [
        (None, 409),
        (Lane(Engine(), ready=False), 503),
        (Lane(Engine("Refused", "no such KPI")), 400),
        (Lane(Engine("NotFound", "unknown tenant")), 404),
        (Lane(Engine("NotOwner", "not the owner")), 409),
        (Lane(Engine("TooLarge", "too large")), 413),
        (Lane(Engine("TookTooLong", "too long")), 422),
        (Lane(Engine("TimeoutError")), 422),
        (Lane(Engine("Restoring", "restoring")), 503),
        (Lane(Engine("ZeroDivisionError", "the customer's name")), 500),
    ],
)
async def test_a_refusal_has_its_status(session: aiohttp.ClientSession, lane: Lane | None, status: int) -> None:
    """A fault of the program tells nothing of what was asked."""
    found, body = await post(session, await started(lane), b'{"tenant": "acme"}')
    assert (found, "customer" in body["error"]) == (status, False)
    if lane is not None and status in (400, 404, 413):
        assert body["error"] == lane.engine.words


async def test_a_worker_tells_of_itself_to_those_with_the_token(session: aiohttp.ClientSession) -> None:
    """Whatever it owns."""
    lanes = Lanes(None)
    await QueryServer(lanes, lambda: {"worker": "here:7"}).start(OPTIONS)
    port = lanes.query
    assert port is not None
    for token, status, body in ((port.token, 200, b'{"worker":"here:7"}'), ("wrong", 401, None)):
        headers = {"Authorization": f"Bearer {token}"}
        async with session.get(f"{port.url}/worker", headers=headers) as response:
            assert response.status == status
            assert body is None or await response.read() == body


async def test_too_many_questions_at_a_time_are_turned_away(
    session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those with the engine and those that wait are answered."""
    monkeypatch.setattr(query, "WAITING", 3)
    port = await started(Lane(Engine(delay=0.2)))
    found = await asyncio.gather(*(post(session, port, b'{"tenant": "acme"}') for _ in range(5)))
    assert sorted(status for status, _ in found) == [200, 200, 200, 503, 503]


async def test_each_worker_has_a_token_of_its_own() -> None:
    """Tokens are invalid after a restart."""
    one, other = await started(None), await started(None)
    assert one.token != other.token
    assert len(one.token) > 40


async def test_a_worker_without_a_port_says_so_by_none() -> None:
    """When it is switched off, or the port is taken."""
    lanes = Lanes(None)
    await QueryServer(lanes).start(WorkerOptions(("x",), ("y",)))
    assert lanes.query is None
    taken = await started(None)
    again = WorkerOptions(("x",), ("y",), query_host="127.0.0.1", query_port=int(taken.url.rpartition(":")[2]))
    await QueryServer(lanes).start(again)
    assert lanes.query is None


@pytest.mark.parametrize(
    ("options", "host"),
    [
        ({"query_host": "127.0.0.1"}, "127.0.0.1"),
        ({"query_host": "::1"}, "[::1]"),
        ({"query_host": "0.0.0.0", "query_advertise": "worker-3"}, "worker-3"),
    ],
)
def test_the_address_is_one_that_others_reach(options: dict[str, str], host: str) -> None:
    """That of the socket, unless another one is told."""
    assert query._host(WorkerOptions(("x",), ("y",), **options)) == host  # type: ignore[arg-type]
