"""The contribution of a subject as a customer, and of its acquisition."""

from kpis.cells.ledger import Contribution
from kpis.contributions.acquisition import of_acquisition
from kpis.tenant.tenant import Tenant


def of_customer(tenant: Tenant, root: str) -> Contribution:
    """A subject as a customer; empty if ``root`` is no longer a subject."""
    return tenant.customer_index.contribution(root)


def of_way(tenant: Tenant, root: str) -> Contribution:
    """How a subject became a customer."""
    return of_acquisition(tenant, root, tenant.customer_index.now(root).customer.since)
