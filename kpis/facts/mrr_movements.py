"""Movements of customers' MRR: changes of their totals, netted and named. Rules: kpi-precise "MRR", "net_new_mrr"."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Final, NamedTuple

from kpis.calendar.windows import MINUTE_MS
from kpis.facts.money import Worth
from kpis.facts.prices import PriceStep
from models.money import FINE, digits, iso

NETTED_MS: Final = 60 * MINUTE_MS  # changes closer together than this count as one
GAINS: Final = ("new", "expansion", "reactivation")
LOSSES: Final = ("contraction", "churn")
Amounts = dict[tuple[str, int], int]  # by currency and local day of the rate, minor units


class Plan(NamedTuple):
    """One subscription: its prices over time, and the local day of its rate, which never changes."""

    steps: list[PriceStep]
    day: int


class Total(NamedTuple):
    """A customer's MRR at an instant: all amounts, the total of those with a rate, and those without."""

    amounts: Amounts
    priced: Fraction
    others: Amounts

    def same(self, other: "Total") -> bool:
        """Whether both totals have the same value."""
        return self.priced == other.priced and self.others == other.others


class Change(NamedTuple):
    """A change of a customer's total."""

    instant: int
    before: Total
    after: Total


NOTHING: Final = Total({}, Fraction(0), {})


def total(held: Iterable[tuple[PriceStep, int]], worth: Worth) -> Total:
    """The total of subscriptions, given as (price, local day of its rate)."""
    amounts: Amounts = {}
    for step, day in held:
        if step.mrr:
            key = (step.currency, day)
            amounts[key] = amounts.get(key, 0) + step.mrr
    priced, others = Fraction(0), Amounts()
    for key, amount in amounts.items():
        one = worth(*key)
        if one is None:
            one_unit = (iso(key[0]), key[1])
            others[one_unit] = others.get(one_unit, 0) + amount * 10 ** (FINE - digits(key[0]))
        else:
            priced += one * amount
    return Total(amounts, priced, others)


def movement_kind(change: Change, *, paid: bool) -> str:
    """The kind of movement of a change. ``paid``: whether the customer ever had a total before."""
    before, after = change.before, change.after
    if not before.amounts:
        return "reactivation" if paid else "new"
    if not after.amounts:
        return "churn"
    if before.priced != after.priced:
        return "expansion" if after.priced > before.priced else "contraction"
    # Amounts without a rate cannot be totalled.
    more = any(amount > before.others.get(key, 0) for key, amount in after.others.items())
    return "expansion" if more else "contraction"
