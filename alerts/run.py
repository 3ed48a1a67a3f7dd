"""The runner: a member of the ledger's group that evaluates rules and delivers notices."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from aiokafka.errors import KafkaError

from alerts.looking import Looking
from alerts.published import RedisAlerts
from alerts.sources import Observer, Sources
from models.settings import Settings
from models.tenants import TenantBook
from notify.channels import Channels
from notify.deliver import Deliverer
from notify.lane import Lane
from notify.ledger import Ledger
from notify.meters import Meters
from notify.sending import Sender
from ops.topics import admin, ensure, notice_topic
from ops.waiting import set_within

log = logging.getLogger(__name__)
FIRST_S: Final = 1.0
LONGEST_S: Final = 30.0
STEADY_S: Final = 60.0  # after which back-off starts over
AWAY: Final = (KafkaError, OSError, TimeoutError)


class Runner:
    """``now``: ms UTC. ``ready``: whether it is a group member and has read all its partitions."""

    def __init__(
        self, place: Settings, tenants: TenantBook, sources: Sources, now: Callable[[], int], meters: Meters
    ) -> None:
        self._place, self._tenants, self._sources = place, tenants, sources
        self._now, self._meters = now, meters
        self._ledger: Ledger | None = None

    @property
    def ready(self) -> bool:
        return self._ledger is not None and self._ledger.ready

    async def run(self, stop: asyncio.Event) -> None:
        """Runs until ``stop``. If Kafka is unavailable or a partition has moved, it restarts from Kafka's state.

        Raises SettingsError, TopicsWrong and anything unforeseen.
        """
        clock = asyncio.get_running_loop().time
        pause = FIRST_S
        while not stop.is_set():
            began = clock()
            try:
                await self._once(stop)
            except AWAY as error:
                pause = FIRST_S if clock() - began > STEADY_S else pause
                log.warning("beginning anew in %g s: %s: %s", pause, type(error).__name__, error)
                await set_within(stop, pause)
                pause = min(2 * pause, LONGEST_S)

    async def _once(self, stop: asyncio.Event) -> None:
        async with admin(self._place.kafka) as link:
            await ensure(link, [notice_topic(self._place)])
        shown = RedisAlerts(self._place.redis)
        try:
            async with Channels(self._place, self._now) as channels:
                observer = Observer(self._sources)

                async def work(lane: Lane) -> None:
                    await self._work(lane, observer, channels, shown)

                self._ledger = Ledger(self._place, work)
                await self._ledger.run(stop)
        finally:
            self._ledger = None
            await shown.close()

    async def _work(self, lane: Lane, observer: Observer, sender: Sender, shown: RedisAlerts) -> None:
        looking = Looking(lane, self._place, self._tenants, observer, shown, self._now)
        deliverer = Deliverer(lane, sender, self._place.notify, self._now, self._meters)
        tasks = [asyncio.create_task(looking.run()), asyncio.create_task(deliverer.run())]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
