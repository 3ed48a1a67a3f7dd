"""What a tenant derives from all of its facts: after a restart, and for a check of its cells."""

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from kpis import groups, reach
from kpis.cells import Rows
from kpis.people import PERSON_GROUPS, SUBJECT_GROUPS
from kpis.pseudonyms import is_plain
from kpis.purchases import purchase
from kpis.rated import note_rated
from kpis.touches import LATE, LOGINS, Touches

if TYPE_CHECKING:
    from kpis.tenant import Tenant

USER: Final = "user:"
MESSAGE: Final = "message:"


def restore(tenant: "Tenant") -> None:
    """Make everything that is derived from restored facts."""
    people = tenant.people
    tenant.put_together()
    people.identity.rebuild_all()
    tenant.plain_messages = _plain_messages(tenant)
    for kind, shelf in (("deal", tenant.deals), ("order", tenant.orders)):
        for key in shelf:
            tenant.shelve(kind, key)
            if (found := purchase(tenant, f"{kind}:{key}")) is not None:
                tenant.purchases[f"{kind}:{key}"] = found
    for kind, priced in (("subscription", tenant.subscriptions), ("contract", tenant.contracts)):
        for key in priced:
            tenant.shelve(kind, key)
            note_rated(tenant, f"{kind}:{key}")
    for lead in tenant.leads:
        people.own("lead", lead, lead, None)
    for kind, keys in (("late", tenant.late), ("record", tenant.records), ("ticket", tenant.tickets)):
        for key in keys:
            tenant.shelve_with(kind, key, key.partition("\0")[0])
    tenant.marketing = {raw: Touches.restored(chunks) for raw, chunks in tenant.stored_marketing.items()}
    tenant.stored_marketing = {}
    for part in (tenant.conversions, tenant.clicks, tenant.forms):
        part.restore()
    reach.restore(tenant)
    people.restore(
        [*_holders(tenant), *people.attributes, *tenant.customers, *tenant.contacts.of],
        [*tenant.leads, *tenant.purchases],
    )
    tenant.landings.restore()
    held = (*tenant.customers, *tenant.purchases, *(f"subscription:{key}" for key in tenant.subscriptions))
    tenant.spenders.refresh({people.subject(raw) for raw in held})
    for raw, touches in people.touches.items():
        if raw.startswith(USER) and any(kind in LOGINS for _, kind, _, _ in touches):
            tenant.shelve_with("logins", raw, raw)
        if any(flags & LATE and kind in groups.TOUCHES_OF_SUBJECTS for _, kind, flags, _ in touches):
            tenant.shelve_with("late_views", raw, raw)
    for root in {people.subject(one) for one in (*tenant.marketing, *held)}:
        deque(groups.of_way(tenant, root), maxlen=0)  # its horizon


def _plain_messages(tenant: "Tenant") -> set[str]:
    """Messages that an earlier build stored by their own id."""
    stored = (key.partition("\0")[0] for key in tenant.messages)
    owned = (thing.removeprefix(MESSAGE) for thing in tenant.people.owners if thing.startswith(MESSAGE))
    held = (raw.removeprefix(MESSAGE) for raw in tenant.people.stored_touches if raw.startswith(MESSAGE))
    return {one for told in (stored, owned, held) for one in told if is_plain(one)}


def contribution(tenant: "Tenant") -> Rows:
    """What all facts contribute, as a batch's rows: for a check of the cells."""
    ledger, people = tenant.ledger, tenant.people
    assert not ledger.rows, "a batch is running"
    shelves: dict[str, Iterable[str]] = {
        "deal": tenant.deals,
        "order": tenant.orders,
        "credit": tenant.purchases,
        "contract": tenant.contracts,
        "lead": tenant.leads,
        "message": tenant.messages,
        "late": tenant.late,
        "record": tenant.records,
        "ticket": tenant.tickets,
        "cost": tenant.costs,
        "click": tenant.clicks.facts,
    }
    for kind, shelf in shelves.items():
        for key in shelf:
            ledger.open_empty(kind, key)
    for raw in people.touches:
        ledger.open_empty("late_views", raw)
        if raw.startswith(USER):
            ledger.open_empty("logins", raw)
    reach.open_all(tenant)
    for person in people.everyone((*tenant.customers, *_holders(tenant))):
        for kind in SUBJECT_GROUPS:
            ledger.open_empty(kind, people.subject(person))
        for kind in PERSON_GROUPS:
            ledger.open_empty(kind, person)
    ledger.close()
    for touches in people.touches.values():
        tenant.add_touches(touches)
    for raw in tenant.contacts.of:
        reach.late_without_deal(tenant, raw)
    people.sets.recount()
    people.sets.flush(ledger.rows, tenant.zone)
    return ledger.take()


def _holders(tenant: "Tenant") -> tuple[str, ...]:
    """Ids with facts of their own that move with them, beside touches and traits."""
    shelves = (tenant.answers, tenant.scores, tenant.signups, tenant.signins, tenant.marketing)
    return (*(raw for shelf in shelves for raw in shelf), *tenant.conversions.raws, *tenant.forms.raws)
