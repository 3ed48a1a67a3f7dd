"""Points at which a test kills the process: ``CRMKPI_FAILPOINT=name[:nth]`` kills it at the nth pass of ``name``."""

from ops.failpoints import Failpoints

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

reach = Failpoints("CRMKPI_FAILPOINT", ALL).reach
