"""Monthly recurring revenue: what customers' subscriptions add to the numbers. Rules: kpi-precise "MRR".

A subscription keeps the rate of the day it was first paid, so an amount is known by its currency and that day. Both are
in the measures' names (``mrr:USD:20454``; the reporting currency needs no day), and no movement comes from a rate.
"""

from collections.abc import Iterable, Iterator

from kpis.customers import SubscriptionEvent, price_steps
from kpis.marks import FOREVER, Mark
from kpis.money import Worth, dated_name
from kpis.movements import GAINS, Change, Plan, changes, movement_kind, netted
from kpis.windows import MINUTE_MS
from kpis.zone import Zone


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


def _levels(plan: Plan, home: str) -> Iterator[Mark]:
    """A subscription's price as a level of money, and its being paid as a level of facts."""
    ends = [step.instant for step in plan.steps[1:]] + [FOREVER]
    for step, end in zip(plan.steps, ends, strict=True):
        name = dated_name(step.currency, plan.day, home)
        for measure, amount in ((f"mrr:{name}", step.mrr), (f"mrr#:{name}", 1)) if step.mrr else ():
            yield Mark(measure, step.instant, amount)
            if end < FOREVER:
                yield Mark(measure, end, -amount)


def _movement(change: Change, home: str, worth: Worth, *, paid: bool) -> Iterator[Mark]:
    before, after = change.before, change.after
    if before.same(after):
        return
    kind = movement_kind(change, paid=paid)
    sign = 1 if kind in GAINS else -1
    for key in before.amounts.keys() | after.amounts.keys():
        moved = after.amounts.get(key, 0) - before.amounts.get(key, 0)
        if moved and worth(*key) is not None:
            yield Mark(f"mrr_{kind}:{dated_name(*key, home)}", change.instant, sign * moved)
    if before.priced != after.priced:
        yield Mark(f"mrr_{kind}#", change.instant, 1)
    if before.others != after.others:
        yield Mark(f"mrr_{kind}#:", change.instant, 1)
