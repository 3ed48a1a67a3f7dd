"""The asyncio client: a background task sends."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import httpx

from touchpoints.client import MEDIA, TIMEOUT
from touchpoints.clock import now
from touchpoints.delivery import Delivery, Limits
from touchpoints.events import encoded, endpoint, identified, sending
from touchpoints.store import Kept, opened
from touchpoints.verdicts import NO_ANSWER, Answer, Verdict


class AsyncTouchpoints:
    """As `Touchpoints`, within one event loop: ``async with AsyncTouchpoints(url, key) as touchpoints``."""

    def __init__(
        self,
        url: str,
        key: str,
        *,
        source: str = "/touchpoints",
        spool: Path | str | None = None,
        limit: int = 64 << 20,
        batch: int = 100,
        batch_bytes: int = 256 << 10,
        interval: float = 1.0,
        exit_timeout: float = 5.0,
        on_verdict: Callable[[Verdict], None] | None = None,
    ) -> None:
        self._url, self._source, self._exit_timeout = endpoint(url), source, exit_timeout
        self._delivery = Delivery(opened(spool, limit), Limits(batch, batch_bytes, interval), on_verdict)
        self._http = httpx.AsyncClient(auth=(key, ""), timeout=TIMEOUT)
        self._came, self._due, self._answered = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._flushing = 0
        self._task: asyncio.Task[None] | None = None

    async def track(
        self, type: str, data: Mapping[str, Any], *, id: str | None = None, time: datetime | str | None = None
    ) -> str:
        """Queue an event; returns its id. Raises Unsendable, Full, or RuntimeError: not open, or ended by an error."""
        if self._task is None or self._task.done():
            raise RuntimeError("this client is closed or has failed") from self._error()
        name, body = encoded(type, data, self._source, id, time)
        self._delivery.store.put(body)
        self._came.set()
        if self._delivery.due:
            self._due.set()
        return name

    async def page(self, url: str, *, id: str | None = None, time: datetime | str | None = None, **data: Any) -> str:
        """A page was shown; ``data``: visitor ids, title, referrer …"""
        return await self.track("page.viewed", {"url": url, **data}, id=id, time=time)

    async def identify(
        self,
        *,
        user_id: str | None = None,
        anonymous_id: str | None = None,
        customer_id: str | None = None,
        traits: Mapping[str, Any] | None = None,
        **data: Any,
    ) -> str:
        """Two or more ids belong to one person. Raises Unsendable for fewer."""
        ids = identified(user_id, anonymous_id, customer_id)
        known = {"traits": dict(traits)} if traits else {}
        return await self.track("identity.identified", {**ids, **known, **data})

    @property
    def waiting(self) -> int:
        """Events without a verdict."""
        return self._delivery.store.count

    async def flush(self, timeout: float | None = None) -> bool:
        """Send waiting events now; returns whether all got a verdict within ``timeout`` seconds (None: no limit)."""
        self._flushing += 1
        self._due.set()
        try:
            async with asyncio.timeout(timeout):
                while self.waiting and self._task is not None and not self._task.done():
                    self._answered.clear()
                    await self._answered.wait()
        except TimeoutError:
            return False
        finally:
            self._flushing -= 1
        return not self.waiting

    async def aclose(self, timeout: float | None = None) -> int:
        """Send waiting events for at most ``timeout`` seconds; returns how many are left."""
        if self._task is None:
            return self.waiting
        await self.flush(self._exit_timeout if timeout is None else timeout)
        task, self._task = self._task, None
        task.cancel()
        (ended,) = await asyncio.gather(task, return_exceptions=True)
        await self._http.aclose()
        self._delivery.store.close()
        if isinstance(ended, Exception):
            raise ended
        return self.waiting

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        self._task.add_done_callback(lambda _: self._answered.set())  # wakes waiters if the task ends
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def _error(self) -> BaseException | None:
        ended = self._task is not None and self._task.done() and not self._task.cancelled()
        return self._task.exception() if ended and self._task is not None else None

    async def _run(self) -> None:
        while True:
            batch = await self._next()
            wait = self._delivery.answered(batch, await self._post(batch), now())
            self._answered.set()
            await asyncio.sleep(wait)

    async def _next(self) -> list[Kept]:
        """The next batch, when it is due."""
        while not self.waiting:
            self._came.clear()
            await self._came.wait()
        if not (self._flushing or self._delivery.due):
            self._due.clear()
            try:
                async with asyncio.timeout(self._delivery.limits.interval):
                    await self._due.wait()
            except TimeoutError:
                pass  # the oldest has waited long enough
        return self._delivery.batch()

    async def _post(self, batch: list[Kept]) -> Answer:
        body = sending([event.body for event in batch], now())
        try:
            response = await self._http.post(self._url, content=body, headers={"content-type": MEDIA})
        except httpx.HTTPError:
            return NO_ANSWER  # it may have arrived: a resend has the same ids
        return Answer(response.status_code, response.headers, response.content)
