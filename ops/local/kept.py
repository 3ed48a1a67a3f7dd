"""A folder whose data stays when its server ends: one server at a time."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from ops.local.unit import ServerError


def hold(folder: Path) -> int:
    """Make a folder, and take it for a server: the descriptor is its lock, as long as any process has it open.

    Kafka's own lock comes too late: a second broker damages the metadata of the first before it looks. Raises
    ServerError: taken already, or no folder can be made there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = os.open(folder.with_name(f"{folder.name}.lock"), os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise ServerError(f"nothing can be kept in {folder}: {error.strerror}") from error
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(held)
        raise ServerError(f"{folder} is in use: another crmkpi up keeps its data there") from error
    return held
