"""The threaded client: ``track`` returns at once, a background thread sends."""

import atexit
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Self

import httpx

from touchpoints.clock import now
from touchpoints.delivery import Delivery, Limits
from touchpoints.events import encoded, endpoint, identified, sending
from touchpoints.store import Kept, opened
from touchpoints.verdicts import NO_ANSWER, Answer, Verdict

MEDIA: Final = "application/cloudevents-batch+json"
TIMEOUT: Final = httpx.Timeout(10.0, connect=5.0)


class Touchpoints:
    """Sends events to a collector.

    ``url``: the collector's, without path. ``key``: a write key. ``spool``: a file for waiting events, so that they
    survive this process; raises Busy while another client uses it. ``limit``: bytes that may wait; beyond it ``track``
    raises Full. ``on_verdict`` is called for every event, in the sending thread; without it, refusals are logged.
    """

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
        self._url, self._key, self._source = endpoint(url), key, source
        self._exit_timeout = exit_timeout
        self._delivery = Delivery(opened(spool, limit), Limits(batch, batch_bytes, interval), on_verdict)
        self._changed = threading.Condition()
        self._flushing, self._closed = 0, False
        self._broken: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="touchpoints", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def track(
        self, type: str, data: Mapping[str, Any], *, id: str | None = None, time: datetime | str | None = None
    ) -> str:
        """Queue an event; returns its id. ``type``: ``deal.won``; ``time``: with offset, default now.

        Raises Unsendable: not an event; Full: too many wait; RuntimeError: closed, or ended by an error.
        """
        name, body = encoded(type, data, self._source, id, time)
        with self._changed:
            if self._closed or self._broken:
                raise RuntimeError("this client is closed or has failed") from self._broken
            self._delivery.store.put(body)
            self._changed.notify_all()
        return name

    def page(self, url: str, *, id: str | None = None, time: datetime | str | None = None, **data: Any) -> str:
        """A page was shown; ``data``: visitor ids, title, referrer …"""
        return self.track("page.viewed", {"url": url, **data}, id=id, time=time)

    def identify(
        self,
        *,
        user_id: str | None = None,
        anonymous_id: str | None = None,
        customer_id: str | None = None,
        traits: Mapping[str, Any] | None = None,
        **data: Any,
    ) -> str:
        """Two or more ids belong to one person. Raises Unsendable for fewer."""
        known = {"traits": dict(traits)} if traits else {}
        return self.track("identity.identified", {**identified(user_id, anonymous_id, customer_id), **known, **data})

    @property
    def waiting(self) -> int:
        """Events without a verdict."""
        return self._delivery.store.count

    def flush(self, timeout: float | None = None) -> bool:
        """Send waiting events now; returns whether all got a verdict within ``timeout`` seconds (None: no limit)."""
        with self._changed:
            self._flushing += 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._broken or not self._delivery.store.count, timeout)
            self._flushing -= 1
        return not self._delivery.store.count

    def close(self, timeout: float | None = None) -> int:
        """Send waiting events for at most ``timeout`` seconds; returns how many are left. Called at exit."""
        if self._closed:
            return 0
        self.flush(self._exit_timeout if timeout is None else timeout)
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(1.0)  # the next process resends what is in transit, with the same ids
        atexit.unregister(self.close)
        return self.waiting

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        try:
            with httpx.Client(auth=(self._key, ""), timeout=TIMEOUT) as http:
                while batch := self._next():
                    self._send(http, batch)
            self._delivery.store.close()
        except BaseException as error:  # e.g. a full disk: the next call raises it, and threading reports it
            with self._changed:
                self._broken = error
                self._changed.notify_all()
            raise

    def _next(self) -> list[Kept]:
        """The next batch, when due; empty once the client is closed."""
        delivery = self._delivery
        with self._changed:
            self._changed.wait_for(lambda: self._closed or delivery.store.count)
            self._changed.wait_for(lambda: self._closed or self._flushing or delivery.due, delivery.limits.interval)
            return [] if self._closed else delivery.batch()

    def _send(self, http: httpx.Client, batch: list[Kept]) -> None:
        wait = self._delivery.answered(batch, self._post(http, batch), now())
        with self._changed:
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._closed, wait)

    def _post(self, http: httpx.Client, batch: list[Kept]) -> Answer:
        body = sending([event.body for event in batch], now())
        try:
            response = http.post(self._url, content=body, headers={"content-type": MEDIA})
        except httpx.HTTPError:
            return NO_ANSWER  # it may have arrived: a resend has the same ids
        return Answer(response.status_code, response.headers, response.content)
