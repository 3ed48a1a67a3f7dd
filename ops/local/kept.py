"""A folder whose data outlives its server, for one server at a time."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from ops.local.unit import ServerError


def hold(folder: Path) -> int:
    """Create a folder and lock it for a server: the lock holds as long as any process has the descriptor open.

    Kafka's own lock comes too late: a second broker damages the first one's metadata before checking it. Raises
    ServerError: folder in use, or it can't be created.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = os.open(folder.with_name(f"{folder.name}.lock"), os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise ServerError(f"data cannot be kept in {folder}: {error.strerror}") from error
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(held)
        raise ServerError(f"{folder} is in use: another crmkpi up keeps its data there") from error
    return held
