"""Doing the faults to our own servers and workers."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from redis import Redis

from bench.worker import Worker
from ops.local import Servers
from tests.crash.attack import Attack
from tests.crash.plan import Fault
from tests.crash.pool import MOST, Pool


class Faults:
    """Doing one fault; returns when it is over."""

    def __init__(self, servers: Servers, pool: Pool, attack: Attack) -> None:
        self._servers, self._pool, self._attack = servers, pool, attack

    async def do(self, fault: Fault) -> None:
        """Workers that are needed are waited for: no fault is skipped."""
        doing: dict[str, Callable[[Fault], Awaitable[Any]]] = {
            "kill": self._kill, "pause": self._pause, "stop": self._stop, "add": self._add, "remove": self._remove,
            "broker-restart": self._broker, "broker-kill": self._broker,
            "redis-restart": self._redis, "redis-flush": self._flush,
            "poison": self._attack.poison, "corrupt": self._attack.corrupt, "settings": self._attack.settings,
            "erasures": self._attack.erasures, "back-fill": self._attack.back_fill,
        }  # fmt: skip
        await doing[fault.kind](fault)

    async def _one(self, fault: Fault) -> Worker:
        while (worker := self._pool.pick(fault.pick)) is None:
            await asyncio.sleep(0.1)
        return worker

    async def _kill(self, fault: Fault) -> None:
        (await self._one(fault)).kill()

    async def _pause(self, fault: Fault) -> None:
        worker = await self._one(fault)
        worker.pause()
        await asyncio.sleep(fault.lasts)
        worker.resume()

    async def _stop(self, fault: Fault) -> None:
        self._pool.leave(await self._one(fault), replaced=True)

    async def _add(self, fault: Fault) -> None:
        if self._pool.wanted >= MOST:
            await self._remove(fault)
        self._pool.wanted += 1

    async def _remove(self, fault: Fault) -> None:
        if self._pool.wanted == 1:
            self._pool.wanted += 1
            self._pool.look()
        self._pool.leave(await self._one(fault), replaced=False)

    async def _broker(self, fault: Fault) -> None:
        unit = self._servers.kafka.unit
        await asyncio.to_thread(unit.kill if fault.kind == "broker-kill" else unit.stop)
        await asyncio.sleep(fault.lasts)
        await asyncio.to_thread(unit.start)

    async def _redis(self, fault: Fault) -> None:
        unit = self._servers.redis.unit
        await asyncio.to_thread(unit.stop if fault.pick < 0.5 else unit.kill)
        await asyncio.sleep(fault.lasts)
        await asyncio.to_thread(unit.start)

    async def _flush(self, fault: Fault) -> None:
        with Redis.from_url(self._servers.redis.url) as client:
            await asyncio.to_thread(client.flushall)
