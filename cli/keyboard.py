"""Single keys from the terminal, without waiting for Enter."""

import asyncio
import os
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

_ARROWS: Final = {b"\x1b[C": "right", b"\x1b[D": "left", b"\x1b[A": "up", b"\x1b[B": "down", b"\t": "right"}


@contextmanager
def keys(pressed: Callable[[str], None]) -> Iterator[None]:
    """Calls ``pressed`` for each key within the context; does nothing if standard input is not a terminal.

    Always restores the terminal. Needs a running event loop.
    """
    if not sys.stdin.isatty():
        yield
        return
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    loop = asyncio.get_running_loop()
    tty.setcbreak(descriptor)
    loop.add_reader(descriptor, lambda: pressed(_key(os.read(descriptor, 8))))
    try:
        yield
    finally:
        loop.remove_reader(descriptor)
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def _key(raw: bytes) -> str:
    return _ARROWS.get(raw, raw.decode(errors="replace"))
