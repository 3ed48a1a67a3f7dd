"""Watches the workers' lag once a second, as long as there are requests for it."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final

from aiokafka.errors import KafkaError

from access.kafka import client_options
from dashboard.follower import end
from dashboard.ports import KafkaUnavailable
from models import topics
from models.settings import Settings, SettingsError
from ops.lag import GroupLag, LagReader, PartitionLag
from ops.losses import Loss, read_losses, unknown
from ops.observe import observations, report
from ops.verdicts import Windows

log = logging.getLogger(__name__)
EVERY_S: Final = 1.0
IDLE_S: Final = 30.0  # without requests, after which connections are closed
LOSSES_S: Final = 30.0  # between checks for losses
FIRST_S: Final = 15.0  # for the first result: a broker that has just started is slow
FAILED: Final = (KafkaError, OSError, TimeoutError)


class LagWatch:
    """`Lags` of one installation. ``now``: ms UTC."""

    def __init__(self, place: Settings, now: Callable[[], int]) -> None:
        self._place, self._now = place, now
        self._letters = frozenset(map(topics.dead_letters, topics.inputs(place)))
        self._task: asyncio.Task[None] | None = None
        self._news = asyncio.Condition()
        self._found: dict[str, Any] | None = None
        self._failed = ""
        self._asked_at = 0.0

    async def read(self) -> dict[str, Any]:
        """The latest result. Raises `KafkaUnavailable` if Kafka does not respond."""
        self._asked_at = asyncio.get_running_loop().time()
        if self._task is None or self._task.done():
            self._found, self._failed = None, ""
            self._task = asyncio.create_task(self._watch(), name="lag")
        try:
            async with asyncio.timeout(FIRST_S), self._news:
                await self._news.wait_for(lambda: self._found is not None or self._failed)
        except TimeoutError as error:
            raise KafkaUnavailable(f"{self._place.kafka.bootstrap_servers}: no answer within {FIRST_S:g} s") from error
        if self._found is None:
            raise KafkaUnavailable(f"{self._place.kafka.bootstrap_servers}: {self._failed}")
        return self._found

    async def close(self) -> None:
        """Stops watching and closes the connections."""
        if self._task is not None:
            await end(self._task)

    async def _watch(self) -> None:
        try:
            reader = LagReader(
                self._place.kafka,
                self._place.app_id,
                [*topics.inputs(self._place), topics.journal(self._place), *self._letters],
            )
            async with reader:
                await self._look_again(reader)
        except (*FAILED, SettingsError) as error:
            async with self._news:
                self._found, self._failed = None, str(error) or type(error).__name__
                self._news.notify_all()

    async def _look_again(self, reader: LagReader) -> None:
        clock, windows, losses, read_at = asyncio.get_running_loop().time, Windows(), list[Loss](), 0.0
        while clock() - self._asked_at < IDLE_S:
            seen = await reader.read()
            counted = GroupLag(seen.group, tuple(one for one in seen.partitions if one.topic not in self._letters))
            windows.add(observations(counted, clock()))
            if not read_at or clock() - read_at > LOSSES_S:
                losses, read_at = await self._losses(), clock()
            lag = report(counted, windows, self._now() / 1000).as_dict()
            async with self._news:
                self._found = {
                    **lag,
                    "losses": [loss._asdict() for loss in losses],
                    "dead_letters": self._dead(seen.partitions),
                }
                self._news.notify_all()
            await asyncio.sleep(EVERY_S)

    async def _losses(self) -> list[Loss]:
        return unknown(await read_losses(client_options(self._place.kafka), topics.control(self._place)))

    def _dead(self, partitions: tuple[PartitionLag, ...]) -> list[dict[str, Any]]:
        """Records in dead-letter topics, including those dealt with until retention deletes them."""
        held: dict[str, int] = {}
        for one in partitions:
            if one.topic in self._letters:
                held[one.topic] = held.get(one.topic, 0) + one.end - one.begin
        return [{"topic": topic, "records": records} for topic, records in sorted(held.items()) if records]
