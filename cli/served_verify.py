"""`verify` for the dashboard: in a separate process, at low priority, one at a time."""

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
NICE: Final = 10  # counting takes precedence
TELL_S: Final = 0.25  # between progress reports
GRACE_S: Final = 3.0
UNFORESEEN: Final = "it ended without a result; the server's log may say why"
Message = tuple[str, Any]


class ServedVerify:
    """`Verifier` of one installation. ``book``: the current tenant settings; ``now``: ms UTC."""

    def __init__(self, place: Settings, book: Callable[[], TenantBook], now: Callable[[], int]) -> None:
        self._place, self._book, self._now = place, book, now
        self._running: Run | None = None
        self._last: Run | None = None
        self._process: BaseProcess | None = None
        self._task: asyncio.Task[None] | None = None
        self._cancelled = False

    def state(self) -> Checked:
        """The running verification, and the last completed one."""
        return Checked(self._running, self._last)

    async def start(self, tenant: str | None) -> bool:
        """Start one. False if one is running already."""
        if self._running is not None:
            return False
        self._running, self._cancelled = Run(tenant, self._now()), False
        self._task = asyncio.create_task(self._run(tenant), name="verify")
        return True

    async def cancel(self) -> bool:
        """Cancel the running one. False if there is none."""
        if self._running is None or self._task is None:
            return False
        self._cancelled = True
        self._end()
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._task), GRACE_S)
        return True

    async def close(self) -> None:
        """Like `cancel`, for good."""
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
            kind, content = await self._received(ours)
            verdict, problem = (content, "") if kind == "verdict" else (None, content)
        except (CliError, SettingsError) as error:
            problem = str(error)
        except (EOFError, OSError) as error:
            log.warning("verify ended without a result: %r", error)
        finally:
            self._done(verdict, "it was cancelled" if self._cancelled else problem)

    async def _received(self, ours: Connection) -> Message:
        """The final message; progress messages are recorded."""
        with ours:
            while True:
                kind, content = await asyncio.to_thread(ours.recv)
                if kind != "progress":
                    return kind, content
                if self._running is not None:
                    self._running = self._running._replace(records=content[0], total=content[1])

    def _done(self, verdict: dict[str, Any] | None, problem: str) -> None:
        assert self._running is not None
        if verdict is not None:
            problem = ""
        self._last = self._running._replace(ended=self._now(), verdict=verdict, problem=problem)
        self._running, self._process = None, None


def work(pipe: Connection, place: Mapping[str, Any], book: TenantBook, tenant: str | None) -> None:
    """The process: one verification, reported through a pipe. It exits once the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches this process too, but the server ends it
    os.nice(NICE)
    from cli.audit import Audit  # imported here and not in the server, as it loads the engine
    from cli.verify import as_dict

    reported = -TELL_S

    def tell(done: int, total: int) -> None:
        nonlocal reported
        if time.monotonic() - reported >= TELL_S:
            reported = time.monotonic()
            pipe.send(("progress", (done, total)))

    with suppress(BrokenPipeError):
        try:
            verdict = asyncio.run(Audit(load_settings(place), book, tenant).run(tell))
            pipe.send(("verdict", as_dict(verdict)))
        except (CliError, SettingsError, SinkUnavailable, KafkaError, TimeoutError) as error:
            pipe.send(("problem", str(error) or type(error).__name__))
