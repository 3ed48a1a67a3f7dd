"""Orders, subscriptions and their customers, and when each is active."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import inf
from typing import Final, NamedTuple

from models.record import Row
from recount.deals import Deals
from recount.facts import Dims, Fact, dated
from recount.identity import People, moment
from recount.money import Rates, in_one_unit
from recount.windows import DAY, QUARTER_HOUR, Window, ceil_to

Span = tuple[float, float]
NO_SPANS: Final[list[Span]] = []


@dataclass
class Order:
    """One order: its latest completion, cancellation and refunds."""

    completed: Row | None = None
    cancelled: bool = False
    refund_rows: list[Row] = field(default_factory=list)  # including repeats

    @property
    def refunds(self) -> list[Row]:
        """In time order; of repeats with one ``refund_id``, the last one wins."""
        by_id = {row.data.get("refund_id") or (row.id, row.source): row for row in sorted(self.refund_rows, key=moment)}
        return sorted(by_id.values(), key=moment)

    def refunded(self, currency: object, field: str = "amount") -> int:
        """Refunds in the order's own currency, or the tax in them, minor units."""
        return sum(row.data.get(field) or 0 for row in self.refunds if row.data.get("currency") == currency)

    def taken_back(self) -> list[tuple[Row, int]]:
        """The amount each refund returned, minor units: at most what was left; omitted if nothing was."""
        data = self.completed.data if self.completed else {}
        left, found = data.get("amount"), []
        for row in self.refunds:
            amount = taken = int(row.data["amount"])
            if left is not None and row.data["currency"] == data["currency"]:
                taken = min(amount, left)
                left -= taken
            if taken or not amount:
                found.append((row, taken))
        return found

    @property
    def kept(self) -> bool:
        """Completed, not cancelled, and not fully refunded; a free order can't be refunded."""
        if self.completed is None or self.cancelled:
            return False
        amount = self.completed.data.get("amount")
        return not amount or self.refunded(self.completed.data.get("currency")) < amount

    def net(self, rates: Rates, *, net_of_tax: bool) -> Fraction | None:
        """Amount less tax and net refunds, at least 0; None if it can't be priced."""
        if self.completed is None:
            return None
        return rates.price(self.left(net_of_tax=net_of_tax), self.completed.data.get("currency"), self.completed.time)

    def left(self, *, net_of_tax: bool) -> int | None:
        """The same in minor units of its own currency."""
        data = self.completed.data if self.completed else {}
        currency = data.get("currency")
        foreign = any(row.data.get("currency") != currency for row in self.refunds)
        if foreign or not isinstance(data.get("amount"), int):
            return None
        sold, back = int(data["amount"]), self.refunded(currency)
        if net_of_tax:
            sold, back = sold - (data.get("tax") or 0), back - self.refunded(currency, "tax")
        return max(0, sold - back)


def orders_of(rows: Iterable[Row]) -> dict[str, Order]:
    """Every order from its events."""
    by_id: dict[str, list[Row]] = {}
    for row in sorted((row for row in rows if row.type.startswith("crm.order.")), key=moment):
        by_id.setdefault(str(row.data["order_id"]), []).append(row)
    return {name: order_of(in_one_unit(events)) for name, events in by_id.items()}


def order_of(events: Iterable[Row]) -> Order:
    """An order from its events, in order."""
    order = Order()
    for row in events:
        if row.type == "crm.order.completed":
            order.completed = row
        elif row.type == "crm.order.cancelled":
            order.cancelled = True
        elif row.type == "crm.order.refunded":
            order.refund_rows.append(row)
    return order


def effective(row: Row) -> int:
    """When a subscription event takes effect."""
    at = row.data.get("effective_at")
    return at if isinstance(at, int) else row.time


def in_force(rows: Sequence[Row]) -> list[Row]:
    """A subscription's events, without cancellations that a later event revoked before they took effect."""
    revoking = [
        row
        for row in rows
        if row.type == "crm.subscription.resumed" or (row.type == "crm.subscription.changed" and row.data.get("mrr"))
    ]
    return [
        row
        for row in rows
        if row.type != "crm.subscription.cancelled"
        or not any(one.time > row.time and effective(one) <= effective(row) for one in revoking)
    ]


def paying_spans(rows: Sequence[Row]) -> list[Span]:
    """When a subscription had an mrr above zero; empty spans are omitted."""
    now, last, since = 0, 0, -inf
    spans: list[Span] = []
    for row in sorted(in_force(rows), key=lambda row: (effective(row), *moment(row))):
        before, verb = now, row.type.removeprefix("crm.subscription.")
        if verb in ("started", "changed"):
            now = last = row.data.get("mrr") or 0
        elif verb in ("paused", "cancelled"):
            now = 0
        elif verb == "resumed":
            now = last
        if now > 0 >= before:
            since = effective(row)
        elif before > 0 >= now and since < effective(row):
            spans.append((since, effective(row)))
    return [*spans, (since, inf)] if now > 0 else spans


def union(spans: Iterable[Span]) -> list[Span]:
    """Overlapping and adjacent spans joined; empty ones removed."""
    found: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def inside(spans: Sequence[Span], at: int) -> bool:
    """Whether a state applies according to everything before an instant."""
    return any(start < at <= end for start, end in spans)


class Pair(NamedTuple):
    """A customer at both ends of a window."""

    at_start: bool
    at_end: bool


