"""What the CRM reported of a customer. Each event is read only once, even if there are thousands."""

from array import array
from typing import NamedTuple

KINDS = ("created", "reactivated", "churned")


class CustomerEvent(NamedTuple):
    """A customer event at ``time`` ms. ``kind``: one of KINDS; ``origin``: the source it gives."""

    time: int
    source: str
    id: str
    kind: str
    origin: str | None


class Reported:
    """The events of an id, only ever appended to: their times (ms) by kind, and its ``created`` events."""

    def __init__(self, events: list[CustomerEvent]) -> None:
        self.events = events
        self.times = {kind: array("q") for kind in KINDS}
        self.created: list[CustomerEvent] = []
        self._read = 0

    def go_on(self) -> "Reported":
        """Read the events added since the last call."""
        for event in self.events[self._read :]:
            self.times[event.kind].append(event.time)
            if event.kind == "created":
                self.created.append(event)
        self._read = len(self.events)
        return self
