"""Keeps N worker processes alive: `run(["crmkpi", "worker"], processes=4)`.

A worker that fail-stops exits with code 70 and is restarted, with growing delays while it keeps failing; so is one
killed by a signal. Any other code but 0 means that a restart won't help (a wrong setting): everything stops with that
code.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

from ops.local.guard import Guard

log = logging.getLogger(__name__)
FAIL_STOP = 70
WORKER_ID = "CRMKPI_WORKER_ID"
FAILURES = "CRMKPI_WORKER_FAILURES"  # tells a worker how many times in a row it was restarted
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Pace:
    """Seconds: first and longest pause before a restart, uptime that counts as healthy, grace period at the end."""

    first: float = 1.0
    longest: float = 30.0
    healthy: float = 60.0
    grace: float = 15.0


@dataclass
class Slot:
    """One of the N places for a worker."""

    number: int
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    start_at: float | None = 0.0  # monotonic; None: running, or ended for good
    failures: int = 0


@dataclass
class Supervisor:
    """`run` returns 0 if all ended well or were asked to stop, else the code of the worker that caused the end."""

    command: Sequence[str]
    processes: int = 1
    progress: Progress = log.info
    pace: Pace = Pace()
    env: Mapping[str, str] | None = None
    slots: list[Slot] = field(init=False)
    _guard: Guard = field(init=False)
    _name: str = field(default_factory=lambda: f"{socket.gethostname()[:60]}-{uuid.uuid4().hex[:8]}")
    _asked: int = 0  # stop signals received
    _code: int = 0

    def __post_init__(self) -> None:
        self.slots = [Slot(number) for number in range(1, self.processes + 1)]

    def run(self) -> int:
        """Start, watch and restart workers; blocks. SIGTERM and SIGINT stop all. Call it in the main thread."""
        self._guard = Guard()
        before = {number: signal.signal(number, self._on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            while not self._asked and not self._code and self._step():
                time.sleep(0.05)
        finally:
            self._stop_all()
            self._guard.dismiss()
            for number, handler in before.items():
                signal.signal(number, handler)
        return self._code

    def stop(self) -> None:
        """Make `run` stop all workers and return; thread-safe."""
        self._asked += 1

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._asked += 1

    def _step(self) -> bool:
        """Check every slot once; False if no worker runs or will run."""
        for slot in self.slots:
            if slot.process is not None and (code := slot.process.poll()) is not None:
                self._ended(slot, code)
            if slot.start_at is not None and time.monotonic() >= slot.start_at and not self._code:
                self._start(slot)
        return any(slot.process is not None or slot.start_at is not None for slot in self.slots)

    def _start(self, slot: Slot) -> None:
        # A separate session: Ctrl-C reaches the workers once, through us, and not again from the terminal.
        # The same name after a restart: Kafka returns the worker's partitions without a rebalance.
        own = {WORKER_ID: f"{self._name}-{slot.number}", FAILURES: str(slot.failures)}
        env = {**(os.environ if self.env is None else self.env), **own}
        slot.process = subprocess.Popen(self.command, env=env, start_new_session=True)
        slot.started, slot.start_at = time.monotonic(), None
        self._tell_guard()
        self.progress(f"worker {slot.number} started, process {slot.process.pid}")

    def _ended(self, slot: Slot, code: int) -> None:
        slot.process = None
        self._tell_guard()
        if code == 0:
            self.progress(f"worker {slot.number} ended")
        elif code == FAIL_STOP or code < 0:
            self._restart_later(slot, "exited with code 70" if code > 0 else f"was killed by {_signal_name(-code)}")
        else:
            self._code = code
            self.progress(f"worker {slot.number} exited with code {code}: a restart would not help, stopping all")

    def _tell_guard(self) -> None:
        """If we are killed with -9, the guard kills the workers too, which loses nothing, so none runs unwatched."""
        pids = [str(slot.process.pid) for slot in self.slots if slot.process is not None]
        self._guard.on_death(f"kill -9 {' '.join(pids)}" if pids else ":")

    def _restart_later(self, slot: Slot, what: str) -> None:
        now = time.monotonic()
        slot.failures = 0 if now - slot.started >= self.pace.healthy else slot.failures
        pause = min(self.pace.longest, self.pace.first * 2**slot.failures)
        slot.failures, slot.start_at = slot.failures + 1, now + pause
        self.progress(f"worker {slot.number} {what}; restarting in {pause:g} s")

    def _stop_all(self) -> None:
        running = [slot for slot in self.slots if slot.process is not None]
        for slot in running:
            self.progress(f"stopping worker {slot.number}")
            _send(slot, signal.SIGTERM)
        end = time.monotonic() + self.pace.grace
        for slot in running:
            self._wait(slot, end)

    def _wait(self, slot: Slot, end: float) -> None:
        assert slot.process is not None
        try:
            slot.process.wait(max(0.0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.progress(f"worker {slot.number} did not stop within {self.pace.grace:g} s and was killed")
            _send(slot, signal.SIGKILL)
            slot.process.wait()
        slot.process = None


def _send(slot: Slot, number: signal.Signals) -> None:
    if slot.process is not None:
        slot.process.send_signal(number)


def _signal_name(number: int) -> str:
    known = {item.value: item.name for item in signal.Signals}
    return known.get(number, f"signal {number}")
