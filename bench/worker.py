"""One worker process of ours: started, watched, paused, ended; never anyone else's."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

MODULE: Final = ("-m", "streams")
PROFILED: Final = Path(__file__).resolve().with_name("profiled.py")


class Worker:
    """``python -m streams`` in a given environment; its output goes to ``log``."""

    def __init__(
        self, env: Mapping[str, str], log: Path, args: Sequence[str] = (), profile: Path | None = None,
        module: Sequence[str] = MODULE,
    ) -> None:  # fmt: skip
        module = [str(PROFILED), str(profile.absolute())] if profile else module
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, *module, *args], env=_environment(env, log.parent), stdout=out, stderr=out,
                stdin=subprocess.DEVNULL, start_new_session=True, cwd=log.parent,
            )  # fmt: skip
        self.log, self.env = log, dict(env)
        self.paused = False

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    @property
    def code(self) -> int | None:
        """Exit code, None while it runs."""
        return self.process.poll()

    def kill(self) -> None:
        """SIGKILL; returns once it is gone."""
        self._signal(signal.SIGKILL)
        self.process.wait()

    def pause(self) -> None:
        """SIGSTOP."""
        self._signal(signal.SIGSTOP)
        self.paused = True

    def resume(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)
        self.paused = False

    def terminate(self) -> None:
        """SIGTERM, without waiting."""
        self._signal(signal.SIGTERM)

    def stop(self, seconds: float = 20.0) -> int:
        """SIGTERM and wait; killed if it doesn't end in time. Returns the exit code."""
        self.terminate()
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return int(self.process.returncode)

    def peak_mb(self) -> float:
        """Peak resident sizes of worker and engine together, MB; 0 if it is gone or the platform doesn't report it."""
        return sum(peak(pid) for pid in (self.pid, *children(self.pid)))

    def tail(self, lines: int = 15) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""

    def _signal(self, number: int) -> None:
        if self.process.poll() is None:
            os.kill(self.process.pid, number)


def _environment(env: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Our environment plus ``env``; compiled modules are cached per run, so only its first worker starts slowly."""
    ours = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return ours | {"PYTHONPYCACHEPREFIX": str(folder / "compiled")} | dict(env)


def children(pid: int) -> list[int]:
    """Child processes of a process; none without /proc."""
    found = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for tasks in found for child in tasks.read_text().split()]


def peak(pid: int) -> float:
    """Peak resident size of a process, MB."""
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return sum(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
