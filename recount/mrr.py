"""Monthly recurring revenue: every subscription's price over time, and the movements of customers' totals."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from models.record import Row
from recount.facts import Fact, Figure, dated
from recount.figures import money_sum
from recount.identity import moment
from recount.money import Rates, digits
from recount.revenue import effective, in_force
from recount.tenant import Tenant
from recount.windows import MINUTE, Window, local_date, unit_start

HOUR: Final = 60 * MINUTE
GAINS: Final = ("new", "expansion", "reactivation")
LOSSES: Final = ("contraction", "churn")


@dataclass
class Subscription:
    """All events of one subscription."""

    rows: list[Row]
    rates: Rates

    @property
    def instants(self) -> list[int]:
        """When something may have changed."""
        return sorted({effective(row) for row in self.rows})

    def price_before(self, at: int) -> tuple[int, str]:
        """Minor units and currency just before an instant; 0 while paused, cancelled or not started."""
        now, last, currency = 0, 0, ""
        past = [row for row in in_force(self.rows) if effective(row) < at]
        for row in sorted(past, key=lambda row: (effective(row), *moment(row))):
            verb = row.type.removeprefix("crm.subscription.")
            if verb in ("started", "changed"):
                now = last = row.data["mrr"]
                currency = row.data["currency"]
            elif verb in ("paused", "cancelled"):
                now = 0
            elif verb == "resumed":
                now = last
        return now, currency

    @property
    def first_paid(self) -> int | None:
        """The first instant with a price above zero: that day's rate is used for life."""
        return next((at for at in self.instants if self.price_before(at + 1)[0] > 0), None)

    def worth_before(self, at: int) -> Fraction | None:
        """The price in the reporting currency; None if there is no rate."""
        minor, currency = self.price_before(at)
        return self.rates.price(minor, currency, self.first_paid) if minor else Fraction(0)


class Total(NamedTuple):
    """A customer's MRR at an instant: the sum of priced subscriptions, and the others by currency and rate day."""

    priced: Fraction
    others: dict[tuple[str, object], Fraction]

    @property
    def paying(self) -> bool:
        """Whether there is any MRR."""
        return bool(self.priced or self.others)


def total_before(subscriptions: Sequence[Subscription], at: int) -> Total:
    """A customer's total just before an instant."""
    priced, others = Fraction(0), dict[tuple[str, object], Fraction]()
    for one in subscriptions:
        minor, currency = one.price_before(at)
        worth = one.worth_before(at)
        if worth is not None:
            priced += worth
        elif one.first_paid is not None:
            key = (currency[:3], local_date(one.first_paid, one.rates.zone))
            others[key] = others.get(key, Fraction(0)) + Fraction(minor, 10 ** digits(currency))
    return Total(priced, others)


def same_month(one: int, other: int, zone: ZoneInfo) -> bool:
    """Whether two instants are in the same local month; changes in different months are separate movements."""
    return unit_start(local_date(one, zone), "month") == unit_start(local_date(other, zone), "month")


class Movement(NamedTuple):
    """One netted change of a customer's total."""

    kind: str
    amount: Fraction  # the priced part; negative for losses
    unpriced: bool


def movements(subscriptions: Sequence[Subscription]) -> list[tuple[int, Movement]]:
    """Chains of changes at most an hour apart and in one local month, each netted and dated at its last change."""
    instants = sorted({at for one in subscriptions for at in one.instants})
    changes = [at for at in instants if total_before(subscriptions, at) != total_before(subscriptions, at + 1)]
    chains: list[list[int]] = []
    for at in changes:
        if chains and at - chains[-1][-1] <= HOUR and same_month(chains[-1][-1], at, subscriptions[0].rates.zone):
            chains[-1].append(at)
        else:
            chains.append([at])
    found, paid = [], False
    for chain in chains:
        before, after = total_before(subscriptions, chain[0]), total_before(subscriptions, chain[-1] + 1)
        if before != after:
            found.append((chain[-1], movement(before, after, paid=paid)))
        paid = paid or after.paying
    return found


class Kept(NamedTuple):
    """A customer over a window: prices at the start, whether it paid then or ever before, and its movements."""

    at_start: list[Fraction | None]
    paying: bool
    known: bool
    moved: list[Movement]


def movement(before: Total, after: Total, *, paid: bool) -> Movement:
    """Classify a change. ``paid``: whether the customer ever had MRR before."""
    change = after.priced - before.priced
    keys = {*before.others, *after.others}
    others = [after.others.get(key, 0) - before.others.get(key, 0) for key in keys]
    if not before.paying:
        kind = "reactivation" if paid else "new"
    elif not after.paying:
        kind = "churn"
    else:
        up = change > 0 if change else max(others) > 0
        kind = "expansion" if up else "contraction"
    return Movement(kind, change, any(others))


