"""Monthly recurring revenue: the deltas of customers' subscriptions. Rules: kpi-precise "MRR".

A subscription keeps the rate of the day it was first paid. Currency and day are in the measures' names
(``mrr:USD:20454``; the reporting currency needs no day), and rates cause no movements.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final, NamedTuple

from kpis.calendar.window_names import UNITS
from kpis.calendar.windows import MINUTE_MS
from kpis.calendar.zone import Zone, bucket_start
from kpis.cells.deltas import Delta, in_common
from kpis.facts.money import Worth, dated_name
from kpis.facts.mrr_movements import GAINS, LOSSES, NETTED_MS, NOTHING, Change, Plan, Total, movement_kind, total
from kpis.facts.prices import Prices, PriceStep

BETWEEN: Final = 16  # instants between snapshots
RETURNS: Final = ("expansion", "reactivation")
NEVER: Final = 1 << 62  # an instant after every other


def read_plans(subscriptions: Iterable[tuple[str, Prices]], zone: Zone) -> dict[str, Plan]:
    """The subscriptions that were ever paid, by name."""
    found = {}
    for name, prices in subscriptions:
        first = next((step.instant for step in prices.steps if step.mrr), None)
        if first is not None:
            found[name] = Plan(list(prices.steps), zone.day(first // MINUTE_MS))
    return found


class Levels:
    """A subscription as levels: its price, and whether it is paid. ``deltas``: its deltas."""

    def __init__(self, plan: Plan, home: str) -> None:
        self.deltas: list[Delta] = []
        self.plan = Plan([], plan.day)
        self._home = home
        self._places = array("q")  # step -> where its deltas begin

    def go_on(self, plan: Plan) -> int:
        """Read the plan's current steps; returns the first instant (ms) at which they differ from the previous ones."""
        old, new = self.plan.steps, plan.steps
        same = in_common(old, new)
        if same < len(old):
            del self.deltas[self._places[same] :], self._places[same:]
        for before, step in zip([None, *new][same:], new[same:], strict=False):
            self._places.append(len(self.deltas))
            self.deltas += self._step(before, step)
        self.plan = plan
        return min((step.instant for step in (*old[same : same + 1], *new[same : same + 1])), default=NEVER)

    def _step(self, before: PriceStep | None, step: PriceStep) -> Iterator[Delta]:
        for sign, one in ((-1, before), (1, step)):
            if one is not None and one.mrr:
                name = dated_name(one.currency, self.plan.day, self._home)
                yield Delta(f"mrr:{name}", step.instant, sign * one.mrr)
                yield Delta(f"mrr#:{name}", step.instant, sign)


class Beginning(NamedTuple):
    """A customer at the beginning of a month, quarter or year (local day): whether it paid then, and ever before."""

    day: int
    paying: bool
    paid: bool


class Place(NamedTuple):
    """A snapshot of a customer at an instant (ms), with the number of ``deltas`` so far.

    ``begun``: its state at the beginning of each unit (month, quarter, year) that contains the chain.
    """

    instant: int
    held: dict[str, PriceStep]
    total: Total
    chain: Change | None
    paid: bool
    deltas: int
    begun: tuple[Beginning, ...]


NOT_BEGUN: Final = (Beginning(-NEVER, False, False),) * len(UNITS)
START: Final = Place(-NEVER, {}, NOTHING, None, False, 0, NOT_BEGUN)


