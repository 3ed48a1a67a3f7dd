"""`crmkpi top` in a terminal of its own, against a real Redis: keys in, screens out."""

import asyncio
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from sinks.redis_sink import RedisSink
from tests.contract.boards import Server, document, publication

CATALOGUE = ("visitors", "leads", "win_rate", "net_revenue", "orders", "signups", "received", "csat", "mrr", "arr")
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """A command in a terminal of a size."""

    def __init__(self, url: str, columns: int, lines: int) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        env = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cli", "top", "--redis", url],
            stdin=slave, stdout=slave, stderr=slave, env=env | {"TERM": "xterm-256color"}, start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        self._told = ""

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._master, keys.encode())

    def until(self, *texts: str, patience_s: float = 40) -> str:
        """The first screen that has all of some texts."""
        end = time.monotonic() + patience_s
        while time.monotonic() < end:
            if select.select([self._master], [], [], 0.2)[0]:
                self._told += os.read(self._master, 65536).decode(errors="replace")
            for screen in self._told.split("\x1b[H")[1:-1]:  # each is painted from the upper left corner
                if all(text in CONTROL.sub("", screen) for text in texts):
                    self._told = "\x1b[H" + self._told.rpartition("\x1b[H")[2]
                    return CONTROL.sub("", screen)
        raise AssertionError(f"no screen has {texts}: {CONTROL.sub('', self._told)[-3000:]!r}")

    def close(self) -> int:
        """What it ends with; its terminal is closed then."""
        self.look(20)
        code = self.process.wait(1)
        os.close(self._master)
        return code

    def look(self, seconds: float) -> None:
        """Read what it paints, as a terminal does, until it ends."""
        end = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < end:
            with suppress(OSError):  # it has ended
                if not select.select([self._master], [], [], 0.1)[0]:
                    continue
                self._told += os.read(self._master, 65536).decode(errors="replace")


@pytest.fixture
async def redis(tmp_path: Path) -> AsyncIterator[str]:
    """A server with two tenants: one of ten KPIs with segments, one of a name that nobody should have."""
    server = Server(tmp_path)
    await server.start()
    owners = [document("win_rate", "30d", n / 10, unit="ratio", segment={"owner": f"o{n}"}, n=n) for n in range(10)]
    odd = document("win_rate", "30d", 0.5, unit="ratio", segment={"owner": "\u202eevil\x1b[2J" + "x" * 10_000}, n=50)
    parts = {"parts": {"placeholder_id": 3}, "unpriced": 2, "status": "partial"}
    docs = [document(kpi, "30d", 1234.5678, **(parts if kpi == "received" else {})) for kpi in CATALOGUE]
    week = document("visitors", "7d", 77)
    sink = RedisSink(server.url)
    await sink.publish(publication(1, *docs, *owners, odd, week, full=True))
    await sink.publish(publication(1, document("leads"), full=True)._replace(tenant="\x1b[31mred"))
    await sink.close()
    yield server.url
    server.kill()


async def in_terminal(url: str, play: Callable[[Terminal], None], columns: int = 80, lines: int = 24) -> int:
    """Play in a terminal; what the command ends with."""
    terminal = Terminal(url, columns, lines)
    try:
        await asyncio.to_thread(play, terminal)
        return await asyncio.to_thread(terminal.close)
    finally:
        terminal.process.kill()


async def test_a_number_is_found_and_opened_down_to_its_parts(redis: str) -> None:
    """At 80 by 24: filter, open, go back, another window, quit."""

    def play(terminal: Terminal) -> None:
        terminal.until("leads", "1-1 of 1", "tenant 1 of 2")
        terminal.press("\x1b[C")
        first = terminal.until("win_rate", "1,234.57", "of 10")
        assert all(len(line) <= 80 for line in first.splitlines())
        terminal.press("/receiv\r")
        terminal.until("1-1 of 1", "partial, 2 unpriced")
        terminal.press("\r\r")
        terminal.until("acme > received > total", "placeholder_id", "amounts without a price")
        terminal.press("\x1b")
        terminal.until("acme > received  30d")
        terminal.press("\x1b")
        terminal.press("\x1b")
        terminal.until("of 10")
        terminal.press("/win rate\r\r")
        screen = terminal.until("acme > win_rate", "owner=o9", "of 12")
        assert "owner=\\u202eevil\\x1b[2Jxxx" in screen
        terminal.press("\x1b")
        terminal.press("\x1b")
        terminal.until("of 10")
        terminal.press("[")
        terminal.until("7d", "77", "of 1")
        terminal.press("q")

    assert await in_terminal(redis, play) == 0


@pytest.mark.parametrize(("columns", "lines"), [(20, 5), (3, 2), (300, 80)])
async def test_any_size_of_a_terminal_will_do(redis: str, columns: int, lines: int) -> None:
    """As long as it has one."""

    def play(terminal: Terminal) -> None:
        terminal.until("" if columns < 10 else "leads")
        terminal.press("\x1b[C\x1b[B\r\x1b[B\r\x1b[B\x1b[6~")
        terminal.look(1)
        terminal.press("q")

    assert await in_terminal(redis, play, columns, lines) == 0


async def test_without_redis_it_says_so(tmp_path: Path) -> None:
    """At once, with what to look at."""

    def play(terminal: Terminal) -> None:
        assert terminal.process.wait(30) == 69
        assert "127.0.0.1:1" in os.read(terminal._master, 65536).decode()

    assert await in_terminal("redis://127.0.0.1:1", play) == 69
