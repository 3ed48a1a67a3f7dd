"""What a subject's subscriptions add to the numbers, together."""

from kpis.cells.deltas import Delta
from kpis.cells.ledger import MANY
from kpis.facts.mrr import Recurring, read_plans
from kpis.tenant.fx_dependents import worth
from kpis.tenant.readings import prices_of
from kpis.tenant.tenant import Tenant


def mrr_parts(tenant: Tenant, root: str) -> dict[str, list[Delta]]:
    """What a subject's subscriptions add to the numbers."""
    keys = list(tenant.people.owned_by(root, "subscription"))
    plans = read_plans(((key, prices_of(tenant, key)) for key in keys), tenant.zone)
    home, version = tenant.settings.currency, tenant.rates.version
    if sum(len(plan.steps) for plan in plans.values()) <= MANY:
        return Recurring(home, worth(tenant)).go_on(plans).parts()
    held = tenant.recurring.get(root)
    if held is None or held.version != version:
        held = tenant.recurring[root] = Recurring(home, worth(tenant), version)
    return held.go_on(plans).parts()
