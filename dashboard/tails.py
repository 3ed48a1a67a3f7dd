"""Live tails: follows each tenant's journal once for all its streams."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, Final

import orjson
from fastapi.sse import format_sse_event

from dashboard.arrived import Arrival, arrivals, described
from dashboard.follower import IDLE_S, RETRY_S, TICK_S, end
from dashboard.meters import Meters
from dashboard.ports import Fetched, Journal, KafkaUnavailable
from dashboard.streams import HELLO, PING, PING_S
from models.tenants import TenantBook, TenantSettings
from ops.waiting import set_within

log = logging.getLogger(__name__)
HELD: Final = 200  # events kept per tenant
FIRST: Final = 50  # events in the first message
AT_ONCE: Final = 20  # events in each further message
MOST: Final = 200  # streams per process
MOST_TENANTS: Final = 50  # tenants followed at a time
FIRST_S: Final = 15.0


class Tail:
    """One tenant's latest events. ``count``: of all events so far, including dropped ones."""

    def __init__(self, journal: Journal, tenant: str, settings: TenantSettings) -> None:
        self.tenant, self.readers, self.count, self.said = tenant, 0, 0, 0
        self.reason: str | None = None  # why nothing can be read
        self.current = False  # whether everything present at the start has been read
        self.changed = asyncio.Event()
        self.used_at = 0.0
        self._journal, self._settings = journal, settings
        self._events: deque[dict[str, Any]] = deque(maxlen=HELD)
        self._highest: dict[tuple[str, int], int] = {}

    async def run(self) -> None:
        """Follows until nobody has read for a while. An unavailable Kafka is reported to streams and retried."""
        self.used_at = _clock()
        while self._wanted():
            try:
                async with aclosing(self._journal.blocks(self.tenant)) as fetches:
                    async for fetched in fetches:
                        self._take(fetched)
                        if not self._wanted():
                            return
            except KafkaUnavailable as error:
                self._say(str(error))
            await asyncio.sleep(RETRY_S)

    def since(self, seen: int, most: int) -> tuple[list[dict[str, Any]], int]:
        """Events after the first ``seen``, newest first, at most ``most``; and how many are left out."""
        news = self.count - seen
        chosen = list(self._events)[-min(news, most, len(self._events)) :] if news > 0 else []
        return chosen[::-1], news - len(chosen)

    def _wanted(self) -> bool:
        if self.readers:
            self.used_at = _clock()
        return _clock() - self.used_at < IDLE_S

    def _take(self, fetched: Fetched) -> None:
        fresh = [one for block in fetched.blocks for one in arrivals(block) if self._is_new(one)]
        self.count += len(fresh)
        self._events.extend(described(one, self._settings) for one in fresh[-HELD:])
        first = fetched.current and not self.current
        self.current = self.current or fetched.current
        if self.reason is not None:
            self._say(None)
        if fresh or first:
            self._wake()

    def _is_new(self, arrival: Arrival) -> bool:
        """A killed worker writes its last blocks again, and rereading Kafka repeats blocks."""
        place = arrival.topic, arrival.partition
        if arrival.what.tenant != self.tenant or arrival.what.offset <= self._highest.get(place, -1):
            return False
        self._highest[place] = arrival.what.offset
        return True

    def _say(self, reason: str | None) -> None:
        self.reason = reason
        self.said += 1
        self._wake()

    def _wake(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()


class Tails:
    """All tails of the process."""

    def __init__(self, journal: Journal, book: TenantBook, meters: Meters) -> None:
        self._journal, self._book, self._meters = journal, book, meters
        self._tails: dict[str, tuple[Tail, asyncio.Task[None]]] = {}
        self._closed = False
        self.open = 0

    def full(self, tenant: str) -> bool:
        """Whether the limit of streams or of followed tenants is reached."""
        return self.open >= MOST or (tenant not in self._tails and len(self._tails) >= MOST_TENANTS)

    async def newest(self, tenant: str, limit: int) -> list[dict[str, Any]]:
        """The latest events, newest first. Raises `KafkaUnavailable`."""
        tail = self._tail(tenant)
        tail.used_at = _clock()
        try:
            async with asyncio.timeout(FIRST_S):
                while not tail.current and tail.reason is None:
                    await tail.changed.wait()
        except TimeoutError as error:
            raise KafkaUnavailable(f"no answer within {FIRST_S:g} s") from error
        if tail.reason is not None:
            raise KafkaUnavailable(tail.reason)
        return tail.since(0, limit)[0]

    async def messages(self, tenant: str) -> AsyncIterator[bytes]:
        """The messages of one stream, for ever."""
        tail = self._tail(tenant)
        tail.readers += 1
        self.open += 1
        try:
            yield HELLO
            async for message in self._told(tail):
                yield message
        finally:
            tail.readers -= 1
            self.open -= 1

    async def close(self) -> None:
        """Ends all streams and tails."""
        self._closed = True
        await asyncio.gather(*(end(task) for _, task in list(self._tails.values())))

    async def _told(self, tail: Tail) -> AsyncIterator[bytes]:
        seen, said, sent = -1, 0, 0.0
        while not self._over(tail):
            changed = tail.changed
            if said == tail.said and not (tail.current and seen < tail.count):
                if not await set_within(changed, PING_S):
                    yield PING
                continue
            await asyncio.sleep(max(0.0, sent + TICK_S - _clock()))
            sent = _clock()
            if said != tail.said:
                said = tail.said
                yield self._message("status", {"reason": tail.reason})
            else:
                events, left_out = tail.since(max(seen, 0), FIRST if seen < 0 else AT_ONCE)
                name, seen = ("recent" if seen < 0 else "events"), tail.count
                body = {"events": events} if name == "recent" else {"events": events, "left_out": left_out}
                yield self._message(name, body)

    def _over(self, tail: Tail) -> bool:
        return self._closed or self._tails.get(tail.tenant, (None,))[0] is not tail

    def _tail(self, tenant: str) -> Tail:
        if tenant not in self._tails:
            tail = Tail(self._journal, tenant, self._book[tenant])
            task = asyncio.create_task(tail.run(), name=f"tail of {tenant}")
            self._tails[tenant] = tail, task
            task.add_done_callback(lambda task: self._done(tail, task))
        return self._tails[tenant][0]

    def _done(self, tail: Tail, task: asyncio.Task[None]) -> None:
        del self._tails[tail.tenant]
        tail.changed.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("the tail of a tenant has failed; its streams end and are opened anew", exc_info=error)

    def _message(self, name: str, body: dict[str, Any]) -> bytes:
        self._meters.messages.labels(name).inc()
        return format_sse_event(event=name, data_str=orjson.dumps(body).decode())


def _clock() -> float:
    return asyncio.get_running_loop().time()
