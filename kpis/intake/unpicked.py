"""Which facts of an event may be stored if an erasure has unpicked ids that it names: see kpis.state.erasure."""

from typing import Final

from kpis.identity.ids import CONTACT, CUSTOMER, WITHIN, named_ids, split_within
from kpis.tenant.tenant import Tenant
from models.record import Row

NOBODY: Final = frozenset[str]()


def keeps(tenant: Tenant, raw: str) -> bool:
    """Whether the current event may store facts under an id, that is, the id was not unpicked."""
    if not tenant.gone:
        return True
    return tenant.gone.isdisjoint(split_within(raw) if raw.startswith(WITHIN) else (raw,))


def keeps_object(tenant: Tenant, thing: str, row: Row) -> bool:
    """Whether an object's event is stored: not if its first id was unpicked, unless the object has another owner."""
    ids = named_ids(row.data) if tenant.gone else ()
    if not ids or keeps(tenant, ids[0]):
        return True
    held = tenant.people.owners.of.get(thing)
    return held is not None and tuple(held[:3]) > (row.time, row.source, row.id)


def unpicked_beside(tenant: Tenant, row: Row, ids: list[str]) -> set[str]:
    """The ids that an event names besides its unpicked first id, except those that belong to another owner."""
    others = {one for one in ids[1:] if not tenant.people.subject(one).startswith(CUSTOMER)}
    contact = f"{CONTACT}{row.data.get('contact_id')}"
    return others if keeps_object(tenant, contact, row) else {*others, contact}
