"""Points at which a test kills the process: ``CRMKPI_FAILPOINT=name[:nth]`` kills it at the nth pass of ``name``."""

import os
import signal

ACCEPT = (
    "accept-1-validated",
    "accept-2-journal",
    "accept-3-dead-letters",
    "accept-4-acknowledged",
    "accept-5-committed",
)
COUNT = (
    "count-1-applied",
    "count-2-begun",
    "count-3-entries",
    "count-4-position",
    "count-5-dead-letters",
    "count-6-offset",
    "count-7-acknowledged",
    "count-8-committed",
    "count-9-published",
)
RESTORE = ("restore-1-fenced", "restore-2-loading", "restore-3-loaded")
ALL = ACCEPT + COUNT + RESTORE

_name, _, _nth = os.environ.get("CRMKPI_FAILPOINT", "").partition(":")
_left = int(_nth or 1)
if _name and _name not in ALL:
    raise ValueError(f"CRMKPI_FAILPOINT={_name}: unknown; one of {', '.join(ALL)}")


def reach(name: str) -> None:
    """Kill the process, as ``kill -9`` does, if this is the chosen point and pass."""
    global _left
    if name != _name:
        return
    _left -= 1
    if _left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