@dataclass
class Customer:
    """The facts of a subject that may be a customer."""

    dims: Dims
    created: list[int] = field(default_factory=list)  # customer.created
    returned: list[int] = field(default_factory=list)  # customer.reactivated
    churned: list[int] = field(default_factory=list)
    bought: list[int] = field(default_factory=list)  # kept orders and won deals
    contractual: bool = False
    paying: list[Span] = field(default_factory=list)
    active: list[Span] = field(default_factory=list)
    lively: list[Span] = field(default_factory=list)  # active by purchases alone

    @property
    def since(self) -> int | None:
        """Customer since: the first of creation, purchase, paid subscription."""
        return min([*self.created, *self.bought, *(int(start) for start, _ in self.paying)], default=None)

    def settle(self, days: int) -> None:
        """Determine when the customer was active."""
        self.lively = union(self.purchase_span(at, days, []) for at in self.bought)
        if self.contractual:
            self.active = union(self.paying)
        elif self.since is not None:
            starts = [self.since, *self.bought, *self.returned]
            self.active = union(self.purchase_span(at, days, self.churned) for at in starts)
        else:
            self.active = union(self.purchase_span(at, days, self.churned) for at in self.returned)

    @staticmethod
    def purchase_span(at: int, days: int, churned: Iterable[int]) -> Span:
        """Active for ``days`` from a purchase, or until the customer churns."""
        return at, min([ceil_to(at + days * DAY, QUARTER_HOUR), *(end for end in churned if end >= at)])


def is_guest(subject: str) -> bool:
    """Whether a subject is an order without any id of a person or account."""
    return subject.startswith("order:")


class Revenue:
    """Orders and customers of a tenant, and the lists the KPIs count."""

    def __init__(
        self, rows: Sequence[Row], people: People, deals: Deals, rates: Rates, dims: dict[str, Dims], unknown: Dims,
        *, days: int, net_of_tax: bool,
    ) -> None:  # fmt: skip
        self.dims, self.unknown = dims, unknown
        self.customers: dict[str, Customer] = {}
        self.guest_orders: list[Fact] = []
        self.orders = dated(self.kept_orders(rows, people, rates, net_of_tax=net_of_tax))
        self.guests = dated(self.guest_orders)
        self.note_customers(rows, people)
        self.note_subscriptions(rows, people)
        for deal_id, deal in deals.kept.items():
            if deal.state == "won" and deal.closed is not None:
                self.customer(people.subject_of_object("deal", deal_id)).bought.append(deal.closed)
        for customer in self.customers.values():
            customer.settle(days)
        self.new = dated(Fact(c.since, c.dims) for c in self.customers.values() if c.since is not None)
        spans = [(c, c.active) for c in self.customers.values()]
        self.leaves = dated(Fact(int(end), c.dims) for c, active in spans for _, end in active if end != inf)
        self.returns = dated(Fact(int(start), c.dims) for c, active in spans for start, _ in active[1:])

    def customer(self, subject: str) -> Customer:
        """The customer of a subject."""
        return self.customers.setdefault(subject, Customer(self.dims.get(subject, self.unknown)))

    def kept_orders(self, rows: Sequence[Row], people: People, rates: Rates, *, net_of_tax: bool) -> list[Fact]:
        """Kept orders with their net; each is also a purchase by its subject, unless that is a guest."""
        facts: list[Fact] = []
        for order_id, order in orders_of(rows).items():
            if order.kept and order.completed:
                subject, at = people.subject_of_object("order", order_id), order.completed.time
                fact = Fact(at, self.dims.get(subject, self.unknown), order.net(rates, net_of_tax=net_of_tax))
                facts.append(fact)
                if is_guest(subject):
                    self.guest_orders.append(fact)
                else:
                    self.customer(subject).bought.append(at)
        return facts

    def note_customers(self, rows: Iterable[Row], people: People) -> None:
        """Add what ``crm.customer.*`` events state explicitly."""
        for row in rows:
            if row.type.startswith("crm.customer."):
                customer = self.customer(people.subject(row))
                verb = row.type.removeprefix("crm.customer.")
                {"created": customer.created, "reactivated": customer.returned, "churned": customer.churned}.get(
                    verb, []
                ).append(row.time)

    def note_subscriptions(self, rows: Iterable[Row], people: People) -> None:
        """When each subscription paid, for the customer that owns it."""
        by_id: dict[str, list[Row]] = {}
        for row in rows:
            if row.type.startswith("crm.subscription."):
                by_id.setdefault(str(row.data["subscription_id"]), []).append(row)
        for subscription_id, events in by_id.items():
            customer = self.customer(people.subject_of_object("subscription", subscription_id))
            customer.contractual = True
            customer.paying += paying_spans(events)

    def active(self, window: Window) -> list[Fact]:
        """Customers active at the end of a window."""
        return [Fact(0, c.dims) for c in self.customers.values() if inside(c.active, window.end)]

    def pairs(self, window: Window) -> list[Fact]:
        """Customers active just before the start, or at the end."""
        return self.both_ends([(c.dims, c.active) for c in self.customers.values()], window)

    def lively_pairs(self, window: Window) -> list[Fact]:
        """The same by purchases alone."""
        return self.both_ends([(c.dims, c.lively) for c in self.customers.values()], window)

    @staticmethod
    def both_ends(all_spans: Iterable[tuple[Dims, Sequence[Span]]], window: Window) -> list[Fact]:
        """Who is active at either end of a window."""
        pairs = [(dims, Pair(inside(spans, window.start), inside(spans, window.end))) for dims, spans in all_spans]
        return [Fact(0, dims, pair) for dims, pair in pairs if any(pair)]
