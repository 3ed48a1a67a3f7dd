"""Customer spending: revenue facts, refunds, and purchase frequency."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Final, NamedTuple

from models.record import Row
from recount.facts import Dims, Fact, Figure, dated, ratio
from recount.figures import money_sum, quantile
from recount.identity import moment
from recount.money import digits
from recount.quality import Types
from recount.revenue import Order, effective, is_guest, orders_of
from recount.tenant import Tenant
from recount.windows import NEVER, Window, local_date

ORDERS: Final = Types(("crm.order.",))


class Paid(NamedTuple):
    """A kept order or a won deal."""

    at: int
    name: str  # kind and id
    amount: Fraction | None  # in the reporting currency; None if it can't be priced


class Spending:
    """The revenue facts of every subject of a tenant."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant, self.rates, self.people = tenant, tenant.rates, tenant.people
        self.orders: dict[str, list[Paid]] = {}
        self.deals: dict[str, list[Paid]] = {}
        self.first_plans: dict[str, Fact] = {}
        changes: list[Fact] = []
        for name, order in orders_of(tenant.counted).items():
            changes += self.note_order(self.people.subject_of_object("order", name), name, order)
        self.note_deals()
        self.note_plans(tenant.counted)
        self.changes = dated(changes)
        self.sales = dated(Fact(paid.at, self.dims(who), who) for who, all_ in self.orders.items() for paid in all_)
        self.joined = dated(
            Fact(customer.since, customer.dims, len(self.orders.get(who, [])))
            for who, customer in tenant.revenue.customers.items()
            if customer.since is not None
        )
        self.gaps = dated(fact for who, all_ in self.orders.items() for fact in self.gaps_of(who, all_))
        firsts = [self.first_of(who) for who in tenant.revenue.customers]
        self.first_business = dated(fact for fact in firsts if fact is not None)
        self.customers = dated(
            Fact(customer.since, customer.dims, [paid.amount for paid in self.facts(who)])
            for who, customer in tenant.revenue.customers.items()
            if customer.since is not None
        )

    def dims(self, who: str) -> Dims:
        """The segments of a subject."""
        return self.tenant.dims_of_subject(who)

    def note_order(self, who: str, name: str, order: Order) -> Iterable[Fact]:
        """Record an order as a purchase; yields what was returned, each part at its own time and rate."""
        if order.completed is None:
            return
        if order.kept:
            net = order.net(self.rates, net_of_tax=self.tenant.settings.net_of_tax)
            if not is_guest(who):
                self.orders.setdefault(who, []).append(Paid(order.completed.time, f"order:{name}", net))
        for row, taken in order.taken_back():
            yield Fact(row.time, self.dims(who), self.less(taken, row.data["currency"], row.time))
        if order.cancelled:
            currency = order.completed.data["currency"]
            left = max(0, order.completed.data["amount"] - order.refunded(currency))
            at = self.cancelled_at(name)
            yield Fact(at, self.dims(who), self.less(left, currency, at))

    def cancelled_at(self, name: str) -> int:
        """The first cancellation of an order."""
        rows = [row for row in self.tenant.counted if row.type == "crm.order.cancelled"]
        return min(row.time for row in rows if str(row.data["order_id"]) == name)

    def less(self, minor: int, currency: str, at: int) -> Fraction | None:
        """An amount as a reduction."""
        return self.rates.price(-minor, currency, at)

    def note_deals(self) -> None:
        """Won deals as purchases."""
        for name, deal in self.tenant.deals.kept.items():
            if deal.state == "won" and deal.closed is not None:
                who = self.people.subject_of_object("deal", name)
                self.deals.setdefault(who, []).append(Paid(deal.closed, f"deal:{name}", deal.closed_value))

    def note_plans(self, rows: Iterable[Row]) -> None:
        """The first price above zero of each subject's subscriptions."""
        plans = [row for row in rows if row.type in ("crm.subscription.started", "crm.subscription.changed")]
        for row in sorted(plans, key=lambda row: (effective(row), *moment(row))):
            if row.data.get("mrr"):
                who = self.people.subject_of_object("subscription", str(row.data["subscription_id"]))
                at = effective(row)
                price = self.rates.price(row.data["mrr"], row.data["currency"], at)
                self.first_plans.setdefault(who, Fact(at, self.dims(who), price))

    def facts(self, who: str) -> list[Paid]:
        """A subject's revenue facts, according to `revenue_from`."""
        wanted = self.tenant.settings.revenue_from
        orders = self.orders.get(who, []) if wanted != "deals" else []
        return [*orders, *(self.deals.get(who, []) if wanted != "orders" else [])]

    def first_of(self, who: str) -> Fact | None:
        """A subject's first revenue: by contract if there ever was one, unless only deals are revenue."""
        if self.tenant.settings.revenue_from != "deals" and self.tenant.revenue.customers[who].contractual:
            return self.first_plans.get(who)
        paid = min(self.facts(who), key=lambda one: one[:2], default=None)
        return None if paid is None else Fact(paid.at, self.dims(who), paid.amount)

    def buyers_again(self, window: Window) -> list[Fact]:
        """Buyers with an order before the window, or two in it."""
        return [
            buyer
            for buyer in self.buyers(window)
            if any(order.at < window.low for order in self.orders[buyer.what])
            or sum(window.low <= order.at < window.end for order in self.orders[buyer.what]) > 1
        ]

    def gaps_of(self, who: str, orders: list[Paid]) -> list[Fact]:
        """Local days between a subject's consecutive orders, dated at the later one."""
        zone = self.tenant.zone
        return [
            Fact(later.at, self.dims(who), (local_date(later.at, zone) - local_date(one.at, zone)).days)
            for one, later in pairwise(sorted(orders, key=lambda order: order[:2]))
        ]

    def known(self, window: Window) -> list[Fact]:
        """Customers since before the end of a window."""
        return self.customers(window._replace(low=NEVER))

    def buyers(self, window: Window) -> list[Fact]:
        """Subjects with a kept order in a window, each once."""
        return list({fact.what: fact for fact in self.sales(window)}.values())

    def cells(self, window: Window) -> Iterable[tuple[str, Figure, Types]]:
        """Customers by cell of recency, frequency and money at the end of a window."""
        sums: dict[str, tuple[int, int, int]] = {}
        missing: dict[str, int] = {}
        for who, all_ in self.orders.items():
            if until := [paid for paid in all_ if paid.at < window.end]:
                last = local_date(max(paid.at for paid in until), self.tenant.zone).toordinal()
                sums[who] = (last, len(until), self.rounded([paid.amount for paid in until]))
                missing[who] = sum(paid.amount is None for paid in until)
        found: dict[str, list[str]] = {}
        for who, own in sums.items():
            ranks = [1 + 5 * sum(other[k] < own[k] for other in sums.values()) // len(sums) for k in range(3)]
            found.setdefault("-".join(map(str, ranks)), []).append(who)
        for name, cell in found.items():
            yield name, Figure(len(cell), len(cell), None, len(cell), sum(missing[who] for who in cell)), ORDERS

    def rounded(self, amounts: Sequence[Fraction | None]) -> int:
        """A sum in minor units of the reporting currency, half to even."""
        total = sum((amount for amount in amounts if amount is not None), Fraction(0))
        return round(total * int(10 ** digits(self.tenant.settings.currency)))

    def median(self, customers: Sequence[Fact]) -> Figure:
        """Median customer value."""
        middle = quantile([self.rounded(fact.what) for fact in customers], Fraction(1, 2))
        unpriced = sum(amount is None for fact in customers for amount in fact.what)
        value = None if middle is None else Fraction(middle) / 10 ** digits(self.tenant.settings.currency)
        return Figure(value, None, None, len(customers), unpriced)


def mean_value(customers: Sequence[Fact]) -> Figure:
    """Mean customer value to date."""
    worth = money_sum([amount for fact in customers for amount in fact.what])
    total = Fraction(worth.numerator or 0)
    figure = ratio(total, len(customers))
    return Figure(figure.value, total, len(customers), len(customers), worth.unpriced)


def ordered_twice(customers: Sequence[Fact]) -> Figure:
    """The share of new customers with two orders by now."""
    return ratio(sum(fact.what > 1 for fact in customers), len(customers))


def middle_gap(gaps: Sequence[Fact]) -> Figure:
    """Median days between orders."""
    return Figure(quantile([fact.what for fact in gaps], Fraction(1, 2)), None, None, len(gaps))


def mean_gap(gaps: Sequence[Fact]) -> Figure:
    """Mean days between orders."""
    return ratio(sum(fact.what for fact in gaps), len(gaps))


def retention_cost(costs: Sequence[Fact], pairs: Sequence[Fact]) -> Figure:
    """Retention spending per customer active at both ends."""
    money = money_sum([fact.what[1] for fact in costs])
    kept = sum(fact.what.at_start and fact.what.at_end for fact in pairs)
    total = Fraction(money.numerator or 0)
    return Figure(total / kept if kept else None, total, kept, kept, money.unpriced)


def amounts(facts: Sequence[Fact]) -> Figure:
    """A sum of money."""
    return money_sum([fact.what for fact in facts])
