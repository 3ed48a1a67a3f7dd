"""Runs commands to completion in separate processes: their cost and output."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple


class Ran(NamedTuple):
    """CPU seconds of all threads, peak resident memory in MB, and standard output."""

    cpu_s: float
    peak_mb: float
    out: bytes


def run(module: str, *words: str) -> Ran:
    """``python -m module words``. Raises RuntimeError with the end of stderr on any exit code but 0."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        child = subprocess.Popen([sys.executable, "-m", module, *words], stdout=out, stderr=errors,
                                 stdin=subprocess.DEVNULL)  # fmt: skip
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        errors.seek(0)
        if child.returncode:
            output = errors.read().decode(errors="replace")[-2_000:]
            raise RuntimeError(f"{module} {' '.join(words)} ended with code {child.returncode}:\n{output}")
        return Ran(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, out.read())


def compute(file: Path, as_of: str, *words: str) -> Ran:
    """`crmkpi compute` of a file: every KPI, window and segment, as JSON."""
    return run("cli", "compute", str(file), "--as-of", as_of, "--json", *words)
