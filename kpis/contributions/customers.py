"""What a subject adds to the numbers as a customer, and how it became one."""

from typing import Final

from kpis.cells.ledger import Contribution
from kpis.contributions.acquisition import of_acquisition
from kpis.facts.customers import customer_deltas, customer_since
from kpis.facts.spending import spending_deltas
from kpis.tenant.customers import customer_facts
from kpis.tenant.facts import TenantFacts
from kpis.tenant.purchases import revenue_facts

# Measures of customers that are read by segment; pairs of states (churn, retention) have no segments.
SEGMENTED_CUSTOMERS: Final = frozenset({"new_customers", "active", "lost@month", "reactivations"})


def of_customer(tenant: TenantFacts, root: str) -> Contribution:
    """A subject as a customer; nothing for a name that is no subject any more."""
    if tenant.people.subject(root) != root:
        return
    segments = tenant.people.segments(root)
    facts = customer_facts(tenant, root)
    for delta in customer_deltas(facts, tenant.settings, tenant.zone):
        yield (segments if delta.measure in SEGMENTED_CUSTOMERS else 0), delta
    for delta in spending_deltas(facts, revenue_facts(tenant, root), tenant.settings, tenant.zone):
        yield segments, delta


def of_way(tenant: TenantFacts, root: str) -> Contribution:
    """How a subject became a customer."""
    return of_acquisition(tenant, root, customer_since(customer_facts(tenant, root)))
