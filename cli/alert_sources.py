"""What alert rules are judged by, from the real servers."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Final

from aiokafka.errors import KafkaError

from alerts.sources import Letters, Sources, Unavailable
from cli.lag import lag_reader
from cli.served_letters import ServedLetters
from dashboard.ports import KafkaUnavailable
from models.settings import Settings
from ops.lag import LagReader
from sinks.read import RedisReader

FRESH_S: Final = 5.0  # a figure serves every rule for so long
FAILED: Final = (KafkaError, OSError, TimeoutError, KafkaUnavailable)
QUARANTINED: Final = "engine_error"


class AlertSources:
    """Use as ``async with AlertSources(settings) as sources``: a `Sources`. Kafka is asked once a rule needs it."""

    def __init__(self, place: Settings) -> None:
        self._place = place
        self._reader = RedisReader(place.redis)
        self._served = ServedLetters(place)
        self._lag: LagReader | None = None
        self._turn = asyncio.Lock()
        self._seconds: tuple[float, float] | None = None  # when it was read, what it was
        self._letters: tuple[float, Mapping[str, Letters]] | None = None

    async def __aenter__(self) -> Sources:
        return Sources(self._reader, self.lag, self.letters)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._forget_lag()
        await self._served.close()
        await self._reader.close()

    async def lag(self) -> float:
        """Seconds that the workers are behind. Raises `Unavailable`."""
        async with self._turn:
            now = asyncio.get_running_loop().time()
            if self._seconds is None or now - self._seconds[0] > FRESH_S:
                self._seconds = now, await self._read_lag()
            return self._seconds[1]

    async def letters(self) -> Mapping[str, Letters]:
        """Of every tenant. Raises `Unavailable`."""
        async with self._turn:
            now = asyncio.get_running_loop().time()
            if self._letters is None or now - self._letters[0] > FRESH_S:
                self._letters = now, await self._read_letters()
            return self._letters[1]

    async def _read_lag(self) -> float:
        try:
            if self._lag is None:
                self._lag = await lag_reader(self._place).__aenter__()
            return (await self._lag.read()).seconds
        except FAILED as error:
            await self._forget_lag()
            raise Unavailable(str(error)) from error

    async def _read_letters(self) -> Mapping[str, Letters]:
        try:
            found = await self._served.open()
        except FAILED as error:
            raise Unavailable(str(error)) from error
        if not found.complete:
            raise Unavailable("dead letters are still being read")
        everything = Counter(one.tenant for one in found.letters)
        caught = Counter(one.tenant for one in found.letters if one.reason == QUARANTINED)
        return {tenant: Letters(many, caught[tenant]) for tenant, many in everything.items()}

    async def _forget_lag(self) -> None:
        lag, self._lag = self._lag, None
        if lag is not None:
            with suppress(*FAILED):  # the servers are away: there is nothing to give back
                await lag.close()
