"""Carries an erasure out in a tenant: the cost depends on the subject, not on the tenant.

As when ids are linked: what depends on the subject is retracted, its facts move to other names or are deleted, and what
is left is re-emitted when the batch ends. Every part that derives something from the facts follows.
"""

from collections.abc import Collection
from itertools import chain
from typing import Any, Final

from kpis.contributions.touches import add_touches
from kpis.contributions.touches_to_close import late_without_deal
from kpis.facts.touches import Touches
from kpis.identity.ids import NODE_SPACES
from kpis.identity.pseudonyms import pseudonym
from kpis.intake.kind import Owner
from kpis.intake.kinds import TABLES, named_by
from kpis.intake.settlement import settle
from kpis.state.erasure import MESSAGE, Plan, read_traits
from kpis.tenant.fx_dependents import forget_rated
from kpis.tenant.lead_groups import open_deals_of
from kpis.tenant.retractions import PERSON_GROUPS, SUBJECT_GROUPS
from kpis.tenant.special_codecs import SALT
from kpis.tenant.tenant import Tenant

NUL: Final = "\0"
# Facts by the id they came with, and the kinds of groups with the same names.
BY_ID: Final = tuple(named_by(Owner.ID))
OBJECTS: Final = frozenset(named_by(Owner.OBJECT))
BY_FIRST_PART: Final = frozenset(named_by(Owner.FIRST_PART))  # facts and groups whose key begins with it
MANY_GROUPS: Final = 400  # with more retracted groups than this, they are re-emitted before the next request
MOVED_GROUPS: Final = (*named_by(Owner.FIRST_PART), "late_views", "logins", "lead")  # groups whose key begins with it


def carry_out(tenant: Tenant, plan: Plan) -> None:
    """Carry an erasure out, within a batch or between two."""
    settle(tenant)
    people, names = tenant.people, plan.names
    roots = _roots(tenant, names)
    members = {member for root in roots for member in people.identity.members(root)}
    open_deals_of(tenant, *(tenant.leads[raw] for raw in names if raw in tenant.leads))
    if plan.unpick:
        _open_reached(tenant, plan)
    for root in roots:
        people.retractions.retract(root)
    for raw, new in names.items():
        _move(tenant, raw, new)
    if plan.unpick:
        _drop_objects(tenant, plan)
    else:
        _forget_traits(tenant, plan)
    nodes = {raw: new for raw, new in names.items() if raw.startswith(NODE_SPACES)}
    tenant.dirty.update(("link", pair) for pair in people.identity.replace(nodes))
    left = _release(tenant, plan)
    tenant.dirty.update(("owner", thing) for thing in people.replace(names))
    found = [*(new for new in names.values() if new is not None), *(members - names.keys()), *left]
    for root in dict.fromkeys(map(people.subject, found)):
        people.retractions.reemit(root)
    tenant.salt = plan.salt
    tenant.dirty.add(("erased", SALT))
    for key, erased in plan.remembered(tenant.erased).items():
        tenant.erased[key] = erased
        tenant.dirty.add(("erased", key))


def _roots(tenant: Tenant, names: Collection[str]) -> list[str]:
    """The subjects that an erasure changes: with accounts, also every subject that shares a person with these.

    So whatever is re-emitted was retracted: each person that may change is named by an id of these subjects, before and
    after. Other persons that share an id with them are not touched.
    """
    people = tenant.people
    persons = dict.fromkeys(map(people.person, names))
    known = (raw for person in persons for raw in people.identity.person_members(person))
    roots = dict.fromkeys(map(people.subject, chain(names, known)))
    # An ignored link may count once these are gone: then everything linked with it may change.
    left = {one for root in roots for one in people.identity.members(root)} - set(names)
    freed = people.identity.reach(*left) if people.identity.stand_aside(left) else ()
    return list(dict.fromkeys(chain(roots, map(people.subject, freed))))


# --- deleted facts also affect the numbers of others


def _open_reached(tenant: Tenant, plan: Plan) -> None:
    """Retract what the deleted facts change for others, and subtract what they added touch by touch."""
    ledger = tenant.ledger
    for raw in plan.names:
        for click in tenant.conversions.clicks_of(raw):
            for root in tenant.clicks.subjects_of(click):
                ledger.open("hits", root)
            for viewer in tenant.landings.by_click.get(click, ()):
                ledger.open("landing", tenant.people.person(viewer))
        for deal in set(tenant.contacts.of[raw].table) if raw in tenant.contacts.of else ():
            ledger.open("closing", deal)
        ledger.without(lambda raw=raw: _add_touches(tenant, raw))  # type: ignore[misc]
    for thing in plan.names.keys() & plan.things:
        kind, key = thing.split(":", 1)
        if kind == "deal":
            ledger.open("deal", key)
        for message in tenant.message_keys(key) if kind == "message" else ():
            ledger.open("message", message)


def _add_touches(tenant: Tenant, raw: str) -> None:
    """What the touches of an id added as they came, outside the groups they are in."""
    if (touches := tenant.people.touches.get(raw)) is not None:
        add_touches(tenant, touches)
    late_without_deal(tenant, raw)


def _drop_objects(tenant: Tenant, plan: Plan) -> None:
    """Delete the objects of a subject."""
    for thing in plan.names.keys() & plan.things:
        kind, key = thing.split(":", 1)
        for message in list(tenant.message_keys(key)) if kind == "message" else ():
            tenant.drop_message(message)
            tenant.dirty.add(("message", message))
        if kind in OBJECTS and key in TABLES[kind].table(tenant):
            if kind in ("subscription", "contract"):
                forget_rated(tenant, thing)
            _move_fact(tenant, kind, key, None)
        tenant.purchases.pop(thing, None)
        for kept, read in (("order", tenant.chains), ("subscription", tenant.prices)):
            if kind == kept:
                read.pop(key, None)
        if kind == "deal":
            tenant.ages.changed.add(key)
            tenant.histories.pop(key, None)
            tenant.deal_logs.pop(key, None)


