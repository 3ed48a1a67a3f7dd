"""The facts that define a customer: CRM events, purchases and subscriptions."""

from kpis.facts.customers import CustomerFacts
from kpis.facts.prices import Prices
from kpis.tenant.facts import TenantFacts
from kpis.tenant.purchases import customer_orders, purchases_of
from kpis.tenant.readings import prices_of, reported_of


def customer_facts(tenant: TenantFacts, root: str) -> CustomerFacts:
    """The facts that decide whether and when a subject is a customer."""
    facts = CustomerFacts()
    for member in tenant.people.identity.members(root):
        if member in tenant.customers:
            times = reported_of(tenant, member).times
            facts.created += times["created"]
            facts.reactivated += times["reactivated"]
            facts.churned += times["churned"]
    facts.orders = [one[0] for one in customer_orders(tenant, root)]
    facts.deals = [one[0] for one in purchases_of(tenant, root, "deal")]
    facts.subscriptions = subscriptions_of(tenant, root)
    return facts


def subscriptions_of(tenant: TenantFacts, root: str) -> list[Prices]:
    """A subject's subscriptions."""
    keys = tenant.people.owned_by(root, "subscription")
    return [prices_of(tenant, key) for key in keys if tenant.subscriptions.get(key)]