class Recurring:
    """The deltas of a customer's subscriptions; new last steps are read from a recent snapshot."""

    def __init__(self, home: str, worth: Worth, zone: Zone, version: int = 0) -> None:
        self.version = version  # of the rates
        self._home, self._worth, self._zone = home, worth, zone
        self._levels: dict[str, Levels] = {}
        self._deltas: list[Delta] = []  # of chains that have ended
        self._places = [START]
        self._go_back(NEVER)

    def go_on(self, plans: dict[str, Plan]) -> "Recurring":
        """Read the current plans, usually the previous ones with more steps."""
        start = NEVER
        for name in [name for name, levels in self._levels.items() if plans.get(name, NO_PLAN).day != levels.plan.day]:
            start = min(start, self._levels.pop(name).plan.steps[0].instant)
        for name, plan in plans.items():
            if name not in self._levels:
                self._levels[name] = Levels(plan, self._home)
            start = min(start, self._levels[name].go_on(plan))
        if start < NEVER:
            self._go_back(start)
            self._follow()
        return self

    def _go_back(self, start: int) -> None:
        while self._places[-1].instant >= start:
            self._places.pop()
        place = self._places[-1]
        self._instant, self._total, self._chain, self._paid = place.instant, place.total, place.chain, place.paid
        self._begun = place.begun
        self._held = dict(place.held)
        del self._deltas[place.deltas :]

    def _follow(self) -> None:
        steps = sorted(
            (step.instant, name, step)
            for name, levels in self._levels.items()
            for step in _after(levels.plan.steps, self._instant)
        )
        for count, (instant, group) in enumerate(groupby(steps, key=lambda step: step[0]), 1):
            self._held.update((name, step) for _, name, step in group)
            self._instant = instant
            self._take(instant)
            if count % BETWEEN == 0:
                place = Place(
                    instant, dict(self._held), self._total, self._chain, self._paid, len(self._deltas), self._begun
                )
                self._places[1:] = [*self._places[1:][-1:], place]

    def _take(self, instant: int) -> None:
        before = self._total
        self._total = total(((step, self._levels[name].plan.day) for name, step in self._held.items()), self._worth)
        if before.same(self._total):
            return
        chain = self._chain
        if chain is not None and not self._goes_on(chain.instant, instant):
            self._deltas += self.current()
            self._paid = self._paid or bool(chain.after.amounts)
            chain = None
        if chain is None:
            self._begun = self._units(instant, before)
        # Changes in quick succession count as one, dated at the last.
        self._chain = Change(instant, before if chain is None else chain.before, self._total)

    def _units(self, instant: int, before: Total) -> tuple[Beginning, ...]:
        """The customer's state at the beginning of each unit that contains an instant, at a change there."""
        day = self._zone.day(instant // MINUTE_MS)
        days = (bucket_start(day, unit) for unit in UNITS)
        return tuple(
            one if one.day == start else Beginning(start, bool(before.amounts), self._paid)
            for one, start in zip(self._begun, days, strict=True)
        )

    def _goes_on(self, last: int, instant: int) -> bool:
        """Whether a change joins the last: not across months, or a month's movements would not add up to its MRR."""
        return instant - last <= NETTED_MS and self._month(last) == self._month(instant)

    def _month(self, instant: int) -> int:
        return bucket_start(self._zone.day(instant // MINUTE_MS), "month")

    def current(self) -> Iterator[Delta]:
        """The deltas of the chain of changes that may still be extended."""
        if self._chain is not None and not self._chain.before.same(self._chain.after):
            kind = movement_kind(self._chain, paid=self._paid)
            for base in (f"mrr_{kind}", *_retention(kind, self._begun)):
                yield from _movement(self._chain, base, self._home, self._worth, sign=1 if kind in GAINS else -1)

    def parts(self) -> dict[str, list[Delta]]:
        """All deltas by part, in lists that mostly grow at the end."""
        levels = {f"level:{name}": list(levels.deltas) for name, levels in self._levels.items()}
        return {**levels, "moved": list(self._deltas), "current": list(self.current())}


NO_PLAN: Final = Plan([], -1)


def _after(steps: list[PriceStep], instant: int) -> list[PriceStep]:
    return steps[bisect_right(steps, instant, key=lambda step: step.instant) :]


def _retention(kind: str, begun: Iterable[Beginning]) -> Iterator[str]:
    """The measures of MRR retention, per unit, that a movement counts for besides its own."""
    for unit, start in zip(UNITS, begun, strict=True):
        if kind in LOSSES and start.paying:
            yield f"mrr_shrunk_{unit}"
        elif kind in RETURNS and start.paid:
            yield f"mrr_grown_{unit}"


def _movement(change: Change, base: str, home: str, worth: Worth, *, sign: int) -> Iterator[Delta]:
    before, after = change.before, change.after
    for key in before.amounts.keys() | after.amounts.keys():
        moved = after.amounts.get(key, 0) - before.amounts.get(key, 0)
        if moved and worth(*key) is not None:
            yield Delta(f"{base}:{dated_name(*key, home)}", change.instant, sign * moved)
    if before.priced != after.priced:
        yield Delta(f"{base}#", change.instant, 1)
    if before.others != after.others:
        yield Delta(f"{base}#:", change.instant, 1)
