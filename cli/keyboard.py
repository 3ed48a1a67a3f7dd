"""Single keys from the terminal, without waiting for Enter."""

import asyncio
import codecs
import os
import re
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

_NAMES: Final = {
    "A": "up", "B": "down", "C": "right", "D": "left", "H": "home", "F": "end",
    "1~": "home", "7~": "home", "4~": "end", "8~": "end", "5~": "pageup", "6~": "pagedown",
}  # fmt: skip
_PLAIN: Final = {"\x1b": "escape", "\r": "enter", "\n": "enter", "\x7f": "backspace", "\b": "backspace"}
_KEY: Final = re.compile(r"\x1b(?:\[|O)([0-9;]*[A-Za-z~])|.", re.DOTALL)
CLOSED: Final = "closed"  # the terminal is gone: nobody will press anything


@contextmanager
def keys(pressed: Callable[[str], None]) -> Iterator[None]:
    """Calls ``pressed`` for each key within the context; does nothing if standard input is not a terminal.

    A key is a character or one of up, down, left, right, home, end, pageup, pagedown, enter, escape, backspace;
    `CLOSED` comes last. Always restores the terminal. Needs a running event loop.
    """
    if not sys.stdin.isatty():
        yield
        return
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    loop = asyncio.get_running_loop()
    decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode

    def read() -> None:
        try:
            raw = os.read(descriptor, 1024)
        except OSError:  # the terminal was closed
            raw = b""
        if not raw:
            loop.remove_reader(descriptor)
            pressed(CLOSED)
        for key in split(decode(raw)):
            pressed(key)

    tty.setcbreak(descriptor)
    loop.add_reader(descriptor, read)
    try:
        yield
    finally:
        loop.remove_reader(descriptor)
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def split(text: str) -> list[str]:
    """The keys that a terminal told of; sequences of keys that have no name here are none."""
    found = []
    for match in _KEY.finditer(text):
        name = _PLAIN.get(match[0], match[0]) if match[1] is None else _NAMES.get(match[1], "")
        found += [name] if name else []
    return found
