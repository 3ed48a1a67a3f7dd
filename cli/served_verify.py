"""`verify` for the dashboard: in a process of its own, at low priority, one at a time."""

import asyncio
import logging
import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, Final

from aiokafka.errors import KafkaError

from cli.exits import CliError
from dashboard.ports import Checked, Run
from models.settings import Settings, SettingsError, TenantBook, load_settings
from sinks.base import SinkUnavailable

log = logging.getLogger(__name__)
NICE: Final = 10  # counting goes first
TELL_S: Final = 0.25  # between words on progress
GRACE_S: Final = 3.0
UNFORESEEN: Final = "it ended without a result; the server's log may say why"
Message = tuple[str, Any]


class ServedVerify:
    """`Verifier` of one installation. ``book``: the tenants' settings of the moment; ``now``: ms UTC."""

    def __init__(self, place: Settings, book: Callable[[], TenantBook], now: Callable[[], int]) -> None:
        self._place, self._book, self._now = place, book, now
        self._running: Run | None = None
        self._last: Run | None = None
        self._process: BaseProcess | None = None
        self._task: asyncio.Task[None] | None = None
        self._cancelled = False

    def state(self) -> Checked:
        """The one that runs, and the last one that ended."""
        return Checked(self._running, self._last)

    async def start(self, tenant: str | None) -> bool:
        """Begin. False: one runs already."""
        if self._running is not None:
            return False
        self._running, self._cancelled = Run(tenant, self._now()), False
        self._task = asyncio.create_task(self._run(tenant), name="verify")
        return True

    async def cancel(self) -> bool:
        """End the one that runs. False: there is none."""
        if self._running is None or self._task is None:
            return False
        self._cancelled = True
        self._end()
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._task), GRACE_S)
        return True

    async def close(self) -> None:
        """As `cancel`, for good."""
        await self.cancel()

    def _end(self) -> None:
        if self._process is not None and self._process.is_alive():
            self._process.kill()

    async def _run(self, tenant: str | None) -> None:
        problem, verdict = UNFORESEEN, None
        try:
            book = self._book()
            ours, theirs = get_context("spawn").Pipe(duplex=False)
            child = get_context("spawn").Process(
                target=work, args=(theirs, self._place.model_dump(), book, tenant), name="verify", daemon=True
            )
            self._process = child
            await asyncio.to_thread(child.start)
            theirs.close()
            if self._cancelled:
                self._end()
            kind, told = await self._heard(ours)
            verdict, problem = (told, "") if kind == "verdict" else (None, told)
        except (CliError, SettingsError) as error:
            problem = str(error)
        except (EOFError, OSError) as error:
            log.warning("verify ended without a result: %r", error)
        finally:
            self._done(verdict, "it was cancelled" if self._cancelled else problem)

    async def _heard(self, ours: Connection) -> Message:
        """The last message; those on progress are taken in."""
        with ours:
            while True:
                kind, told = await asyncio.to_thread(ours.recv)
                if kind != "progress":
                    return kind, told
                if self._running is not None:
                    self._running = self._running._replace(records=told[0], total=told[1])

    def _done(self, verdict: dict[str, Any] | None, problem: str) -> None:
        assert self._running is not None
        if verdict is not None:
            problem = ""
        self._last = self._running._replace(ended=self._now(), verdict=verdict, problem=problem)
        self._running, self._process = None, None


def work(pipe: Connection, place: Mapping[str, Any], book: TenantBook, tenant: str | None) -> None:
    """The process: one verification, told through a pipe. It ends by itself when nobody listens any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches it, too: the server ends it
    os.nice(NICE)
    from cli.audit import Audit  # here, and not in the server: it brings the engine along
    from cli.verify import as_dict

    told = -TELL_S

    def tell(done: int, total: int) -> None:
        nonlocal told
        if time.monotonic() - told >= TELL_S:
            told = time.monotonic()
            pipe.send(("progress", (done, total)))

    with suppress(BrokenPipeError):
        try:
            verdict = asyncio.run(Audit(load_settings(place), book, tenant).run(tell))
            pipe.send(("verdict", as_dict(verdict)))
        except (CliError, SettingsError, SinkUnavailable, KafkaError, TimeoutError) as error:
            pipe.send(("problem", str(error) or type(error).__name__))
