"""Questions beside the counting: a short one is answered at once, a long one in a copy of the engine process.

The copy is forked between two batches, so what it answers is of one moment however long it takes, and counting goes on
meanwhile. It is thrown away afterwards.
"""

import json
import marshal
import os
import signal
from collections.abc import Callable, Generator
from time import process_time
from typing import Any, Final

import orjson

from kpis.slices import result

AT_ONCE_S: Final = 0.05  # CPU seconds that a question may hold the counting up
AT_ONCE: Final = 50_000  # the same in units of work
LOOK: Final = 2_000  # units of work between two looks at the clock, which is slow on some machines
LONGEST_S: Final = 10  # of a copy
MOST_BYTES: Final = 1_000_000  # of an answer
NICE: Final = 5  # counting comes first
Said = tuple[bool, Any]
"""Whether it is answered; then the answer as JSON, else (kind of error, its text, where)."""
Steps = Generator[int, None, dict[str, Any]]
Where = Callable[[BaseException], str]


def at_once(begin: Callable[[], Steps], where: Where) -> Said | Steps:
    """Answer a question; one that takes longer comes back where it stands."""
    try:
        steps, end = begin(), process_time() + AT_ONCE_S
        units = 0  # announced, too: what cannot give way says beforehand how much it is
        while process_time() < end and units < AT_ONCE:
            done = 0
            while done < LOOK:
                done += 1 + next(steps)
            units += done
    except StopIteration as done:
        return _packed(done.value)
    except Exception as error:  # noqa: BLE001 - a question that fails is its own matter
        return _failed(error, where)
    return steps


def to_the_end(steps: Steps, where: Where) -> Said:
    """Answer it, however long it takes."""
    try:
        return _packed(result(steps))
    except Exception as error:  # noqa: BLE001 - as above
        return _failed(error, where)


def in_a_copy(steps: Steps, where: Where, detach: Callable[[int], None]) -> tuple[int, int]:
    """Fork a copy of this process that answers; its pid, and the pipe that `heard` reads the answer of.

    ``detach`` is called in the copy with the pid of this process, before anything else.
    """
    parent = os.getpid()
    reading, writing = os.pipe()
    if pid := os.fork():
        os.close(writing)
        return pid, reading
    try:
        detach(parent)
        os.close(reading)
        os.nice(NICE)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, LONGEST_S)
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(marshal.dumps(to_the_end(steps, where)))
    finally:
        os._exit(0)


def heard(said: bytes) -> Said:
    """What a copy said before it ended; nothing when its time was up."""
    if not said:
        return False, ("TookTooLong", f"the answer takes more than {LONGEST_S} s: ask for less", "")
    found: Said = marshal.loads(said)
    return found


def _packed(answer: dict[str, Any]) -> Said:
    try:
        found = orjson.dumps(answer)
    except TypeError:  # a number beyond 64 bits
        found = json.dumps(answer).encode()
    if len(found) > MOST_BYTES:
        return False, ("TooLarge", f"the answer has {len(found)} bytes, more than {MOST_BYTES}: ask for less", "")
    return True, found


def _failed(error: Exception, where: Where) -> Said:
    return False, (type(error).__name__, str(error)[:400], where(error))
