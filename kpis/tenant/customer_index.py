"""The customers that a batch changes: as currently counted and as they are when it ends, each read once.

A purchase or a contract event emits only the difference. A change of links or segments retracts and re-emits the whole
customer.
"""

from typing import Final, NamedTuple

from kpis.calendar.zone import Zone
from kpis.cells.cells import Rows
from kpis.cells.declared import DECLARED
from kpis.cells.ledger import Contribution
from kpis.cells.measures import base_of
from kpis.facts.customers import NOBODY, Customer, CustomerFacts, customer_changes, note_losses, read_customer
from kpis.facts.losses import Losses
from kpis.facts.spending import NOTHING_SPENT, Spending, read_spending, spending_changes
from kpis.tenant.customers import customer_facts
from kpis.tenant.facts import TenantFacts
from kpis.tenant.purchases import customer_revenue

GROUP: Final = "customer"
# Customer measures with segments; cohorts have none, and losses are counted separately.
SEGMENTED_CUSTOMERS: Final = frozenset(row.name for row in DECLARED if GROUP in row.groups and row.grain == "subject")


class Business(NamedTuple):
    """A subject as a customer, and its spending."""

    customer: Customer
    spending: Spending


NO_FACTS: Final = CustomerFacts()
NO_BUSINESS: Final = Business(NOBODY, NOTHING_SPENT)


class CustomerIndex:
    """The customers of one tenant that a batch changes. ``contribution`` is that of the group `GROUP`."""

    def __init__(self, tenant: TenantFacts) -> None:
        self._tenant = tenant
        self._losses = Losses()
        self._before: dict[str, Business] = {}  # subject id -> as counted, for those that changed since
        self._now: dict[str, Business] | None = None  # subject id -> as it is, while a batch ends

    def note(self, root: str) -> None:
        """Note that a fact that decides when a subject is a customer, or active, is about to change."""
        ledger = self._tenant.ledger
        if root not in self._before and GROUP not in ledger.unwanted and not ledger.is_open(GROUP, root):
            self._before[root] = self._read(root)

    def counted(self, root: str) -> Business:
        """A subject's business as currently counted."""
        return self._before.get(root) or self._read(root)

    def now(self, root: str) -> Business:
        """A subject's business according to its current facts."""
        if self._now is None:
            return self._read(root)
        found = self._now.get(root)
        if found is None:
            found = self._now[root] = self._read(root)
        return found

    def _read(self, root: str) -> Business:
        tenant = self._tenant
        if tenant.people.subject(root) != root:
            return NO_BUSINESS  # no longer a subject
        facts = customer_facts(tenant, root)
        if facts == NO_FACTS:
            return NO_BUSINESS  # most subjects are not customers
        customer = read_customer(facts, tenant.settings)
        revenue = list(customer_revenue(tenant, root))  # a copy, as the cached list follows later changes
        return Business(customer, read_spending(facts, customer.since, revenue, tenant.settings))

    def drop(self, root: str) -> None:
        """Forget a subject, after it was retracted."""
        self._before.pop(root, None)

    def contribution(self, root: str) -> Contribution:
        """A subject's contribution as currently counted, from then on considered retracted.

        Losses are not part of it: they are retracted here as a side effect or, at the end of a batch, added.
        """
        before = self._before.pop(root, None)
        business = self.now(root) if before is None else before
        if self._now is None:
            self._note_losses(root, business, NO_BUSINESS)
        else:
            self._note_losses(root, NO_BUSINESS, business)
        return self._changes(root, NO_BUSINESS, business)

    def adds(self, segments: int, business: Business, *, moves: bool, cohorts: bool, gaps: bool) -> Contribution:
        """What this business contributes in these segments, apart from levels, between batches. Changes no state.

        Losses: see `Losses.note_all`. ``moves``, ``cohorts``, ``gaps`` and levels: see `customer_changes`.
        """
        tenant, (customer, spending) = self._tenant, business
        for delta in customer_changes(
            NOBODY, customer, tenant.zone, levels=False, moves=moves, cohorts=cohorts, gaps=gaps
        ):
            yield (segments if base_of(delta[0]) in SEGMENTED_CUSTOMERS else 0), delta
        if spending is not NOTHING_SPENT:
            for delta in spending_changes(NOTHING_SPENT, spending, tenant.settings, tenant.zone):
                yield segments, delta

    def settle(self) -> None:
        """All facts of a batch are stored; none changes until `close`."""
        self._now = {}

    def put(self) -> list[str]:
        """Emit what the batch changed; returns the customers concerned."""
        noted = list(self._before)
        for root, before in self._before.items():
            after = self.now(root)
            self._note_losses(root, before, after)
            self._tenant.ledger.move(self._changes(root, before, after))
        self._before.clear()
        return noted

    def close(self) -> None:
        """The batch has ended."""
        self._now = None

    def flush(self, rows: Rows, zone: Zone) -> None:
        """Add the changed losses to a batch's rows."""
        self._losses.flush(rows, zone)

    def _note_losses(self, root: str, before: Business, after: Business) -> None:
        segments = self._tenant.people.segments(root)
        note_losses(self._losses, segments, before.customer, after.customer)

    def _changes(self, root: str, before: Business, after: Business) -> Contribution:
        segments = self._tenant.people.segments(root)
        tenant = self._tenant
        for delta in customer_changes(before.customer, after.customer, tenant.zone):
            yield (segments if base_of(delta[0]) in SEGMENTED_CUSTOMERS else 0), delta
        for delta in spending_changes(before.spending, after.spending, tenant.settings, tenant.zone):
            yield segments, delta