class Recurring:
    """All subscriptions of a tenant."""

    def __init__(self, tenant: Tenant) -> None:
        self.by_customer: dict[str, list[Subscription]] = {}
        for subscription_id, rows in subscription_rows(tenant.counted).items():
            subject = tenant.people.subject_of_object("subscription", subscription_id)
            self.by_customer.setdefault(subject, []).append(Subscription(rows, tenant.rates))
        self.dims = tenant.dims_of_subject
        self.movements = {subject: movements(plans) for subject, plans in self.by_customer.items()}
        self.moved = dated(
            Fact(at, self.dims(subject), one) for subject, moves in self.movements.items() for at, one in moves
        )

    def paid_at_end(self, window: Window) -> list[Fact]:
        """Subscriptions paid at the end, each with its value."""
        return [
            Fact(0, self.dims(subject), one.worth_before(window.end))
            for subject, subscriptions in self.by_customer.items()
            for one in subscriptions
            if one.price_before(window.end)[0]
        ]

    def payers_at_end(self, window: Window) -> list[Fact]:
        """Customers with MRR at the end, with or without a rate."""
        return [
            Fact(0, self.dims(subject))
            for subject, subscriptions in self.by_customer.items()
            if total_before(subscriptions, window.end).paying
        ]

    def kept(self, window: Window) -> list[Fact]:
        """Every customer over a window."""
        return [Fact(0, self.dims(subject), self.kept_of(subject, window)) for subject in self.by_customer]

    def kept_of(self, subject: str, window: Window) -> Kept:
        """One customer; one with earlier movements had paid before."""
        plans, moves = self.by_customer[subject], self.movements[subject]
        prices = [one.worth_before(window.start) for one in plans if one.price_before(window.start)[0]]
        moved = [move for at, move in moves if window.start <= at < window.end]
        return Kept(prices, bool(prices), any(at < window.start for at, _ in moves), moved)


def subscription_rows(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Events by subscription."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        if row.type.startswith("crm.subscription."):
            found.setdefault(str(row.data["subscription_id"]), []).append(row)
    return found


def worth(facts: Sequence[Fact]) -> Figure:
    """Sum of prices."""
    return money_sum([fact.what for fact in facts])


def a_year(facts: Sequence[Fact]) -> Figure:
    """Twelve times the sum of prices."""
    month = worth(facts)
    total = 12 * Fraction(month.value or 0)
    return Figure(total, total, None, month.n, month.unpriced)


def an_account(paid: Sequence[Fact], payers: Sequence[Fact]) -> Figure:
    """The sum of prices per paying customer."""
    month = worth(paid)
    total = Fraction(month.value or 0)
    return Figure(total / len(payers) if payers else None, total, len(payers), len(payers), month.unpriced)


def moved(*kinds: str) -> Callable[[Sequence[Fact]], Figure]:
    """The total of movements of these kinds, as positive amounts."""

    def figure(facts: Sequence[Fact]) -> Figure:
        found = [fact.what for fact in facts if fact.what.kind in kinds]
        total = sum((one.amount if one.kind in GAINS else -one.amount for one in found), Fraction(0))
        return Figure(total, total, None, sum(bool(one.amount) for one in found), sum(one.unpriced for one in found))

    return figure


def net_new(facts: Sequence[Fact]) -> Figure:
    """The sum of all movements, with each kind as a part."""
    parts = {f"mrr_{kind}": moved(kind)(facts).value for kind in (*GAINS, *LOSSES)}
    both = moved(*GAINS, *LOSSES)(facts)
    total = sum((fact.what.amount for fact in facts), Fraction(0))
    return Figure(total, total, None, both.n, both.unpriced, parts)


def retained(facts: Sequence[Fact], *, net: bool) -> Figure:
    """The MRR left from the start; net: plus what earlier payers added."""
    customers: list[Kept] = [fact.what for fact in facts]
    start = money_sum([price for one in customers for price in one.at_start])
    lost = [move for one in customers if one.paying for move in one.moved if move.kind in LOSSES]
    won = [move for one in customers if one.known for move in one.moved if move.kind in ("expansion", "reactivation")]
    moves = [*lost, *(won if net else [])]
    bottom = Fraction(start.value or 0)
    top = bottom + sum((move.amount for move in moves), Fraction(0))
    unpriced = start.unpriced + sum(move.unpriced for move in moves)
    return Figure(top / bottom if bottom else None, top, bottom, start.n, unpriced)


def quick_ratio(facts: Sequence[Fact]) -> Figure:
    """MRR gained per unit lost."""
    gain, loss = moved(*GAINS)(facts), moved(*LOSSES)(facts)
    top, bottom = Fraction(gain.value or 0), Fraction(loss.value or 0)
    return Figure(top / bottom if bottom else None, top, bottom, loss.n, gain.unpriced + loss.unpriced)
