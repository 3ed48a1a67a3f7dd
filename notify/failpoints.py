"""Points at which tests kill the process that decides on or delivers messages."""

from typing import Final

from ops.failpoints import Failpoints

LEDGER: Final = ("ledger-1-fenced", "ledger-2-read")
NOTICE: Final = ("notice-1-decided", "notice-2-begun", "notice-3-written", "notice-4-committed")
DELIVERY: Final = (
    "delivery-1-due",
    "delivery-2-sent",
    "delivery-3-begun",
    "delivery-4-written",
    "delivery-5-committed",
)
ALL: Final = LEDGER + NOTICE + DELIVERY
reach = Failpoints("CRMKPI_NOTIFY_FAILPOINT", ALL).reach
