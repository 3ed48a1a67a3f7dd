"""What is derived from all facts of a tenant: after a restart, for a redefinition, and to check its cells."""

from collections.abc import Iterable, Iterator
from typing import Final

from kpis.cells.cells import Cells
from kpis.cells.ledger import Group
from kpis.contributions.customers import of_way
from kpis.contributions.touches import TOUCHES_OF_SUBJECTS, add_touches
from kpis.contributions.touches_to_close import closings, late_without_deal
from kpis.facts.touches import LATE, LOGINS, restored_touches
from kpis.identity.pseudonyms import is_plain
from kpis.intake.kind import Owner
from kpis.intake.kinds import KINDS, LISTS, TABLES, named_by
from kpis.intake.ownership import assign_object
from kpis.slices import SLICE, Work, finish
from kpis.tenant.fx_dependents import note_rated
from kpis.tenant.purchases import purchase
from kpis.tenant.retractions import IDENTITY_CONFLICT, PERSON_GROUPS, SUBJECT_GROUPS
from kpis.tenant.spend_table import SPENDERS
from kpis.tenant.tenant import Tenant

# Facts by id that groups of its subject or person read; attributes are in these groups' segments.
HELD: Final = tuple(
    kind.name for kind in KINDS
    if kind.owner is Owner.ID and kind.contribution is None and kind.name != "attributes"
)  # fmt: skip
USER: Final = "user:"
MESSAGE: Final = "message:"
# Units of work.
OBJECT: Final = 15
GROUP: Final = 30
SUBJECT: Final = 60


def restore(tenant: Tenant) -> Work:
    """Rebuild everything that is derived from restored facts."""
    people = tenant.people
    tenant.chunks.assemble(lambda kind: LISTS[kind].table(tenant))
    yield from _admit(tenant)
    yield from people.identity.rebuild_all()
    tenant.plain_messages = _plain_messages(tenant)
    yield from _assign(tenant)
    yield from restored_touches(tenant.marketing, tenant.stored_marketing)
    for part in (tenant.conversions, tenant.clicks, tenant.forms):
        part.restore()
        yield SLICE
    yield from _restore_contacts(tenant)
    stepped = [*tenant.leads, *tenant.purchases]
    yield from people.restore([*holders(tenant), *people.traits.of, *tenant.contacts.of])
    yield from tenant.person_sets.restore(stepped)
    yield from tenant.landings.restore()
    for segment in tenant.landings.pages.segments():
        tenant.sets.admit(segment)
    held = (*tenant.customers, *tenant.purchases, *(f"subscription:{key}" for key in tenant.subscriptions))
    for root in dict.fromkeys(map(people.subject, held)):
        if tenant.keeps.wants(SPENDERS):
            tenant.spend_table.refresh((root,))
            yield SUBJECT
    yield from _note_touches(tenant)
    for root in dict.fromkeys(people.subject(one) for one in (*tenant.marketing, *held)):
        if "acquisition" not in tenant.ledger.unwanted:
            finish(of_way(tenant, root))  # its horizon
            yield SUBJECT
    tenant.forget_read()


def _restore_contacts(tenant: Tenant) -> Work:
    """Rebuild what is derived from contacts, deals and leads."""
    yield from tenant.contacts.restore()
    tenant.ages.changed |= tenant.deals.keys()
    for lead, events in tenant.leads.items():
        for event in events:
            if event.deal:
                tenant.leads_of_deal.setdefault(event.deal, set()).add(lead)


def _admit(tenant: Tenant) -> Work:
    """Admit the values that dimensions are full of, or have so far."""
    tenant.sets.settle()
    for segments in tenant.cells.series.segments_of.values():
        for segment in segments:
            tenant.sets.admit(segment)
        yield 1 + len(segments) // 2


def _plain_messages(tenant: Tenant) -> set[str]:
    """Messages that an earlier build stored by their plain id."""
    stored = (key.partition("\0")[0] for key in tenant.messages)
    owned = (thing.removeprefix(MESSAGE) for thing in tenant.people.owners.of if thing.startswith(MESSAGE))
    held = (raw.removeprefix(MESSAGE) for raw in tenant.people.stored_touches if raw.startswith(MESSAGE))
    return {one for found in (stored, owned, held) for one in found if is_plain(one)}


