"""The world: all companies on one clock."""

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from random import Random
from typing import Final

from simulator import customer, daily, mailing, subscription, visitor
from simulator.company import Company, Person, Story
from simulator.producer import Producer
from simulator.profiles import Profile, companies
from simulator.rhythm import DAY, HOUR
from simulator.sent import Counts, Sent, Step

EVENTS_A_DAY: Final = 840.0  # records of one company at scale 1; measured over 90 days
_TOUCHES: Final = ("page", "link", "email", "call", "social", "user", "order", "survey", "chat")


class World:
    """Companies from ``days`` before ``until`` (ms UTC). The same seed and arguments give the same records.

    ``history`` must be exhausted before ``live`` is called; ``partitions`` is the number of input partitions.
    """

    def __init__(self, rng: Random, profiles: Sequence[Profile], until: int, *, days: int = 90, scale: float = 1.0,
                 partitions: int = 4) -> None:  # fmt: skip
        self.until, self.begin = until, until - days * DAY
        self._producer = Producer(rng, partitions)
        self._due: list[tuple[int, int, Company, Story]] = []
        self._held: list[tuple[int, int, Sent]] = []
        self._order = 0
        for profile in profiles:
            self._found(Company(profile, rng, scale, self._start))

    @property
    def counts(self) -> Counts:
        """The records written so far."""
        return self._producer.counts

    def history(self) -> Iterator[Sent]:
        """Everything sent before ``until``, in sending order; copies still in transit come with ``live``."""
        for c, step in self._steps(self.until):
            yield from self._release(step.time)
            send = step.time + self._producer.delay()
            for sent in self._producer.write(c, step, step.time, send, stamped=True):
                self._hold(sent)
        yield from self._release(self.until)

    def live(self, rate: float, now: int) -> Iterator[Sent]:
        """Continue endlessly with ``rate`` events a second from ``now`` (ms UTC).

        The caller waits until each record's ``time_ms``; event times follow it, whatever the pace of the world.
        """
        for number, (c, step) in enumerate(self._steps(None)):
            send = now + int(number * 1000 / rate)
            yield from self._release(send)
            delay = self._producer.delay()
            time = send - delay if step.type.startswith(_TOUCHES) else send
            for sent in self._producer.write(c, step, time, send, stamped=False):
                self._hold(sent)

    def _steps(self, until: int | None) -> Iterator[tuple[Company, Step]]:
        """The events in order; endless without ``until``, because every company's days go on."""
        while self._due and (until is None or self._due[0][0] < until):
            time, _, c, story = heappop(self._due)
            c.now = time
            wait = next(story, None)
            if wait is not None:
                self._start(c, time + wait, story)
            for step in c.pending:
                yield c, step
            c.pending.clear()

    def _start(self, c: Company, time: int, story: Story) -> None:
        self._order += 1
        heappush(self._due, (time, self._order, c, story))

    def _hold(self, sent: Sent) -> None:
        self._order += 1
        heappush(self._held, (sent.time_ms, self._order, sent))

    def _release(self, time: int) -> Iterator[Sent]:
        while self._held and self._held[0][0] <= time:
            yield heappop(self._held)[2]

    def _found(self, c: Company) -> None:
        """Start a company at ``begin``, with customers acquired over most of a year."""
        midnight = (self.begin + c.offset) // DAY * DAY - c.offset
        for story in (visitor.traffic, mailing.newsletters, daily.posts, daily.books):
            c.now = max(self.begin, midnight)
            self._start(c, c.now, story(c))
        for _ in range(int(c.profile.customers * c.scale)):
            c.now = self.begin - HOUR - int(c.rng.random() * 300 * DAY)
            person = Person({}, c.rng.choice(c.profile.countries), c.rng.choice(visitor.SOURCES)[1])
            veteran = subscription.veteran if c.profile.kind == "saas" else customer.veteran
            self._start(c, c.now, veteran(c, person, self.begin))


def sized(rng: Random, number: int, events: int, until: int, *, days: int = 90, partitions: int = 4) -> World:
    """A world of ``number`` companies with a history of about ``events`` records (±15 %)."""
    scale = events / (EVENTS_A_DAY * number * days)
    return World(rng, companies(number), until, days=days, scale=scale, partitions=partitions)
