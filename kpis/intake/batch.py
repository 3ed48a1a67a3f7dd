"""A tenant's batch: each event retracts the groups it changes; at the end of the batch all are emitted again."""

from functools import partial
from typing import Any, Final

from kpis.cells.measures import Keeps
from kpis.contributions.groups import wanted
from kpis.facts.local_days import placed
from kpis.facts.outreach import NUMBERS
from kpis.facts.touches import SIGNED_IN, kind_code
from kpis.identity.ids import CONTACT, CUSTOMER, NODE_SPACES, hash_nodes, named_ids, value_of
from kpis.identity.pseudonyms import pseudonymous
from kpis.intake.attribution import note_event
from kpis.intake.conversions import take_conversion
from kpis.intake.kinds import COMPANIONS, GROUPS, OBJECT_FIELDS, PARTS, handler_of
from kpis.intake.late import event_label, keep_late
from kpis.intake.outreach import take_contact
from kpis.intake.ownership import carry, carry_beside, give_owner, person_id
from kpis.intake.settlement import settle
from kpis.intake.unpicked import NOBODY, keeps, unpicked_beside
from kpis.tenant.spend_table import SPENDERS
from kpis.tenant.tenant import Tenant
from models.record import BOT, UNKNOWN_TYPE, Row
from models.tenants import TenantSettings

LINKING: Final = frozenset({"crm.identity.identified", "crm.identity.unmerged"})  # state their own links
OWNED: Final = {**OBJECT_FIELDS, "contact_id": CONTACT}  # field that names an object -> prefix of its id
EXPLICIT: Final = frozenset({"crm.identity.merged", "crm.identity.unmerged"})


def new_tenant(name: str, settings: TenantSettings, keeps: Keeps, generation: int = 0) -> Tenant:
    """An empty tenant, set up with the contribution of every kind of group."""
    tenant = Tenant(name, settings, generation, keeps)
    tenant.ledger.kinds = {name: partial(of, tenant) for name, of in GROUPS.items()}
    tenant.ledger.parts = {name: partial(of, tenant) for name, of in PARTS.items()}
    tenant.ledger.unwanted = frozenset(GROUPS.keys() - wanted(keeps))
    tenant.companions = COMPANIONS
    return tenant


def take(tenant: Tenant, row: Row, gone: frozenset[str] = NOBODY) -> None:
    """Turn an accepted, new event into facts, except those that would be stored under ids in ``gone``."""
    tenant.gone = gone
    row = placed(pseudonymous(tenant.name, row, tenant.plain_messages), tenant.zone)
    data, time, bot = row.data, row.time, bool(row.flags & BOT)
    ids = named_ids(data)
    own = ids[0] if ids else own_object(row)
    contact = data.get("contact_id")
    if own in gone:
        tenant.gone |= unpicked_beside(tenant, row, ids)
    raw = person_id(tenant, own, ids) if contact is None else CONTACT + str(contact)  # of touches, answers
    stamp = (time, row.source, row.id)
    _link(tenant, row, ids, stamp)
    if ids and keeps(tenant, own):
        for field in OWNED.keys() & data:
            if data[field] is not None and keeps(tenant, thing := OWNED[field] + str(data[field])):
                give_owner(tenant, thing, own, stamp)
    late = row.received - time > tenant.late_after
    unknown = row.flags & UNKNOWN_TYPE
    if late and (unknown or kind_code(row.type, data) is None):
        keep_late(tenant, f"user:{data['user_id']}" if row.type == SIGNED_IN and not unknown else own, row)
    if bot:
        tenant.ledger.add(0, tenant.ledger.names.code(f"bot:{event_label(row)}"), time // 60_000)
    elif not unknown and keeps(tenant, own) and (traits := data.get("traits")):
        _take_traits(tenant, own, traits, stamp)
    if not unknown:
        _handle(tenant, row, own, raw, late, bot)
    tenant.gone = NOBODY


def own_object(row: Row) -> str:
    """The object that determines the owner of an event without ids."""
    for field, space in OWNED.items():
        if row.data.get(field) is not None:
            return space + str(row.data[field])
    return f"event:{row.identity}"


def _link(tenant: Tenant, row: Row, ids: list[str], stamp: tuple[int, str, str]) -> None:
    """Link the ids that an event carries, apart from what an identity event asserts explicitly."""
    if len(ids) > 1 and row.type not in LINKING:
        carry(tenant, ids, stamp)
    if not ids or row.type in EXPLICIT:
        return
    if match_on := tenant.settings.match_on:
        carry(tenant, [ids[0], *hash_nodes(row.data, match_on)], stamp)
    if tenant.people.account and len(ids) > 2 and ids[0].startswith(CUSTOMER):
        carry_beside(tenant, ids[1:], stamp)


def _take_traits(tenant: Tenant, raw: str, traits: dict[str, Any], stamp: tuple[int, str, str]) -> None:
    if not raw.startswith(NODE_SPACES):
        tenant.people.hold(raw)
    for dimension in tenant.traits_read:
        tenant.assert_trait(raw, dimension, value_of(traits.get(dimension)), stamp)


def _handle(tenant: Tenant, row: Row, own: str, raw: str, late: bool, bot: bool) -> None:
    """Apply an event of a known type: as a conversion, a marketing touch, its own kind of fact, a contact."""
    kind, handler, takes_bots = handler_of(row.type)
    if not bot and keeps(tenant, raw):
        if row.type in tenant.conversions.types:
            take_conversion(tenant, row, raw)
        note_event(tenant, row, raw, late)
    if handler is not None and (takes_bots or not bot):
        handler(tenant, kind, row, raw, late, bot)
    if row.type in NUMBERS and keeps(tenant, own):
        take_contact(tenant, row, own, late, bot)


def finish(tenant: Tenant) -> None:
    """End a batch: emit every retracted group again and apply the deltas to the cells."""
    settle(tenant)
    tenant.customer_index.settle()
    tenant.person_sets.settle()
    tenant.engagement.close()
    customers = [*tenant.customer_index.put(), *tenant.ledger.opened("customer")]
    tenant.ledger.close()
    if tenant.keeps.wants(SPENDERS):
        tenant.spend_table.refresh(customers)
    tenant.customer_index.close()
    tenant.forget_read()
    tenant.person_sets.close()
    for part in (tenant.person_sets, tenant.customer_index):
        part.flush(tenant.ledger.rows, tenant.zone)
    tenant.people.retractions.finish()
    tenant.cells.apply(tenant.ledger.take(), tenant.sets, tenant.ledger.names)
    for dimension in tenant.sets.filled:
        tenant.dirty.update(("values", (dimension, number)) for number in range(tenant.sets.pieces(dimension)))
    tenant.sets.filled.clear()
