"""What the CRM said of a customer, read once also where it said it thousands of times."""

from array import array
from typing import NamedTuple

KINDS = ("created", "reactivated", "churned")


class CustomerEvent(NamedTuple):
    """What the CRM said of a customer at ``time`` ms. ``kind``: one of KINDS; ``origin``: the source it names."""

    time: int
    source: str
    id: str
    kind: str
    origin: str | None


class Reported:
    """The events of an id, which only become more: when they were by kind, ms, and those that say it was created."""

    def __init__(self, events: list[CustomerEvent]) -> None:
        self.events = events
        self.times = {kind: array("q") for kind in KINDS}
        self.created: list[CustomerEvent] = []
        self._read = 0

    def go_on(self) -> "Reported":
        """Read what came since."""
        for event in self.events[self._read :]:
            self.times[event.kind].append(event.time)
            if event.kind == "created":
                self.created.append(event)
        self._read = len(self.events)
        return self
