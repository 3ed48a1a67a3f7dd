"""A server process next to the workers of `up` and `demo`: restarted if it fails, stopped with them."""

import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from cli.listening import ALERTS_PORT, TRIES
from ops.local.guard import Guard
from ops.local.net import HOST, free_port, is_free

FIRST_S, LONGEST_S = 1.0, 30.0  # pauses before restarts
GRACE_S: Final = 5.0
_chosen: set[int] = set()  # ports given to servers of this process, which may not listen yet


def usual_or_free(port: int) -> int:
    """The usual port, or the next free one not given to another server of this process."""
    near = (one for one in range(port, port + TRIES) if one not in _chosen and is_free(one))
    return next(near, None) or free_port()


class ServerProcess:
    """Use as ``with ServerProcess("serve", PORT, environment, say) as dashboard``. ``address``: where it answers."""

    def __init__(
        self,
        name: str,
        port: int,
        env: Mapping[str, str],
        progress: Callable[[str], None],
        log: Path | None = None,
        command: Sequence[str] | None = None,
    ) -> None:
        """``name``: its command; ``port``: the default one; ``log``: file for its output; None: stderr."""
        chosen = usual_or_free(port)
        _chosen.add(chosen)
        self.address = f"http://{HOST}:{chosen}/"
        self._command = command or [sys.executable, "-m", "cli", name, "--port", str(chosen)]
        self._port = chosen
        self._name, self._env, self._progress, self._log = name, env, progress, log
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._keep, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._guard = Guard()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        with self._lock:
            if self._process is not None:
                self._process.terminate()
        self._thread.join()
        self._guard.dismiss()
        _chosen.discard(self._port)

    def _keep(self) -> None:
        pause = FIRST_S
        while not self._stopping.is_set():
            code = self._run()
            if not self._stopping.is_set():
                self._progress(f"crmkpi {self._name} exited with code {code}; restarting in {pause:g} s")
            self._stopping.wait(pause)
            pause = min(2 * pause, LONGEST_S)

    def _run(self) -> int:
        """Run the process once. Returns its exit code."""
        with self._lock:
            if self._stopping.is_set():
                return 0
            self._process = self._started()
        self._guard.on_death(f"kill -9 {self._process.pid} 2>/dev/null")
        while not self._stopping.wait(0.1):
            if (code := self._process.poll()) is not None:
                return code
        try:
            return self._process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def _started(self) -> subprocess.Popen[bytes]:
        """Started in a new session: Ctrl-C reaches it through us."""
        if self._log is None:
            return subprocess.Popen(self._command, env=self._env, stdout=subprocess.DEVNULL, start_new_session=True)
        with self._log.open("ab") as log:
            return subprocess.Popen(self._command, env=self._env, stdout=log, stderr=log, start_new_session=True)


def alert_runner(env: Mapping[str, str], progress: Callable[[str], None], log: Path | None = None) -> ServerProcess:
    """`crmkpi alerts run` beside the others; it takes the first free port by itself."""
    return ServerProcess("alerts", ALERTS_PORT, env, progress, log, [sys.executable, "-m", "cli", "alerts", "run"])
