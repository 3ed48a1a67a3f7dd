"""A server as a local process: separate session, data in a temporary folder, nothing left behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from ops.local.guard import Guard, kill_and_delete
from ops.local.net import wait_until
from ops.local.unit import ServerError

GRACE_S = 20.0  # for a graceful stop, before SIGKILL


class ProcessUnit:
    """A server process. `command(folder)` prepares `folder` and returns the arguments that start the server there.

    ``held``: the lock of its persistent data folder (see `ops.local.kept`); the process holds it while it runs.
    """

    def __init__(
        self,
        name: str,
        command: Callable[[Path], Sequence[str]],
        answers: Callable[[], bool],
        start_seconds: float,
        held: int | None = None,
    ) -> None:
        self.name = name
        self._answers = answers
        self._start_seconds = start_seconds
        self._held = held
        self._guard = Guard()
        self.folder = Path(tempfile.mkdtemp(prefix=f"crmkpi-{name}-"))
        self._guard.on_death(kill_and_delete(None, str(self.folder)))
        self._log = self.folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._removed = False
        try:
            self._command = list(command(self.folder))
        except BaseException:
            self.remove()
            raise

    @property
    def pid(self) -> int | None:
        """The process id while it runs (paused counts as running)."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def runs(self) -> bool:
        """Whether its process exists."""
        return self.pid is not None

    def start(self) -> None:
        """Start it and return once it responds. Otherwise raises ServerError with the end of its log."""
        if self.pid is not None:
            return
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
                pass_fds=() if self._held is None else (self._held,),
            )
        self._guard.on_death(kill_and_delete(self._process.pid, str(self.folder)))
        self._wait_for_answer()

    def _wait_for_answer(self) -> None:
        if not wait_until(self._answers, self._start_seconds, lambda: self.pid is not None):
            ended = self._process.poll() if self._process is not None else None
            why = f"exited with code {ended}" if ended is not None else f"no response within {self._start_seconds:g} s"
            raise ServerError(f"{self.name} {why}.\n{self.keep_log()}")

    def stop(self) -> None:
        """Send SIGTERM and wait; kill it after 20 s."""
        self._signal(signal.SIGCONT)
        self._signal(signal.SIGTERM)
        if self._process is not None:
            try:
                self._process.wait(GRACE_S)
            except subprocess.TimeoutExpired:
                self.kill()
        self._gone()

    def kill(self) -> None:
        """SIGKILL, and wait for its end."""
        self._signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
        self._gone()

    def pause(self) -> None:
        """SIGSTOP."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT, and wait until it responds."""
        self._signal(signal.SIGCONT)
        self._wait_for_answer()

    def remove(self) -> None:
        """End it and delete its data. Killed rather than stopped, unless its data is kept. A crash's log is kept."""
        if self._removed:
            return
        self._removed = True
        if self._process is not None and self._process.poll() not in (None, 0, -signal.SIGKILL, 128 + signal.SIGTERM):
            self.keep_log()
        if self._held is None:
            self.kill()
        else:
            self.stop()
            os.close(self._held)
        shutil.rmtree(self.folder, ignore_errors=True)
        self._guard.dismiss()

    def memory(self) -> int:
        """Resident bytes from /proc; 0 without /proc or a running process."""
        status = Path(f"/proc/{self.pid}/statm")
        return int(status.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if status.exists() else 0

    def keep_log(self) -> str:
        """Copy the log out of the folder to be deleted; returns the last lines and the path of the rest."""
        if not self._log.exists():
            return "It wrote no log."
        kept = Path(tempfile.gettempdir()) / f"{self.folder.name}.log"
        shutil.copyfile(self._log, kept)
        last = self._log.read_text(errors="replace").splitlines()[-15:]
        return "\n".join(["Its last lines:", *(f"  {line}" for line in last), f"Full log: {kept}"])

    def _signal(self, number: int) -> None:
        if self.pid is not None:
            os.kill(self.pid, number)

    def _gone(self) -> None:
        self._guard.on_death(kill_and_delete(None, str(self.folder)))
