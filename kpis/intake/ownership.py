"""Ownership: which subject an event belongs to, and what it asserts about other ids and objects."""

from collections.abc import Callable
from sys import intern
from typing import Any, Final

from kpis.cells.ledger import Group
from kpis.contributions.credit import CREDIT
from kpis.identity.ids import CONTACT, CUSTOMER, person_rank, within
from kpis.identity.link import Link
from kpis.identity.ranks import Pair
from kpis.identity.statements import link_assertions
from kpis.intake.attribution import note_late, note_reported
from kpis.intake.settlement import open_buyer
from kpis.intake.unpicked import keeps
from kpis.tenant.retractions import PERSON_GROUPS, SEGMENTED_GROUPS
from kpis.tenant.tenant import Tenant
from models.record import Row

# Groups whose key begins with an id or object: they move with it to its owner.
FOLLOWING: Final = frozenset({"late", "late_views", "record", "ticket"})


def groups_of(tenant: Tenant, kind: str, key: str) -> list[Group]:
    """An object's groups of facts, which move with it to its owner."""
    if kind not in tenant.companions:
        return []
    return [(kind, key), *((one, f"{kind}:{key}" if one == CREDIT else key) for one in tenant.companions[kind])]


def assign_object(tenant: Tenant, kind: str, key: str) -> None:
    """File an object's groups of facts under its owner's id, or under its own if it has no owner."""
    for group in groups_of(tenant, kind, key):
        tenant.people.own(*group, tenant.people.owner(f"{kind}:{key}"), None)


def person_id(tenant: Tenant, own: str, ids: list[str]) -> str:
    """The id of an event's person: its first id; with accounts, the user, lead or visitor within the first id."""
    if not tenant.people.account:
        return own
    found = min((one for one in ids if not one.startswith(CUSTOMER)), key=person_rank, default=own)
    return own if found == own else within(own, found)


def carry(tenant: Tenant, ids: list[str], stamp: tuple[int, str, str]) -> None:
    """Link the ids that an event carries to the first of them."""
    identity = tenant.people.identity
    for other in ids[1:] if keeps(tenant, ids[0]) else ():
        pair = identity.pair(ids[0], other)
        if identity.carries(pair, stamp) and keeps(tenant, other):
            relink(tenant, {pair: lambda link: link.carry(stamp)})


def carry_beside(tenant: Tenant, ids: list[str], stamp: tuple[int, str, str]) -> None:
    """Link the ids that an event carries besides its account as one person."""
    identity = tenant.people.identity
    for other in ids[1:]:
        pair = identity.pair(ids[0], other)
        if not all(keeps(tenant, one) for one in pair):
            continue
        known = identity.links.get(pair)
        if known is None or known.beside is None or stamp < known.beside:
            relink(tenant, {pair: lambda link: link.carry_beside(stamp)})


def take_identity(tenant: Tenant, kind: str, row: Row, raw: str, late: bool, bot: bool) -> None:
    """An identity event: link or unlink ids."""
    asserted = link_assertions(kind, row)
    if changes := {pair: apply for pair, apply in asserted.items() if all(keeps(tenant, one) for one in pair)}:
        relink(tenant, changes)


def relink(tenant: Tenant, changes: dict[Pair, Callable[[Link], Any]]) -> None:
    """Change links; the subjects affected are recomputed at the end of the batch."""
    for pair, apply in changes.items():
        if tenant.people.relink(pair, apply):
            tenant.dirty.add(("link", pair))


def give_owner(tenant: Tenant, thing: str, owner: str, stamp: tuple[int, str, str]) -> None:
    """Set an object's owner as an event asserts; the latest assertion wins. The object's contributions move with it."""
    people = tenant.people
    held = people.owners.of.get(thing)
    if held is not None and tuple(held[:3]) >= stamp:
        return
    tenant.dirty.add(("owner", thing))
    assertion = [*stamp, intern(owner)]
    if held is not None and held[3] == owner:
        held[:] = assertion
        return
    kind, key = thing.split(":", 1)
    previous = held[3] if held else thing
    owned = people.owned.get(previous, {})
    moving = [
        (one, group) for one in FOLLOWING & owned.keys() for group in owned[one] if group.partition("\0")[0] == thing
    ]
    if moving or thing in tenant.purchases or key in tenant.subscriptions or key in tenant.deals:
        for root in (people.subject(thing), people.subject(owner)):
            _open_holder(tenant, kind, key, root)
            if moving:
                note_late(tenant, root)
    for group in groups_of(tenant, kind, key):
        if group[0] in SEGMENTED_GROUPS:
            tenant.ledger.open(*group)
        people.own(*group, owner, previous)
    for group in moving:
        tenant.ledger.open(*group)
        people.own(*group, owner, previous)
    for root in (people.subject(previous), people.subject(owner)) if thing in tenant.purchases else ():
        people.retractions.forget(root)
    if thing.startswith(CONTACT):
        for named in PERSON_GROUPS:
            tenant.ledger.open(named, thing)
    bought = thing in tenant.purchases
    buyers = {people.subject(thing), people.subject(owner)} if bought and kind == "order" else ()
    for buyer in buyers:
        tenant.person_sets.withdraw(buyer)
    people.move_object(thing, assertion)
    for buyer in buyers:
        tenant.person_sets.rebuild(buyer)
    for one in (previous, owner) if bought else ():
        tenant.person_sets.step(one)


def _open_holder(tenant: Tenant, kind: str, key: str, root: str) -> None:
    """Retract what an object changes of the subject that it leaves or joins."""
    note_reported(tenant, root)
    thing = f"{kind}:{key}"
    if root == thing or (kind == "subscription" and key in tenant.subscriptions):
        tenant.people.retractions.subject(root)  # an object that now has an owner is no longer a subject itself
    elif thing in tenant.purchases:
        open_buyer(tenant, root)
