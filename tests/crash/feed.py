"""The producer of a run: simulated events at a steady pace, never further than the faults have come."""

from collections.abc import Iterable
from threading import Event, Thread
from time import monotonic, sleep

from bench.broker import Sender
from simulator import Sent

BURST = 200
AHEAD = 12_000  # events


class Feed(Thread):
    """Sends ``records`` in their order; ``allow`` (a share of ``total``, up to 1) is how far it may go."""

    def __init__(self, bootstrap: str, prefix: str, records: Iterable[Sent], total: int, rate: float) -> None:
        super().__init__(daemon=True)
        self._brokers, self._prefix, self._records = bootstrap, prefix, records
        self._total, self._rate = total, rate
        self.allow = 0.0
        self.counted = 0  # events that Redis shows, told by the harness
        self.sent = 0
        self.error: BaseException | None = None
        self.gave_up = Event()

    def run(self) -> None:
        """Send all, waiting for the broker whenever it is away."""
        try:
            self._send()
        except BaseException as error:  # noqa: BLE001 - raised again by whoever waits for this thread
            self.error = error

    def _send(self) -> None:
        sender = Sender(self._brokers)
        due = monotonic()
        for record in self._records:
            sender.send(record._replace(topic=self._prefix + record.topic), record.headers)
            self.sent += 1
            if self.sent % BURST == 0:
                sender.poll()
                due = max(due + BURST / self._rate, monotonic() - 1)  # an outage is made up for, within a second
                sleep(max(0.0, due - monotonic()))
            while self._waits():
                if self.gave_up.wait(0.05):
                    return
        sender.flush()

    def _waits(self) -> bool:
        """Not further than the faults have come, nor than some way ahead of what is counted: a run asks whether every
        event is counted once, not how far producers can outrun this machine.
        """
        return (self.sent > self.allow * self._total and self.allow < 1) or self.sent - self.counted > AHEAD
