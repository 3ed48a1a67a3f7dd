"""How a subject became a customer: where it came from, and how long it took.

The group reads the touches of all of a subject's ids and contacts. Most touches change neither this nor the credit of
its sales. The subject's *horizon* records which touches may.
"""

from typing import Final

from kpis.calendar.intervals import FOREVER
from kpis.cells.deltas import Delta
from kpis.cells.ledger import Contribution
from kpis.contributions.credit import campaign_code
from kpis.facts.attribution import Horizon, Touch
from kpis.facts.channels import LONGEST
from kpis.identity.ids import segment_of
from kpis.tenant.facts import TenantFacts
from kpis.tenant.journey import journey_of
from kpis.tenant.purchases import customer_orders, purchases_of, revenue_facts
from kpis.tenant.readings import reported_of

LATE_TOUCHES: Final = "late_touches"
WAY_GROUPS: Final = ("acquisition", LATE_TOUCHES)  # groups that read the fallback channel
BEGINNING: Final = -(1 << 62)
LATE_CUSTOMERS: Final = ("crm.subscription.", "crm.order.", "crm.customer.", "crm.deal.won")


def of_late_touches(tenant: TenantFacts, root: str) -> Contribution:
    """A subject's late touches, each in its channel and campaign; empty if ``root`` is no longer a subject."""
    if tenant.people.subject(root) == root:
        for touch, type_ in journey_of(tenant, root).late():
            yield late_touch(tenant, touch, type_)


def late_touch(tenant: TenantFacts, touch: Touch, type_: str) -> tuple[int, Delta]:
    """A late touch, in the segments of its channel and campaign."""
    return campaign_code(tenant, touch.origin), Delta(f"late.m:{type_}", touch.time, 1)


def of_acquisition(tenant: TenantFacts, root: str, since: int | None) -> Contribution:
    """A subject's acquisition and time to purchase; ``since`` (ms): when it became a customer. Updates its horizon.

    Empty if ``root`` is no longer a subject.
    """
    if tenant.people.subject(root) != root:
        tenant.horizons.pop(root, None)
        return
    journey = journey_of(tenant, root)
    if not journey.touched and since is None:
        tenant.horizons.pop(root, None)
        return
    first, sales = journey.first(), revenue_facts(tenant, root)
    last = sales[-1].time if sales else BEGINNING
    tenant.horizons[root] = Horizon(FOREVER if first is None else first.time, last, journey.fallback)
    if since is not None:
        channel, named = None if first is None else first.channel, _named(tenant, root)
        fallback = journey.fallback
        yield from _new_customer(tenant, root, since, (channel or named or fallback, named or channel or fallback))
    yield from _time_to_purchase(tenant, root, first)


def _named(tenant: TenantFacts, root: str) -> str | None:
    """The source given by the earliest ``customer.created`` that gives one."""
    members = [one for one in tenant.people.identity.members(root) if one in tenant.customers]
    created = [event for one in members for event in reported_of(tenant, one).created if event.origin not in (None, "")]
    return str(min(created).origin)[:LONGEST] if created else None


def _new_customer(tenant: TenantFacts, root: str, since: int, labels: tuple[str, str]) -> Contribution:
    """A new customer in its acquisition channel and in its source."""
    pairs = zip(("channel", "source"), labels, strict=True)
    channel, source = (tenant.sets.code((segment_of(*pair),)) for pair in pairs)
    yield channel, Delta("acquired", since, 1)
    yield source, Delta("sourced", since, 1)
    for key in tenant.people.owned_by(root, "late"):
        for event in tenant.late.get(key, ()):
            if event.label.startswith(LATE_CUSTOMERS):
                yield channel, Delta(f"late.a:{event.label}", event.time, 1)
                yield source, Delta(f"late.o:{event.label}", event.time, 1)


def _time_to_purchase(tenant: TenantFacts, root: str, first: Touch | None) -> Contribution:
    """Local days from the first touch to the first order or else won deal; dated at the purchase and at the touch."""
    bought = customer_orders(tenant, root) or purchases_of(tenant, root, "deal")
    segments, day = tenant.people.segments(root), tenant.zone.day
    if first is None:
        if bought:
            yield segments, Delta("ttp_untouched", bought[0].time, 1)
        return
    touched = first.time
    if not bought:
        yield segments, Delta("touched.open", touched, 1)
        return
    at = bought[0].time
    days = day(at // 60_000) - day(touched // 60_000)
    if days < 0:
        yield segments, Delta("bad_ttp", at, 1)
        yield segments, Delta("touched.bad", touched, 1)
        return
    yield segments, Delta(f"ttp={days}", at, 1)
    yield segments, Delta(f"touched.bought:{days}", touched, 1)
