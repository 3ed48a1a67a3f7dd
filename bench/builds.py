"""Runs builds of this program in turn on one installation: their workers, their commands, their error messages."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

HERE: Final = Path(__file__).resolve().parents[1]
TRIES: Final = 10  # of `verify`: publication may lag slightly behind counting
STOPPED: Final = "worker stopped: "
STOP_S: Final = 30.0


class Verdict(NamedTuple):
    """Whether a build's own `verify` agrees, and its output."""

    agrees: bool
    detail: str


class Build:
    """A source tree whose workers and commands run in a given environment."""

    def __init__(self, name: str, tree: Path, env: Mapping[str, str], log: Path) -> None:
        self.name, self.tree, self.env, self.log = name, tree, env, log
        self.log.touch()

    def under(self, app_id: str) -> "Build":
        """The same build under another application id: separate state and consumer group, otherwise the same topics."""
        return Build(self.name, self.tree, {**self.env, "CRMKPI_APP_ID": app_id}, self.log)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command of its CLI."""
        command = [sys.executable, "-m", "cli", *words]
        return subprocess.run(command, cwd=self.tree, env=self.env, capture_output=True, text=True, check=False)

    @contextmanager
    def worker(self) -> Iterator["Running"]:
        """`crmkpi worker` with its supervisor; stopped at the end."""
        begin = self.log.stat().st_size
        with self.log.open("ab") as out:
            command = [sys.executable, "-m", "cli", "worker"]
            process = subprocess.Popen(command, cwd=self.tree, env=self.env, stdout=out, stderr=out)
        try:
            yield Running(process, self.log, begin)
        finally:
            process.terminate()
            process.wait(STOP_S)

    def verified(self) -> Verdict:
        """Run its own recount of the journal against state and Redis."""
        for _ in range(TRIES):
            done = self.run("verify")
            if done.returncode == 0:
                break
            time.sleep(2)
        lines = (done.stdout + done.stderr).splitlines()
        return Verdict(done.returncode == 0, lines[0] if lines else f"code {done.returncode}")


class Running:
    """A supervisor, and the log output since its start."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path, begin: int) -> None:
        self.process, self._log, self._begin = process, log, begin

    @property
    def code(self) -> int | None:
        """The supervisor's exit code; None while it runs."""
        return self.process.poll()

    def ends(self) -> list[str]:
        """The final message of each worker that stopped itself."""
        with self._log.open("rb") as log:
            log.seek(self._begin)
            lines = log.read().decode(errors="replace").splitlines()
        return [line.partition(STOPPED)[2] for line in lines if STOPPED in line]


@contextmanager
def tree_of(commit: str) -> Iterator[Path]:
    """The files of a commit of this repository."""
    with tempfile.TemporaryDirectory(prefix="crmkpi-upgrade-") as folder:
        archive = subprocess.run(["git", "archive", commit], cwd=HERE, check=True, capture_output=True).stdout
        subprocess.run(["tar", "-x", "-C", folder], input=archive, check=True)
        yield Path(folder)
