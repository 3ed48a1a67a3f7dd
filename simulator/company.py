"""The state of a simulated company: its clock, counters and people."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from simulator.profiles import Profile
from simulator.rhythm import HOUR, office
from simulator.sent import Step

Story = Iterator[int]  # yields the ms until its next step
Data = dict[str, Any]


@dataclass(slots=True)
class Person:
    """A person's ids so far, in the order of events.md; ``traits`` go on the first events."""

    ids: dict[str, str]
    country: str
    label: str  # acquisition source
    subscribed: bool = True
    campaign: Data | None = None
    gone: bool = False
    click: str | None = None  # the latest click's id


@dataclass(slots=True)
class Company:
    """One tenant. Stories call ``say``; the world advances ``now`` and runs them."""

    profile: Profile
    rng: Random
    scale: float
    start: Callable[["Company", int, Story], None]
    now: int = 0
    pending: list[Step] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)  # known people, who get mail
    deals: list[str] = field(default_factory=list)
    _numbers: dict[str, int] = field(default_factory=dict)

    @property
    def offset(self) -> int:
        """Rough UTC offset, ms."""
        return int(self.profile.offset_h * HOUR)

    def new(self, kind: str) -> str:
        """The next unused id, such as ``v-17``."""
        number = self._numbers.get(kind, 0) + 1
        self._numbers[kind] = number
        return f"{kind}-{number}"

    def spawn(self, story: Story, delay: int = 0) -> None:
        """Start ``story`` in ``delay`` ms."""
        self.start(self, self.now + delay, story)

    def say(self, type_: str, data: Data, stamps: dict[str, int] | None = None,
            dates: dict[str, int] | None = None) -> None:  # fmt: skip
        """Emit an event that happens now."""
        self.pending.append(Step(self.now, type_, data, stamps, dates))

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.rng.random() < probability

    def days(self, mean: float) -> int:
        """A random wait, ms; at least a minute."""
        return 60_000 + int(self.rng.expovariate(1 / mean) * 86_400_000)

    def seconds(self, low: float, high: float) -> int:
        """A short wait, ms."""
        return int(1000 * (low + self.rng.random() * (high - low)))

    def work(self, mean_days: float) -> int:
        """A wait that ends in office hours, ms."""
        wait = self.days(mean_days)
        return max(60_000, office(self.now + wait, self.offset, self.rng) - self.now)

    def owner(self) -> str:
        """A member of the sales team."""
        return self.rng.choice(self.profile.owners)

    def price(self, factor: float = 1.0) -> str:
        """A decimal amount around the company's usual price, major units."""
        return f"{self.profile.price * factor * self.rng.lognormvariate(0, 0.5):.2f}"

    def currency(self) -> str:
        """The company's own currency, most of the time."""
        foreign = self.profile.foreign
        return foreign if foreign and self.chance(0.06) else self.profile.currency
