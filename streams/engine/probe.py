"""Finds events that can't be counted by trying them one by one in copies of the engine process, whose own state stays
clean.

Before each run of rows the prober forks. The copy counts them one at a time; if it raises, is killed or hangs, the
parent, whose state is untouched, skips the culprit and forks again. A copy that gets through a run continues with the
next one, so a culprit costs one run and one fork, not a restore. Only the list of culprits survives the copies.
"""

import mmap
import os
import signal
import struct
from collections.abc import Callable, Sequence
from typing import Final

from streams.engine.rows import One, Origin

RUN: Final = 50  # events a copy counts before the next fork
LONGEST_S: Final = 10.0  # an event that takes longer counts as hanging
FAILED: Final = 1
_INDEX: Final = struct.Struct("<q")

Culprits = list[tuple[Origin, str]]
"""Events that can't be counted, with the name of the exception (or ``Killed``, ``TimedOut``)."""


class Board:
    """Memory shared by all copies: which event is being counted, and what it raised."""

    def __init__(self) -> None:
        self._map = mmap.mmap(-1, 256)

    def at(self, index: int) -> None:
        """Note the index of the event about to be counted."""
        self._map[:256] = _INDEX.pack(index).ljust(256, b"\0")

    def raised(self, error: BaseException) -> None:
        """Note that it failed."""
        self._map[_INDEX.size : 256] = type(error).__name__.encode()[:200].ljust(256 - _INDEX.size, b"\0")

    def read(self) -> tuple[int, str]:
        """The event's index and the name of what it raised; empty if the copy died first."""
        name = bytes(self._map[_INDEX.size : 256]).rstrip(b"\0").decode()
        return _INDEX.unpack(self._map[: _INDEX.size])[0], name


def probe(events: Sequence[One], count: Callable[[One], None], report: Callable[[Origin, str], None]) -> None:
    """Call ``report`` for every event that ``count`` can't take. Runs in a process that is discarded afterwards."""
    board = Board()
    start = 0
    while start < len(events):
        skip: set[int] = set()
        while True:
            pid = os.fork()
            if pid == 0:
                _count_run(events, start, skip, count, board)
                break  # this copy has counted the run and continues with the next one
            culprit = _outcome(pid, board)
            if culprit is None:
                os._exit(0)  # the copies after us have done the rest
            index, kind = culprit
            skip.add(index)
            report(events[index].origin, kind)
        start += RUN


def _count_run(events: Sequence[One], start: int, skip: set[int], count: Callable[[One], None], board: Board) -> None:
    for index in range(start, min(start + RUN, len(events))):
        if index in skip:
            continue
        board.at(index)
        signal.setitimer(signal.ITIMER_REAL, LONGEST_S)
        try:
            count(events[index])
        except Exception as error:  # noqa: BLE001 - any exception is this event's fault
            board.raised(error)
            os._exit(FAILED)
    signal.setitimer(signal.ITIMER_REAL, 0)


def _outcome(pid: int, board: Board) -> tuple[int, str] | None:
    """How a copy ended: None if all went well, else the event it failed on and why."""
    _, status = os.waitpid(pid, 0)
    if os.waitstatus_to_exitcode(status) == 0:
        return None
    index, name = board.read()
    if os.WIFSIGNALED(status):
        name = "TimedOut" if os.WTERMSIG(status) == signal.SIGALRM else "Killed"
    return index, name or "Killed"
