"""A watcher that cleans up even after this process is killed with -9.

It is a shell waiting at the end of a pipe. When this process ends, however it ends, the kernel closes the pipe and the
shell runs the last line it was sent. A parent-death signal would be shorter, but it fires when the starting *thread*
ends, exists on Linux only and removes no data.
"""

from __future__ import annotations

import shlex
import subprocess

SCRIPT = 'last=:; while IFS= read -r line; do last=$line; done; eval "$last"'


class Guard:
    """Runs one shell line when this process is gone, unless dismissed before."""

    def __init__(self) -> None:
        # A separate session: neither Ctrl-C nor a kill of our process group reaches it.
        self._shell = subprocess.Popen(["sh", "-c", SCRIPT], stdin=subprocess.PIPE, start_new_session=True)

    def on_death(self, line: str) -> None:
        """Set the line of shell to run at our death."""
        pipe = self._shell.stdin
        if pipe is not None and not pipe.closed:
            pipe.write(line.encode() + b"\n")
            pipe.flush()

    def dismiss(self) -> None:
        """End the watcher without running anything. May be called twice."""
        self.on_death(":")
        if self._shell.stdin is not None:
            self._shell.stdin.close()
        self._shell.wait()


def kill_and_delete(pid: int | None, folder: str) -> str:
    """The shell line that kills process `pid` (if any), waits for its end and deletes `folder`."""
    delete = f"rm -rf -- {shlex.quote(folder)}"
    if pid is None:
        return delete
    return f"kill -9 {pid} 2>/dev/null; while kill -0 {pid} 2>/dev/null; do sleep 0.05; done; {delete}"
