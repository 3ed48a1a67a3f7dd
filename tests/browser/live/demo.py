"""`crmkpi demo` as a process, and its parts, which a test may kill."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import orjson

from ops.local import Redis
from ops.local.unit import Given

LOADED_S: Final = 400.0  # for 90 days of history on a busy machine
ENDED_S: Final = 40.0
ADDRESSES: Final = {"KAFKA_BOOTSTRAP_SERVERS", "REDIS_URL", "NO_COLOR"}


class Demo:
    """Three companies, on servers and ports of its own: ``days`` of history, then ``rate`` records a second.

    Use as a context manager.
    """

    def __init__(self, folder: Path, days: int, rate: float) -> None:
        self._folder, self._size = folder, ("--days", str(days), "--rate", str(rate))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        given = {
            key: text for key, text in os.environ.items() if key not in ADDRESSES and not key.startswith("CRMKPI_")
        }
        env = {**given, "CRMKPI_SERVERS": "local", "TMPDIR": str(self._folder)}
        command = [sys.executable, "-m", "cli", "demo", *self._size]
        with (self._folder / "out").open("wb") as out, (self._folder / "err").open("wb") as err:
            self._process = subprocess.Popen(
                command, env=env, cwd=self._folder, stdout=out, stderr=err, start_new_session=True
            )
        try:
            self.wait(lambda: "now live" in self.said(), LOADED_S, "the history is not loaded")
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    @property
    def url(self) -> str:
        """The dashboard, as the demo prints it."""
        return self._found(r"dashboard: (http://[^/\s]+)")

    @property
    def address(self) -> str:
        """What the demo tells its user to open."""
        return self._found(r"dashboard: (\S+)")

    @property
    def pid(self) -> int:
        """The process itself: supervisor of the workers, feed, and keeper of the servers."""
        assert self._process is not None
        return self._process.pid

    @property
    def worker(self) -> int:
        """The worker's process."""
        return self._child("-m streams")

    @property
    def redis(self) -> int:
        """Redis."""
        return self._child("-server")

    @property
    def dashboard(self) -> int:
        """The process that serves the page."""
        return self._child("-m cli serve")

    def said(self) -> str:
        """What it has told on stderr."""
        return (self._folder / "err").read_text(errors="replace")

    def verify(self) -> dict[str, Any]:
        """`crmkpi verify`, as a user of the demo runs it in a second terminal."""
        shell = f"{self._found(r'second terminal: (.+)')} && exec {sys.executable} -m cli verify --json"
        done = subprocess.run(["sh", "-c", shell], capture_output=True, timeout=240, cwd=self._folder, check=False)
        assert done.stdout, done.stderr.decode()
        found: dict[str, Any] = orjson.loads(done.stdout)
        return found

    def empty_redis(self) -> None:
        """FLUSHALL, as an operator's."""
        url = self._found(r"Redis at (redis://\S+?):? ")
        Redis(url, Given(url)).flush()

    def wait(self, holds: Callable[[], bool], seconds: float, what: str) -> float:
        """Until it holds; how long that took, seconds."""
        began = time.monotonic()
        while not holds():
            assert self._process is not None
            assert self._process.poll() is None, f"the demo has ended:\n{self.said()}"
            assert time.monotonic() - began < seconds, f"{what} after {seconds:g} s:\n{self.said()}"
            time.sleep(0.1)
        return time.monotonic() - began

    def _found(self, pattern: str) -> str:
        found = re.search(pattern, self.said())
        assert found, f"{pattern} is not in\n{self.said()}"
        return found[1]

    def _child(self, words: str) -> int:
        """The one child whose command has these words. Raises StopIteration when there is none."""
        return next(pid for pid in children(self.pid) if words in _text(pid, "cmdline"))

    def _end(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGCONT)
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(ENDED_S)
        except subprocess.TimeoutExpired:
            self._process.kill()  # its guards end what it has started
            self._process.wait()


def children(pid: int) -> list[int]:
    """The processes that this one has started."""
    found = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [one for one in found if f"\nPPid:\t{pid}\n" in _text(one, "status")]


def _text(pid: int, what: str) -> str:
    try:
        return Path(f"/proc/{pid}/{what}").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
