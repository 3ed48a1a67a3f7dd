"""Reads all customers of a tenant together.

One pass over the facts that decide about them is several times as fast as a lookup per customer.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from kpis.cells.declared import DECLARED
from kpis.facts.customers import Customer, CustomerFacts, bought_intervals, customer_since, read_customer
from kpis.facts.spending import NOTHING_SPENT, Purchase, read_spending
from kpis.identity.ids import NODE_SPACES
from kpis.slices import Work
from kpis.tenant.customer_index import Business
from kpis.tenant.purchases import PLACE, REVENUE_KINDS, is_guest
from kpis.tenant.readings import prices_of
from kpis.tenant.tenant import Tenant

BOUGHT: Final = frozenset({"active_bought", "lost_bought"})
SPENDING: Final = frozenset({"ltv", "new_business"})
# Measures of customers that do not depend on when they are active.
BEGINNING: Final = SPENDING | {"new_customers"}
OF_CUSTOMERS: Final = frozenset(one.name for one in DECLARED if not {"customer", "score"}.isdisjoint(one.groups))
STATED: Final = 3  # units of work of an id,
OWNED: Final = 2  # of what it owns,
AT_ONCE: Final = 1000  # so many before a yield


class Customers:
    """The customers of one tenant, with as much detail as the measures ``bases`` need. Call `read` first."""

    def __init__(self, tenant: Tenant, bases: frozenset[str]) -> None:
        self._tenant = tenant
        self._active = not (bases & OF_CUSTOMERS) <= BEGINNING | BOUGHT
        self._bought_too = not bases.isdisjoint(BOUGHT)
        self._spending = not bases.isdisjoint(SPENDING)
        self._revenue_kinds = REVENUE_KINDS[tenant.settings.revenue_from]
        self._facts: defaultdict[str, CustomerFacts] = defaultdict(CustomerFacts)
        self._revenue: defaultdict[str, list[Purchase]] = defaultdict(list)

    def read(self) -> Work:
        """Read the CRM's events of customers, and their purchases and subscriptions."""
        yield from self._read_stated()
        yield from self._read_owned()

    def _subject(self, raw: str) -> str | None:
        """The subject of an id; None: an object that has an owner now has no subject of its own."""
        root = self._tenant.people.subject(raw)
        return root if root == raw or raw.startswith(NODE_SPACES) else None

    def _read_stated(self) -> Work:
        for turn, (raw, events) in enumerate(self._tenant.customers.items(), 1):
            root = self._subject(raw)
            if root is not None and events:
                facts = self._facts[root]
                for event in events:
                    getattr(facts, event.kind).append(event.time)  # created, reactivated, churned
            if not turn % AT_ONCE:
                yield STATED * AT_ONCE

    def _read_owned(self) -> Work:
        subscriptions = self._tenant.subscriptions
        for turn, (raw, owned) in enumerate(self._tenant.people.owned.items(), 1):
            orders, deals, plans = owned.get("order", ()), owned.get("deal", ()), owned.get("subscription", ())
            if (orders or deals or plans) and (root := self._subject(raw)) is not None:
                for key in orders:
                    self._buy(root, "order", key)
                for key in deals:
                    self._buy(root, "deal", key)
                for key in plans:
                    if subscriptions.get(key):
                        self._facts[root].subscriptions.append(prices_of(self._tenant, key))
            if not turn % AT_ONCE:
                yield OWNED * AT_ONCE
        for facts in self._facts.values():
            facts.orders.sort()
            facts.deals.sort()

    def _buy(self, root: str, kind: str, key: str) -> None:
        found = self._tenant.purchases.get(f"{kind}:{key}")
        if found is not None and not (kind == "order" and is_guest(root)):
            facts = self._facts[root]
            (facts.orders if kind == "order" else facts.deals).append(found[0])
            if self._spending and kind in self._revenue_kinds:
                self._revenue[root].append(found)

    @property
    def roots(self) -> list[str]:
        """Subjects that may be customers."""
        return list(self._facts)

    def since(self, root: str) -> int | None:
        """When a subject became a customer, ms; None for a prospect."""
        facts = self._facts.get(root)
        return None if facts is None else customer_since(facts)

    def business(self, root: str) -> Business:
        """A customer, with their revenue where the measures need it."""
        facts, settings = self._facts[root], self._tenant.settings
        if self._active:
            customer = read_customer(facts, settings, bought_too=self._bought_too)
        else:
            bought = bought_intervals(facts, settings) if self._bought_too else ()
            customer = Customer(customer_since(facts), (), bought, (), contract=False)
        if not self._spending:
            return Business(customer, NOTHING_SPENT)
        revenue = sorted(self._revenue.get(root, ()), key=PLACE)
        return Business(customer, read_spending(facts, customer.since, revenue, settings))

    def all(self) -> Iterator[tuple[str, Business]]:
        """Every subject that may be a customer."""
        return ((root, self.business(root)) for root in self._facts)
