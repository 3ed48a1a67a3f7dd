"""Erasure (crm.privacy.erasure_requested): makes the whole subject of an id, as linked at that moment, unknown.

*forget* replaces every id of the subject with a surrogate, derived from the request and not from the id; counts stay.
*unpick* deletes its facts, and history is restated. What is kept of an id is a salted hash, with the request's time. An
event of that id from that time or before, however late it arrives, is treated the same, part by part: see
kpis.intake.unpicked. A later event belongs to a new subject. `Plan` decides what is to be done; kpis.state.erasing does
it to the facts of the subject alone.
"""

from collections.abc import Callable
from hashlib import blake2b
from operator import attrgetter
from typing import Any, Final

from kpis.facts.erasures import Erased
from kpis.identity.ids import (
    CONTACT,
    CUSTOMER,
    FIELDS,
    MATCH,
    MATCHING,
    NODE_SPACES,
    named_ids,
    rank,
    split_within,
    within,
)
from kpis.identity.pseudonyms import pseudonym
from kpis.tenant.facts import TenantFacts
from models.record import Row

REQUEST: Final = "crm.privacy.erasure_requested"
MESSAGE: Final = "message:"
PERSONAL: Final = (*FIELDS, ("contact_id", CONTACT))


def digest(*parts: str) -> str:
    """A hash of texts."""
    return blake2b("\0".join(parts).encode(), digest_size=12).hexdigest()


class Plan:
    """What one request does to a tenant. ``names``: old name -> new name; None: all its facts are deleted.

    ``secret`` is known nowhere outside: without it the surrogates cannot be derived from the request. ``first``: the
    plan for the same tenant under other settings, where the subject may have other ids: this plan covers all of them,
    with the same surrogates.
    """

    def __init__(self, tenant: TenantFacts, row: Row, secret: str, first: "Plan | None" = None) -> None:
        people = tenant.people
        self._asked = row, secret
        self.unpick = row.data.get("mode") == "unpick"
        self.time = row.time
        self.surrogates: dict[str, str] = dict(first.surrogates) if first else {}
        self.names: dict[str, str | None] = dict(first.names) if first else {}
        ids = [*(raw for raw in self.surrogates if raw.startswith(NODE_SPACES)), *subject_ids(tenant, row)]
        self.things: set[str] = set(first.things) if first else set()
        self.things.update(thing for raw in ids for thing in people.owners.things(raw))
        contacts = sorted(thing for thing in self.things if thing.startswith(CONTACT))
        if (contact := row.data.get("contact_id")) is not None and CONTACT + str(contact) not in contacts:
            contacts.append(CONTACT + str(contact))
        self.things.difference_update(contacts)
        self.salt: str = first.salt if first else tenant.salt or digest(secret)
        named = digest(self.salt, secret, row.source, row.id)
        # In the order of the ids: the first id of a subject or person, which names it, stays the first.
        for raw in [*ids, *contacts]:
            number = len(self.surrogates)
            self.surrogates.setdefault(raw, f"{raw.partition(':')[0]}:erased-{named}-{number:06}")
        self.names |= self.surrogates
        for name in {one for raw in ids for one in people.accounts_of(raw)}:
            self.names[name] = within(*(self.surrogates.get(one, one) for one in split_within(name)))
        if self.unpick:
            self.names = dict.fromkeys((*self.names, *(thing for thing in self.things if _is_own(tenant, thing))))
        else:
            self._hide_messages(tenant)

    def repeated_for(self, tenant: TenantFacts) -> "Plan":
        """The plan of the same request for the same tenant under other settings."""
        return Plan(tenant, *self._asked, first=self)

    def _hide_messages(self, tenant: TenantFacts) -> None:
        """Replace the ids of messages, where an earlier build stored them plainly, with digests."""
        for thing in self.things if tenant.plain_messages else ():
            message = thing.removeprefix(MESSAGE)
            if thing.startswith(MESSAGE) and message in tenant.plain_messages and _is_own(tenant, thing):
                self.names[thing] = MESSAGE + pseudonym(tenant.name, message)

    def remembered(self, before: dict[str, list[Erased]]) -> dict[str, list[Erased]]:
        """The erased ids to remember, merged with those remembered before."""
        found = {}
        for raw, surrogate in self.surrogates.items():
            if raw.startswith(MATCH):
                continue
            key = digest(self.salt, raw)
            erased = Erased(self.time, None if self.unpick else surrogate)
            found[key] = sorted([*before.get(key, ()), erased], key=attrgetter("time"))
        return found


def _is_own(tenant: TenantFacts, thing: str) -> bool:
    """Whether an object belongs to its owner alone: a mail to several recipients does not, and stays."""
    return not thing.startswith(MESSAGE) or len(tenant.message_keys(thing.removeprefix(MESSAGE))) <= 1


def subject_ids(tenant: TenantFacts, row: Row) -> list[str]:
    """The ids that a request covers: all of the subject's; with accounts those of the person, if a person is named."""
    people = tenant.people
    ids = named_ids(row.data)
    if not ids:
        return []
    if people.account and not ids[0].startswith(CUSTOMER):
        return sorted(people.identity.person_members(people.person(ids[0])), key=rank)
    return sorted(people.identity.members(people.subject(ids[0])), key=rank)


def treated(tenant: TenantFacts, row: Row) -> tuple[Row, frozenset[str]]:
    """An event after erasures, with surrogates; and the ids in it that were unpicked."""

    def erasure_of(raw: str) -> Erased | None:
        return next((one for one in tenant.erased.get(digest(tenant.salt, raw), ()) if row.time <= one.time), None)

    found = {
        field: one for field, space in PERSONAL
        if row.data.get(field) is not None and (one := erasure_of(space + str(row.data[field])))
    }  # fmt: skip
    first = next((field for field, _ in PERSONAL if row.data.get(field) is not None), None)
    data = {name: value for name, value in row.data.items() if not (first in found and name in MATCHING)}
    data |= {field: one.surrogate.partition(":")[2] for field, one in found.items() if one.surrogate}
    spaces = dict(PERSONAL)
    gone = frozenset(spaces[field] + str(data[field]) for field, one in found.items() if not one.surrogate)
    if found and data.get("traits"):
        data["traits"] = read_traits(tenant, data["traits"])
    identity = row.type.startswith("crm.identity.")
    if identity and row.data.get("winner_id") is not None and not _merge(data, erasure_of):
        data |= {"winner_id": None, "loser_ids": []}  # the event happened, but merges nothing any more
    return (row._replace(data=data) if found or data != row.data else row), gone


def read_traits(tenant: TenantFacts, traits: dict[str, Any]) -> dict[str, Any]:
    """The traits that segments use: nothing else is kept of a forgotten subject."""
    return {name: traits[name] for name in ("country", *tenant.settings.dimensions) if name in traits}


def _merge(data: dict[str, Any], erasure_of: Callable[[str], Erased | None]) -> bool:
    """Put surrogates into a merge; False when nothing is left to merge."""
    entity = data.get("entity", "customer")

    def name(one: Any) -> Any:
        text = str(one) if str(one).startswith(NODE_SPACES) else f"{entity}:{one}"
        found = erasure_of(text)
        return one if found is None else found.surrogate

    losers = data.get("loser_ids") or []
    data["winner_id"] = name(data["winner_id"])
    data["loser_ids"] = [one for one in map(name, [losers] if isinstance(losers, str) else losers) if one is not None]
    return data["winner_id"] is not None and bool(data["loser_ids"])
