"""Counts of events with money by event time; which of them lack an exchange rate is decided when read.

They are counted by UTC quarter hour, which lies in one local day in any time zone, so a tenant's change of zone needs
no recount. A counter of the stream, not facts of a subject, so erasures do not change it.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable
from itertools import accumulate, chain
from typing import NamedTuple

from kpis.calendar.windows import DAY
from kpis.calendar.zone import Zone
from kpis.facts.money import Rates


class Key(NamedTuple):
    """A stored entry: events of a currency and a quarter hour of event time, received on a UTC day."""

    currency: str
    quarter: int  # since 1970
    day: int  # since 1970


class Priced:
    """One tenant's events with money, by time of receipt."""

    def __init__(self) -> None:
        self._received: dict[Key, dict[int, int]] = {}  # minute of receipt -> number
        self._index: Unrated | None = None

    def add(self, currency: str, quarter: int, minute: int) -> Key:
        """Count an event; returns its entry. ``quarter`` (of event time) and ``minute`` (of receipt) are since 1970."""
        key = Key(currency, quarter, minute // DAY)
        numbers = self._received.setdefault(key, {})
        numbers[minute] = numbers.get(minute, 0) + 1
        if self._index is not None:
            self._index.add(key, ((minute, 1),))
        return key

    def entry(self, key: Key) -> list[int]:
        """An entry as stored: minute, number, minute, number …"""
        return list(chain.from_iterable(sorted(self._received[key].items())))

    def load(self, key: Key, stored: list[int]) -> None:
        """Load a stored entry, replacing the current one."""
        self._received[key] = dict(zip(stored[::2], stored[1::2], strict=True))
        self._index = None

    def without_rate(self, rates: Rates, home: str, zone: Zone) -> Callable[[int], int]:
        """A function: how many events received before a minute have no rate to ``home`` on their local day."""
        index = self._index
        if index is None or (index.rates, index.home, index.zone) != (rates, home, zone):
            index = self._index = Unrated(rates, home, zone)
            for key, numbers in self._received.items():
                index.add(key, numbers.items())
        return index.before


class Unrated:
    """Events without a rate by minute of receipt; updated as rates and events arrive."""

    def __init__(self, rates: Rates, home: str, zone: Zone) -> None:
        self.rates, self.home, self.zone = rates, home, zone
        self._version = rates.version
        self._rated: set[tuple[str, int]] = set()  # (currency, local day)
        self._missing: dict[tuple[str, int], list[tuple[int, int]]] = {}  # (currency, local day) -> (minute, number)
        self._received: dict[int, int] = {}  # minute -> number
        self._minutes: list[int] | None = None  # sorted,
        self._sums: list[int] = []  # with the number received before each, and the total

    def add(self, key: Key, numbers: Iterable[tuple[int, int]]) -> None:
        """Count an entry's (minute, number) pairs."""
        place = key.currency, self.zone.day(key.quarter * 15)
        if place in self._rated:
            return
        if place not in self._missing and self.rates.known(place[0], self.home, place[1]):
            self._rated.add(place)
            return
        new = list(numbers)
        self._missing.setdefault(place, []).extend(new)
        self._move(new, 1)

    def before(self, minute: int) -> int:
        """How many were received before a minute."""
        if self._version != self.rates.version:
            self._version = self.rates.version
            for place in [one for one in self._missing if self.rates.known(one[0], self.home, one[1])]:
                self._rated.add(place)
                self._move(self._missing.pop(place), -1)
        if self._minutes is None:
            self._minutes = sorted(self._received)
            self._sums = list(accumulate((self._received[one] for one in self._minutes), initial=0))
        return self._sums[bisect_left(self._minutes, minute)]

    def _move(self, numbers: Iterable[tuple[int, int]], sign: int) -> None:
        for minute, number in numbers:
            self._received[minute] = self._received.get(minute, 0) + sign * number
        self._minutes = None
