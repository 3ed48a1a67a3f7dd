"""The worker's side of the engine process: awaitable calls, answered in order."""

import asyncio
import pickle
import socket
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any, Final, NamedTuple

from models.tenants import TenantBook
from sinks.base import Packed
from streams.composed import Answer, Ask
from streams.engine import frames, host
from streams.engine.rows import Origin, Record
from streams.engine_port import EngineFactory, Entry, Failure, Letter
from streams.stop import die, spawn

LONGEST_S: Final = 30.0  # a call that takes longer has hung: calls are slices of a tenth of a second


class EngineFailed(Exception):
    """A call raised in the engine. The lane's state there may be half changed."""

    def __init__(self, kind: str, text: str, where: str) -> None:
        super().__init__(f"{kind} ({where})" if where else kind)
        self.kind = kind
        self.text = text


class Counted(NamedTuple):
    """What a batch changed."""

    taken: int  # journal records
    entries: Sequence[Entry]
    letters: Sequence[Letter]
    touched: set[str]  # tenants whose values may have changed
    redefined: set[str]  # tenants that switched to new cells
    failures: Sequence[tuple[str, str]]  # (tenant, cause) of background work that raised
    tally: Mapping[str, int]  # how many events were duplicates or late
    pending: bool  # there is background work


class EngineProcess:
    """One process for all lanes of a worker. When it ends, so does the worker."""

    def __init__(self, factory: EngineFactory) -> None:
        """Fork it. Call this before starting threads."""
        self._channel: socket.socket = host.start(factory)
        self._calls: dict[int, asyncio.Future[Any]] = {}
        self._numbers = count()
        self._writer: asyncio.StreamWriter | None = None

    async def connect(self) -> None:
        """Start reading replies."""
        reader, self._writer = await asyncio.open_unix_connection(sock=self._channel)
        self._listening = spawn(self._listen(reader), lambda: "listening to the engine process")

    def lane(self, partition: int) -> "LaneEngine":
        """The engine of one lane."""
        return LaneEngine(self, partition)

    async def configure(self, book: TenantBook) -> None:
        """Apply new tenant settings, for current and future lanes."""
        await self.call(-1, "configure", pickle.dumps(book))

    async def call(self, lane: int, method: str, *arguments: Any, limit: float = LONGEST_S) -> Any:
        """Call a method of `streams.engine.host.Host`. Raises EngineFailed."""
        answer = self._send(lane, method, arguments)
        assert self._writer is not None, "not connected"
        await self._writer.drain()
        done, _ = await asyncio.wait([answer], timeout=limit)
        if not done:
            die(f"lane {lane}: the engine has not replied to {method} for {limit:.0f} s")
        ok, result = answer.result()
        if not ok:
            raise EngineFailed(*result)
        return result

    async def ask(self, lane: int, tenant: str, now: int, asked: bytes, seconds: float) -> bytes:
        """An answer as JSON. Raises EngineFailed, and TimeoutError after so many seconds."""
        answer = self._send(lane, "ask", (tenant, now, asked))
        done, _ = await asyncio.wait([answer], timeout=seconds)  # not cancelled: the reply may still come
        if not done:
            raise TimeoutError
        ok, result = answer.result()
        if not ok:
            raise EngineFailed(*result)
        found: bytes = result
        return found

    def post(self, lane: int, method: str, *arguments: Any) -> None:
        """Call a method that returns nothing, without waiting; it runs before any later call."""
        self._send(lane, method, arguments)

    def _send(self, lane: int, method: str, arguments: tuple[Any, ...]) -> asyncio.Future[Any]:
        assert self._writer is not None, "not connected"
        number = next(self._numbers)
        answer = self._calls[number] = asyncio.get_running_loop().create_future()
        self._writer.write(frames.encode((number, lane, method, arguments)))
        return answer

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while True:
            try:
                head = await reader.readexactly(frames.HEADER.size)
                body = await reader.readexactly(frames.HEADER.unpack(head)[0])
            except (asyncio.IncompleteReadError, ConnectionError):
                die("the engine process exited")
            number, ok, result = frames.decode(body)
            self._calls.pop(number).set_result((ok, result))


class LaneEngine:
    """The state of one lane, in the engine process. Calls raise EngineFailed."""

    def __init__(self, process: EngineProcess, lane: int) -> None:
        self._process = process
        self._lane = lane
        self.tenants: set[str] = set()  # ever seen in this lane
        self.pending = True  # background work may wait

    async def open(self) -> None:
        """Start with an empty state."""
        self.tenants = set()
        await self._call("open")

    async def drop(self) -> None:
        """Forget everything."""
        await self._call("drop")

    async def load(self, entries: list[Entry]) -> None:
        """Restore changelog entries. A later entry with the same key replaces it."""
        await self._call("load", entries)

    async def restored(self) -> None:
        """All entries are loaded: rebuild derived state, slice by slice."""
        self.tenants = set(await self._whole("restored"))
        self.pending = True

    async def count(self, records: list[Record], skipped: Mapping[Origin, str], *, single: bool) -> Counted:
        """Count as many of these journal records as a slice allows, at least one, as a batch."""
        return self._counted(await self._whole("count", records, dict(skipped), single))

    async def work(self) -> Counted:
        """A slice of background work, as a batch without events."""
        return self._counted(await self._whole("work"))

    async def probe(self, records: list[Record], skipped: Mapping[Origin, str]) -> list[tuple[Origin, str]]:
        """Those of these records' events that can't be counted, and why. The state does not change."""
        found: list[tuple[Origin, str]] = await self._call("probe", records, dict(skipped), limit=3600.0)
        return found

    async def composed(self, ask: Ask) -> Answer:
        """Publications of changes, as bytes: see `streams.composed`."""
        made = Answer(*await self._call("composed", *ask))
        publications = [Packed(*one) for one in made.publications]
        return made._replace(publications=publications, failures=[Failure(*one) for one in made.failures])

    async def ask(self, tenant: str, now: int, asked: bytes, seconds: float) -> bytes:
        """The answer (JSON) to a question (JSON) about a tenant as of ``now`` (ms). Also raises TimeoutError."""
        return await self._process.ask(self._lane, tenant, now, asked, seconds)

    def everything(self, tenants: Sequence[str] | None = None) -> None:
        """Have all documents of tenants (None: of all) recomputed next time. Does not wait."""
        self._process.post(self._lane, "everything", None if tenants is None else list(tenants))

    async def _whole(self, method: str, *arguments: Any) -> Any:
        """Run a call of several slices to its end; other lanes take turns in between."""
        reply = await self._call(method, *arguments)
        while reply is None:
            reply = await self._call("go_on")
        return reply[0]

    async def _call(self, method: str, *arguments: Any, limit: float = LONGEST_S) -> Any:
        return await self._process.call(self._lane, method, *arguments, limit=limit)

    def _counted(self, reply: dict[str, Any]) -> Counted:
        self.tenants |= reply["touched"]
        self.pending = reply["pending"]
        return Counted(**{**reply, "letters": [Letter(*one) for one in reply["letters"]]})
