"""Monthly recurring revenue: subscriptions' prices over time, and how customers' totals move. Rules: kpi-precise "MRR".

A subscription keeps the rate of the day it was first paid, so an amount is known by its currency and that day. Both are
in the measures' names (``mrr:USD:20454``; the reporting currency needs no day), and no movement comes from a rate.
"""

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from itertools import groupby, pairwise
from typing import Final, NamedTuple

from kpis.customers import PriceStep, SubscriptionEvent, price_steps
from kpis.marks import FOREVER, MINUTE_MS, Mark
from kpis.zone import Zone

NETTED_MS: Final = 60 * MINUTE_MS  # a change so soon after another is one with it
GAINS: Final = ("new", "expansion", "reactivation")
LOSSES: Final = ("contraction", "churn")

Key = tuple[str, int]  # currency, local day of its rate
Amounts = dict[Key, int]  # minor units
Worth = Callable[[str, int], Fraction | None]  # of a minor unit of a currency at a day's rate; None: no rate


class Plan(NamedTuple):
    """One subscription: its prices over time, and the local day whose rate holds for life."""

    steps: list[PriceStep]
    day: int


class Total(NamedTuple):
    """A customer's MRR at an instant: all amounts, what those with a rate come to, and those without."""

    amounts: Amounts
    priced: Fraction
    others: Amounts

    def same(self, other: "Total") -> bool:
        """Whether they are worth the same."""
        return self.priced == other.priced and self.others == other.others


class Change(NamedTuple):
    """A change of a customer's total."""

    instant: int
    before: Total
    after: Total


NOTHING: Final = Total({}, Fraction(0), {})


def read_plans(subscriptions: Iterable[list[SubscriptionEvent]], zone: Zone) -> list[Plan]:
    """The subscriptions that were ever paid."""
    found = []
    for events in subscriptions:
        steps = price_steps(events)
        first = next((step.instant for step in steps if step.mrr), None)
        if first is not None:
            found.append(Plan(steps, zone.day(first // MINUTE_MS)))
    return found


def mrr_marks(plans: list[Plan], home: str, worth: Worth) -> Iterator[Mark]:
    """What a customer's subscriptions add to the numbers. ``home``: the reporting currency."""
    for plan in plans:
        yield from _levels(plan, home)
    paid = False
    for change in netted(changes(plans, worth)):
        yield from _movement(change, home, worth, paid=paid)
        paid = paid or bool(change.after.amounts)


def _name(key: Key, home: str) -> str:
    return key[0] if key[0] == home else f"{key[0]}:{key[1]}"


def _levels(plan: Plan, home: str) -> Iterator[Mark]:
    """A subscription's price as a level of money, and its being paid as a level of facts."""
    ends = [step.instant for step in plan.steps[1:]] + [FOREVER]
    for step, end in zip(plan.steps, ends, strict=True):
        name = _name((step.currency, plan.day), home)
        for measure, amount in ((f"mrr:{name}", step.mrr), (f"mrr#:{name}", 1)) if step.mrr else ():
            yield Mark(measure, step.instant, amount)
            if end < FOREVER:
                yield Mark(measure, end, -amount)


def _totals(plans: list[Plan], worth: Worth) -> Iterator[tuple[int, Total]]:
    """The customer's total from each instant on at which a subscription changes."""
    steps = sorted((step.instant, number, step) for number, plan in enumerate(plans) for step in plan.steps)
    held: dict[int, PriceStep] = {}
    for instant, group in groupby(steps, key=lambda step: step[0]):
        held.update((number, step) for _, number, step in group)
        amounts: Amounts = {}
        for number, step in held.items():
            if step.mrr:
                key = (step.currency, plans[number].day)
                amounts[key] = amounts.get(key, 0) + step.mrr
        yield instant, _total(amounts, worth)


def _total(amounts: Amounts, worth: Worth) -> Total:
    priced, others = Fraction(0), {}
    for key, amount in amounts.items():
        one = worth(*key)
        if one is None:
            others[key] = amount
        else:
            priced += one * amount
    return Total(amounts, priced, others)


def changes(plans: list[Plan], worth: Worth) -> Iterator[Change]:
    """Every change of a customer's total."""
    for (_, before), (instant, after) in pairwise([(0, NOTHING), *_totals(plans, worth)]):
        if not before.same(after):
            yield Change(instant, before, after)


def netted(single: Iterable[Change]) -> Iterator[Change]:
    """Chains of changes, each soon after the one before, as one that is dated at the last."""
    chain: Change | None = None
    for change in single:
        if chain is not None and change.instant - chain.instant <= NETTED_MS:
            chain = Change(change.instant, chain.before, change.after)
            continue
        if chain is not None:
            yield chain
        chain = change
    if chain is not None:
        yield chain


def movement_kind(change: Change, *, paid: bool) -> str:
    """What a change is called. ``paid``: whether the customer ever had a total before."""
    before, after = change.before, change.after
    if not before.amounts:
        return "reactivation" if paid else "new"
    if not after.amounts:
        return "churn"
    if before.priced != after.priced:
        return "expansion" if after.priced > before.priced else "contraction"
    # Nobody knows what those without a rate come to together.
    more = any(amount > before.others.get(key, 0) for key, amount in after.others.items())
    return "expansion" if more else "contraction"


def _movement(change: Change, home: str, worth: Worth, *, paid: bool) -> Iterator[Mark]:
    before, after = change.before, change.after
    if before.same(after):
        return
    kind = movement_kind(change, paid=paid)
    sign = 1 if kind in GAINS else -1
    for key in before.amounts.keys() | after.amounts.keys():
        moved = after.amounts.get(key, 0) - before.amounts.get(key, 0)
        if moved and worth(*key) is not None:
            yield Mark(f"mrr_{kind}:{_name(key, home)}", change.instant, sign * moved)
    if before.priced != after.priced:
        yield Mark(f"mrr_{kind}#", change.instant, 1)
    if before.others != after.others:
        yield Mark(f"mrr_{kind}#:", change.instant, 1)
