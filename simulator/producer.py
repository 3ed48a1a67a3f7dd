"""From what happened to what is sent: late, duplicated, wrong, or unchanged."""

from collections.abc import Iterator
from random import Random
from typing import Any, Final

from simulator.company import Company
from simulator.envelope import event, pack, place, rfc3339, topic_of
from simulator.mistakes import bad, changed
from simulator.rhythm import DAY, HOUR, MINUTE, SECOND
from simulator.sent import Counts, Sent, Step

LATE: Final = 0.02
DUPLICATE: Final = 0.012
CONFLICT: Final = 0.002
BAD: Final = 0.006
SKEWED: Final = 0.005
BARE: Final = 0.03  # without ``specversion``, as from simple producers


class Producer:
    """Writes the events of all companies; ``partitions`` is the number of input partitions."""

    def __init__(self, rng: Random, partitions: int) -> None:
        self.rng, self.partitions = rng, partitions
        self.counts = Counts()

    def delay(self) -> int:
        """The delay between an event and its sending, ms."""
        if self.rng.random() >= LATE:
            return int(self.rng.random() * 900)
        self.counts.late += 1
        return int(self.rng.expovariate(1 / (2 * HOUR))) + 11 * MINUTE if self.rng.random() < 0.8 else self.days()

    def days(self) -> int:
        """A few days, ms."""
        return int(self.rng.uniform(1, 6) * DAY)

    def write(self, c: Company, step: Step, time: int, send: int, stamped: bool) -> Iterator[Sent]:
        """The records of one event at ``time``, first sent at ``send`` (ms UTC), with copies and bad neighbours.

        ``stamped`` adds ``recordedtime``: history needs it; for live traffic the broker's timestamp serves.
        """
        body = event(c, step, time)
        key, partition = place(body["data"], self.partitions)
        if not body["data"].keys() & {"deal_id", "order_id", "message_id", "customer_id", "lead_id"}:
            partition = self.rng.randrange(self.partitions)
        if stamped:
            body["recordedtime"] = rfc3339(send)
        roll = self.rng.random()
        if roll < SKEWED and stamped:
            self._skew(body, time, send)
        elif roll > 1 - BARE:
            del body["specversion"]
        binary = "specversion" in body and (c.profile.binary or roll < 0.04)
        first = pack(body, topic_of(step.type), key, partition, send, binary)
        self.counts.events += 1
        yield first
        if self.rng.random() < DUPLICATE + CONFLICT + BAD:
            yield self._neighbour(c, body, first)

    def _skew(self, body: dict[str, Any], time: int, send: int) -> None:
        """The sender's clock is wrong by up to a day, but ``sentat`` allows its correction."""
        wrong = int(self.rng.uniform(-1, 1) * DAY)
        body["time"], body["sentat"] = rfc3339(time + wrong), rfc3339(send + wrong)

    def _neighbour(self, c: Company, body: dict[str, Any], first: Sent) -> Sent:
        roll = self.rng.random() * (DUPLICATE + CONFLICT + BAD)
        if roll < BAD:
            self.counts.bad += 1
            return bad(body, first, c.profile.tenant, self.rng)
        again = first._replace(time_ms=first.time_ms + int(self.rng.expovariate(1 / (10 * MINUTE))) + SECOND)
        if roll < BAD + CONFLICT:  # always in the first copy's partition, so that their order is defined
            self.counts.conflicts += 1
            key, binary = first.key or b"", bool(first.headers)
            return pack(changed(body), first.topic, key, first.partition, again.time_ms, binary)
        self.counts.duplicates += 1
        return self._copy(body, again)

    def _copy(self, body: dict[str, Any], again: Sent) -> Sent:
        """A repeat: the same bytes in any partition, or a later receipt in the same one.

        Copies in different partitions must have the same receive time, as either may reach the journal first.
        """
        if "recordedtime" in body and self.rng.random() < 0.4:
            return again._replace(partition=self.rng.randrange(self.partitions))
        return again
