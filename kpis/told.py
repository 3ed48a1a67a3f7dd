"""What the CRM said of a customer, read once also where it said it thousands of times."""

from array import array
from typing import TYPE_CHECKING, Any

from kpis.cells.ledger import MANY

if TYPE_CHECKING:
    from kpis.tenant import Tenant

CustomerEvent = list[Any]  # [t, source, id, kind, source it says]
KINDS = ("created", "reactivated", "churned")


class Told:
    """The events of an id, which only become more: when they were by kind, ms, and those that say it was created."""

    def __init__(self, events: list[CustomerEvent]) -> None:
        self.events = events
        self.times = {kind: array("q") for kind in KINDS}
        self.created: list[CustomerEvent] = []
        self._read = 0

    def go_on(self) -> "Told":
        """Read what came since."""
        for event in self.events[self._read :]:
            self.times[event[3]].append(event[0])
            if event[3] == "created":
                self.created.append(event)
        self._read = len(self.events)
        return self


def told_of(tenant: "Tenant", raw: str) -> Told:
    """What was said of an id; of many events only the new ones are read."""
    events = tenant.customers.get(raw, [])
    if len(events) <= MANY:
        return Told(events).go_on()
    told = tenant.told.get(raw)
    if told is None or told.events is not events:
        told = tenant.told[raw] = Told(events)
    return told.go_on()
