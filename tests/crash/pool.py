"""The workers of a run: 1–4 of our own processes, restarted as a supervisor would, and nobody else's."""

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import Final

from bench.worker import Worker

RESTART: Final = 70  # the worker's own code for "start me again"
EXPECTED: Final = (0, RESTART, -9, -15)  # all but RESTART only after a signal of ours; -15: it was just starting
MOST: Final = 4
LOOK_S: Final = 0.2
BACK_OFF_S: Final = 1.0


class Pool:
    """Keeps ``wanted`` workers alive. An exit code that is not `EXPECTED` is remembered in ``surprises``."""

    def __init__(self, env: Mapping[str, str], logs: Path) -> None:
        self._env, self._logs = env, logs
        self._started = 0
        self._not_before = 0.0
        self.wanted = 0
        self.workers: list[Worker] = []
        self.leaving: list[Worker] = []
        self.restarts = 0
        self.surprises: list[str] = []

    async def keep(self) -> None:
        """Until cancelled: look after the workers."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_S)

    def look(self) -> None:
        """Bury who has ended, start who is missing."""
        for worker in [w for w in self.workers + self.leaving if w.code is not None]:
            self._bury(worker)
        while len(self.workers) < self.wanted and monotonic() >= self._not_before:
            self._started += 1
            self.workers.append(Worker(self._env, self._logs / f"worker-{self._started}.log"))

    def leave(self, worker: Worker, replaced: bool) -> None:
        """Ask a worker to end gracefully; another one takes its place at once, or not."""
        self.workers.remove(worker)
        self.leaving.append(worker)
        if not replaced:
            self.wanted -= 1
        worker.terminate()

    def pick(self, number: float) -> Worker | None:
        """One that runs, chosen by a number in [0, 1)."""
        running = [w for w in self.workers if w.code is None and not w.paused]
        return running[int(number * len(running))] if running else None

    async def stop(self) -> None:
        """End all of them gracefully; whoever does not is killed, and that is a surprise."""
        self.wanted = 0
        everybody = [w for w in self.workers + self.leaving if w.code is None]
        codes = await asyncio.gather(*(asyncio.to_thread(w.stop) for w in everybody))
        self.surprises += [f"worker {w.pid} did not stop in time" for w, code in zip(everybody, codes, strict=True)
                           if code not in (0, RESTART, -15)]  # fmt: skip

    def kill(self) -> None:
        """Leave nothing behind, whatever happened."""
        self.wanted = 0
        for worker in self.workers + self.leaving:
            worker.kill()

    def _bury(self, worker: Worker) -> None:
        if worker in self.leaving:
            self.leaving.remove(worker)
        else:
            self.workers.remove(worker)
            self.restarts += 1
        if worker.code not in EXPECTED:
            self.surprises.append(f"worker {worker.pid} ended with code {worker.code}:\n{worker.tail(8)}")
        if worker.code == RESTART:
            self._not_before = monotonic() + BACK_OFF_S
            print(f"    {worker.tail(1)}", file=sys.stderr)  # noqa: T201 - people watch this run
