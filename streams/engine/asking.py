"""Questions alongside the counting: quick ones are answered at once, slow ones in a copy of the engine process.

The copy is forked between two batches, so its answer is consistent however long it takes, and counting continues. It
is discarded afterwards.
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

AT_ONCE_S: Final = 0.05  # CPU seconds that a question may hold up counting
AT_ONCE: Final = 50_000  # the same in work units
LOOK: Final = 2_000  # work units between checks of the clock, which is slow on some machines
LONGEST_S: Final = 10  # for a copy
MOST_BYTES: Final = 1_000_000  # in an answer
NICE: Final = 5  # counting comes first
Reply = tuple[bool, Any]
"""(ok, result): the answer as JSON, or (kind of error, text, where)."""
Steps = Generator[int, None, dict[str, Any]]
Where = Callable[[BaseException], str]


def at_once(begin: Callable[[], Steps], where: Where) -> Reply | Steps:
    """Answer a question; one that takes longer is returned unfinished."""
    try:
        steps, end = begin(), process_time() + AT_ONCE_S
        units = 0  # announced ones count too: an uninterruptible step states its size beforehand
        while process_time() < end and units < AT_ONCE:
            done = 0
            while done < LOOK:
                done += 1 + next(steps)
            units += done
    except StopIteration as done:
        return _packed(done.value)
    except Exception as error:  # noqa: BLE001 - a failing question must not affect the engine
        return _failed(error, where)
    return steps


def to_the_end(steps: Steps, where: Where) -> Reply:
    """Answer it, however long it takes."""
    try:
        return _packed(result(steps))
    except Exception as error:  # noqa: BLE001 - as above
        return _failed(error, where)


def in_a_copy(steps: Steps, where: Where, detach: Callable[[int], None]) -> tuple[int, int]:
    """Fork a copy of this process that answers; returns its pid, and the pipe that holds the reply.

    ``detach`` is called first in the copy, with this process's pid.
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


def reply_of(data: bytes) -> Reply:
    """The reply a copy wrote before it ended; none if its time ran out."""
    if not data:
        return False, ("TookTooLong", f"the answer takes more than {LONGEST_S} s: ask for less", "")
    found: Reply = marshal.loads(data)
    return found


def _packed(answer: dict[str, Any]) -> Reply:
    try:
        found = orjson.dumps(answer)
    except TypeError:  # a number beyond 64 bits
        found = json.dumps(answer).encode()
    if len(found) > MOST_BYTES:
        return False, ("TooLarge", f"the answer has {len(found)} bytes, more than {MOST_BYTES}: ask for less", "")
    return True, found


def _failed(error: Exception, where: Where) -> Reply:
    return False, (type(error).__name__, str(error)[:400], where(error))