def _assign(tenant: Tenant) -> Work:
    """Assign the groups of facts to the ids that own them, and find the deals and orders that are purchases."""
    for name in named_by(Owner.OBJECT):
        for key in TABLES[name].table(tenant):
            assign_object(tenant, name, key)
            yield 2
    for kind in KINDS:
        if kind.owner in (Owner.ID, Owner.FIRST_PART) and kind.contribution is not None:
            for key in TABLES[kind.name].table(tenant):
                tenant.assign(kind.name, key, key.partition("\0")[0])
                yield 2
    for name in ("deal", "order"):
        for key, events in LISTS[name].table(tenant).items():
            if (found := purchase(tenant, f"{name}:{key}")) is not None:
                tenant.purchases[f"{name}:{key}"] = found
            yield OBJECT + len(events)
    for name in ("subscription", "contract"):
        for key in LISTS[name].table(tenant):
            note_rated(tenant, f"{name}:{key}")
            yield OBJECT


def _note_touches(tenant: Tenant) -> Work:
    """Index the ids with sign-ins, and those with late touches that count in their subject's segments."""
    for raw, touches in tenant.people.touches.items():
        if raw.startswith(USER) and any(kind in LOGINS for _, kind, _, _ in touches):
            tenant.assign("logins", raw, raw)
        if any(flags & LATE and kind in TOUCHES_OF_SUBJECTS for _, kind, flags, _ in touches):
            tenant.assign("late_views", raw, raw)
        yield 1 + len(touches.packed)


def contribute(tenant: Tenant, cells: Cells) -> Work:
    """Add all contributions to cells, a part at a time. No batch may run, and no fact change, until the end.

    The cells may be the tenant's own, when they are empty, or others, to be compared with its own.
    """
    ledger = tenant.ledger
    assert not ledger.rows, "a batch is running"
    done, ledger.memo = 0, {}
    tenant.customer_index.settle()
    for units in _all(tenant):
        done += units
        if done >= SLICE:
            yield done + _put(tenant, cells)
            done, ledger.memo = 0, {}
            tenant.customer_index.settle()
    ledger.memo = None
    tenant.customer_index.close()
    yield done + _put(tenant, cells)


def _put(tenant: Tenant, cells: Cells) -> int:
    """Move the rows so far into the cells; the units of work done."""
    tenant.forget_read()
    for part in (tenant.person_sets, tenant.customer_index):
        part.flush(tenant.ledger.rows, tenant.zone)
    rows = tenant.ledger.take()
    cells.apply(rows, tenant.sets, tenant.ledger.names)
    return 3 * len(rows)


def _all(tenant: Tenant) -> Work:
    """The contributions of all facts, as rows of the ledger and as presence."""
    ledger, people = tenant.ledger, tenant.people
    for group in _groups(tenant):
        ledger.put(group)
        yield GROUP
    for touches in people.touches.values():
        add_touches(tenant, touches)
        yield 3 * len(touches.packed)
    for raw in tenant.contacts.of:
        late_without_deal(tenant, raw)
        yield 3
    yield from tenant.person_sets.recount()


def _groups(tenant: Tenant) -> Iterator[Group]:
    """Every group of facts, once."""
    people = tenant.people
    keys: dict[str, Iterable[str]] = {
        **{kind.name: kind.codec.names(tenant) for kind in KINDS if kind.contribution is not None},
        "credit": tenant.purchases,
        "late_views": people.touches,
        "logins": [raw for raw in people.touches if raw.startswith(USER)],
        "closing": closings(tenant),
        IDENTITY_CONFLICT: map("\0".join, people.identity.aside),
    }
    persons = people.everyone(holders(tenant))
    subjects = dict.fromkeys(map(people.subject, persons))
    keys |= dict.fromkeys(SUBJECT_GROUPS, subjects) | dict.fromkeys(PERSON_GROUPS, persons)
    return ((kind, key) for kind, held in keys.items() for key in held)


def holders(tenant: Tenant) -> tuple[str, ...]:
    """Ids that own facts beside touches and traits."""
    tables = (*(TABLES[name].table(tenant) for name in HELD), tenant.marketing)
    return (*(raw for table in tables for raw in table), *tenant.conversions.raws, *tenant.forms.raws)
