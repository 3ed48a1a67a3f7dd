"""Server-sent events: a snapshot first, then what changes, at most four times a second.

FastAPI's own `EventSourceResponse` puts two tasks and two channels behind each stream and encodes for each anew; here
all streams of a window send the same bytes.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

import orjson
from fastapi.sse import format_sse_event

from dashboard.follower import RETRY_S, TICK_S, Follower, end
from dashboard.meters import Meters
from dashboard.ports import Numbers
from dashboard.window_board import WindowBoard
from ops.waiting import set_within
from sinks.base import SinkUnavailable

log = logging.getLogger(__name__)
PING_S: Final = 5.0
PING: Final = format_sse_event(comment="ping")
HELLO: Final = format_sse_event(comment="crmkpi", retry=1_000)  # milliseconds until a browser tries again
MOST: Final = 1_000  # streams per process


class Streams:
    """All open streams of the process, and a follower per tenant in use."""

    def __init__(self, numbers: Numbers, now: Callable[[], int], meters: Meters) -> None:
        self._numbers, self._now, self._meters = numbers, now, meters
        self._followers: dict[str, tuple[Follower, asyncio.Task[None]]] = {}
        self._closed = False
        self.open = 0

    @property
    def full(self) -> bool:
        """Whether the limit of streams is reached."""
        return self.open >= MOST

    async def messages(self, tenant: str, window: str, last: str | None) -> AsyncIterator[bytes]:
        """The messages of one stream, for ever. ``last``: the id of the client's last message."""
        follower = self._follower(tenant)
        follower.readers += 1
        self.open += 1
        self._meters.streams.set(self.open)
        board: WindowBoard | None = None
        try:
            yield HELLO
            while board is None and not self._over(follower):
                try:
                    board = await follower.board(window)
                    board.readers += 1
                except SinkUnavailable:
                    yield self._status(follower)
                    await asyncio.sleep(RETRY_S)
            if board is not None:
                async for message in self._told(follower, board, window, last):
                    yield message
        finally:
            follower.readers -= 1
            self.open -= 1
            self._meters.streams.set(self.open)
            if board is not None:
                board.readers -= 1

    async def close(self) -> None:
        """Ends all streams and followers."""
        self._closed = True
        await asyncio.gather(*(end(task) for _, task in list(self._followers.values())))

    async def _told(
        self, follower: Follower, board: WindowBoard, window: str, last: str | None
    ) -> AsyncIterator[bytes]:
        clock = asyncio.get_running_loop().time
        seen, said, sent = follower.resumed(board, last), -1, clock()
        if seen is None:
            seen, said = follower.tick, follower.said
            yield self._snapshot(follower, board, window)
        while not self._over(follower):
            if said == follower.said and not board.news(seen):
                if not await set_within(follower.changed, PING_S):
                    yield PING
                continue
            await asyncio.sleep(max(0.0, sent + TICK_S - clock()))
            sent = clock()
            if said != follower.said:
                said = follower.said
                yield self._status(follower)
            else:
                message = self._documents(follower, board, seen)
                seen = follower.tick
                yield message

    def _over(self, follower: Follower) -> bool:
        return self._closed or follower.ended

    def _follower(self, tenant: str) -> Follower:
        held = self._followers.get(tenant)
        if held is None or held[0].ended or held[1].done():
            follower = Follower(self._numbers, tenant, self._now, self._meters)
            held = self._followers[tenant] = follower, asyncio.create_task(follower.run(), name=f"follow {tenant}")
            held[1].add_done_callback(lambda task: self._done(tenant, task))
        return held[0]

    def _done(self, tenant: str, task: asyncio.Task[None]) -> None:
        if tenant in self._followers and self._followers[tenant][1] is task:
            del self._followers[tenant]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("the follower of a tenant has failed; its streams end and are opened anew", exc_info=error)

    def _snapshot(self, follower: Follower, board: WindowBoard, window: str) -> bytes:
        body = {"tenant": follower.tenant, "window": window, "rev": follower.rev, **follower.status}
        self._meters.messages.labels("snapshot").inc()
        return _event("snapshot", {**body, "documents": list(board.documents.values())}, follower.id)

    def _documents(self, follower: Follower, board: WindowBoard, seen: int) -> bytes:
        self._meters.messages.labels("documents").inc()
        key = seen, follower.tick
        if (made := board.message(key)) is not None:
            return made
        documents, gone = board.changes(seen)
        body = {"rev": follower.rev, **follower.status, "documents": documents} | ({"gone": gone} if gone else {})
        return board.keep(key, _event("documents", body, follower.id))

    def _status(self, follower: Follower) -> bytes:
        self._meters.messages.labels("status").inc()
        return _event("status", follower.status, None)


def _event(name: str, body: dict[str, Any], id_: str | None) -> bytes:
    return format_sse_event(event=name, data_str=orjson.dumps(body).decode(), id=id_)
