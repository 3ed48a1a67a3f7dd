"""How customers' MRR moves: changes of their totals, netted and named. Rules: kpi-precise "MRR" and "net_new_mrr"."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import groupby, pairwise
from typing import Final, NamedTuple

from kpis.customers import PriceStep
from kpis.money import Worth
from kpis.windows import MINUTE_MS

NETTED_MS: Final = 60 * MINUTE_MS  # a change so soon after another is one with it
GAINS: Final = ("new", "expansion", "reactivation")
LOSSES: Final = ("contraction", "churn")

Amounts = dict[tuple[str, int], int]  # by currency and local day of the rate, minor units


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
