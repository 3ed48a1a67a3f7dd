"""Sends due messages of one partition, and records the outcomes."""

import asyncio
import logging
import random
from collections.abc import Callable
from typing import Final

from models.notifying import NotifySettings
from notify.failpoints import reach
from notify.lane import Lane
from notify.message import KIND, RETRY, Delivery
from notify.meters import Meters
from notify.sending import NotSent, Sender, failed, is_due

log = logging.getLogger(__name__)
AT_ONCE: Final = 16  # deliveries per partition at a time
LOOK_S: Final = 0.2


class Deliverer:
    """Delivers messages of one partition. The intent is in the ledger before sending, the outcome after:

    after a crash in between, it is sent again with the same id. ``now``: ms UTC.
    """

    def __init__(
        self, lane: Lane, sender: Sender, settings: NotifySettings, now: Callable[[], int], meters: Meters
    ) -> None:
        self._lane, self._sender, self._settings, self._now, self._meters = lane, sender, settings, now, meters
        self._running: dict[str, asyncio.Task[None]] = {}
        self._known: list[int] = []
        self._waiting: list[Delivery] = []

    async def run(self) -> None:
        """Runs until the partition is revoked, then completes deliveries in progress. Raises anything unforeseen."""
        try:
            while await self._lane.pause(LOOK_S):
                self._gather()
                for one in self._next():
                    self._running[one.id] = asyncio.create_task(self._deliver(one), name=one.id)
            if self._running:
                await asyncio.wait(self._running.values())
            self._gather()
        finally:
            for task in self._running.values():
                task.cancel()

    def _gather(self) -> None:
        for name in [name for name, task in self._running.items() if task.done()]:
            self._running.pop(name).result()

    def _next(self) -> list[Delivery]:
        """Deliveries due now, longest waiting first."""
        now = self._now()
        if self._known != (known := self._lane.entries.newest(KIND, RETRY)):
            self._known, self._waiting = known, self._first_of_each()
            self._meters.due.labels(str(self._lane.partition)).set(len(self._waiting))
        free = AT_ONCE - len(self._running)
        ready = (x for x in self._waiting if x.id not in self._running and is_due(self._settings, x, now))
        return sorted(ready, key=lambda one: one.next)[: max(free, 0)]

    def _first_of_each(self) -> list[Delivery]:
        """The oldest delivery per receiver and subject, so that they arrive in order."""
        found: dict[tuple[str, str, str, str], Delivery] = {}
        for _, fields in self._lane.entries.of(KIND):
            if fields["status"] != "sent" and (one := self._open(Delivery.of(fields))):
                found.setdefault((one.tenant, one.channel, one.address, one.about), one)
        return list(found.values())

    def _open(self, one: Delivery) -> Delivery | None:
        """The delivery if it is due, or if it was abandoned and then requested again."""
        if one.status == "due":
            return one
        asked = self._lane.entries.get(RETRY, one.tenant, one.id)
        if asked is None or asked["at"] <= (one.done or 0):
            return None
        return one._replace(status="due", created=asked["at"], attempts=0, next=0, done=None)

    async def _deliver(self, one: Delivery) -> None:
        reach("delivery-1-due")
        try:
            await self._sender.send(one)
        except NotSent as error:
            after = failed(self._settings, one, error, self._now(), random.random())
            log.warning("%s to %s of %s: %s", one.message.type, one.channel, one.tenant, error)
        else:
            reach("delivery-2-sent")
            after = one._replace(status="sent", attempts=one.attempts + 1, done=self._now(), error="")
        self._meters.attempts.labels("sent" if after.status == "sent" else "failed").inc()
        if after.status == "dead":
            self._meters.dead.inc()
        await self._lane.commit([(after.key, after.as_json())], "delivery", 3)