# --- what stays is renamed


def _move(tenant: Tenant, raw: str, new: str | None) -> None:
    """Move everything filed under one id to ``new`` (None: delete it)."""
    people, ledger = tenant.people, tenant.ledger
    _move_groups(tenant, raw, new)
    tenant.landings.move(raw, new)
    for part in (tenant.clicks, tenant.forms, tenant.conversions):
        part.move(raw, new)
    _move_chunks(tenant, "touch", people.touches, raw, new)
    _move_chunks(tenant, "marketing", tenant.marketing, raw, new)
    _move_chunks(tenant, "contact", tenant.contacts.of, raw, new)
    tenant.contacts.move(raw, new)
    if (marketing := tenant.marketing.pop(raw, None)) is not None and new is not None:
        tenant.marketing[new] = marketing
    for event in tenant.leads.get(raw, ()):
        _replace_in(tenant.leads_of_deal, event.deal, raw, new)
    for kind in BY_ID:
        _move_fact(tenant, kind, raw, new)
    if raw.startswith(MESSAGE) and new is not None:
        _move_messages(tenant, raw.removeprefix(MESSAGE), new.removeprefix(MESSAGE))
    tenant.answer_orders.pop(raw, None)
    tenant.horizons.pop(raw, None)
    tenant.recurring.pop(raw, None)
    tenant.reported.pop(raw, None)
    tenant.lead_logs.pop(raw, None)
    tenant.engagement.drop(raw)
    tenant.customer_index.drop(raw)
    tenant.spend_table.move(raw, new)
    tenant.person_sets.drop(raw)
    for kind in (*SUBJECT_GROUPS, *PERSON_GROUPS):
        ledger.rename(kind, raw, None)


def _move_groups(tenant: Tenant, raw: str, new: str | None) -> None:
    """Rename the groups of facts whose key begins with an id."""
    people = tenant.people
    owner = people.owner(raw)
    for kind in MOVED_GROUPS:
        for key in [key for key in people.owned.get(owner, {}).get(kind, ()) if key.partition(NUL)[0] == raw]:
            moved = None if new is None else new + key.removeprefix(raw)
            people.own(kind, key, None, owner)
            if moved is not None:
                people.own(kind, moved, owner, None)
            tenant.ledger.rename(kind, key, moved)
            if kind in BY_FIRST_PART:
                _move_fact(tenant, kind, key, moved)


def _move_fact(tenant: Tenant, kind: str, key: str, new: str | None) -> None:
    codec = TABLES[kind]
    table: dict[str, Any] = codec.table(tenant)
    if key not in table:
        return
    fact = table.pop(key)
    codec.renew(tenant, kind, key)
    if new is None:
        return
    table[new] = fact
    if kind == "attributes":
        table[new] = {name: held for name, held in fact.items() if name in tenant.people.traits.dimensions}
    tenant.dirty.add((kind, new))


def _move_chunks(tenant: Tenant, kind: str, table: dict[str, Touches], raw: str, new: str | None) -> None:
    """Mark the changed entries of an id's touches; a sign-in also names its user."""
    if (touches := table.get(raw)) is None:
        return
    touches.table[:] = [new if note == raw else note for note in touches.table]
    for name in (raw,) if new is None else (raw, new):
        tenant.dirty.update((kind, (name, number)) for number in range(touches.chunks))


def _move_messages(tenant: Tenant, message: str, new: str) -> None:
    """Move a message that an earlier build stored by its own id to its digest."""
    for key in list(tenant.message_keys(message)):
        recipient = key.partition(NUL)[2]
        moved = f"{new}{NUL}{recipient and pseudonym(tenant.name, f'{message}{NUL}{recipient}')}"
        tenant.ledger.open("message", key)
        tenant.ledger.rename("message", key, moved)
        tenant.keep_message(moved, tenant.drop_message(key))
        tenant.dirty.update((("message", key), ("message", moved)))
    tenant.plain_messages.discard(message)


def _replace_in(held: dict[str, set[str]], key: str | None, raw: str, new: str | None) -> None:
    if key and raw in (found := held.get(key, set())):
        found.remove(raw)
        if new is not None:
            found.add(new)


def _forget_traits(tenant: Tenant, plan: Plan) -> None:
    """Keep only those traits of a subject's deals that segments use."""
    for thing in plan.things:
        key = thing.removeprefix("deal:")
        for event in tenant.deals.get(key, ()) if thing != key else ():
            if "traits" in event.data:
                event.data["traits"] = read_traits(tenant, event.data["traits"])
                tenant.renew("deal", key)
                tenant.histories.pop(key, None)  # it holds the old traits


def _release(tenant: Tenant, plan: Plan) -> list[str]:
    """Release mails to several recipients whose owner is gone: their groups move back under their own names."""
    people = tenant.people
    left = [thing for thing in plan.things - plan.names.keys() if plan.unpick]
    for thing in left:
        owner = people.owner(thing)
        for kind in ("late", "late_views"):
            held = people.owned.get(owner, {}).get(kind, ())
            for key in [key for key in held if key.partition(NUL)[0] == thing]:
                people.own(kind, key, thing, owner)
    return left
