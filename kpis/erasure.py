"""Erasure (crm.privacy.erasure_requested): the whole subject of an id is made unknown, as it is linked at that moment.

*forget* puts a surrogate, derived from the request and not from the id, in the place of every id of the subject; counts
stay. *unpick* takes its facts away, and history is restated. What is remembered of an id is a salted hash, with the
request's time: an event of that id from no later than that, however late it comes, is treated the same. One from after
it is of a new subject. Facts are rewritten as they are stored, whatever shelf they are on.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

from kpis.identity import CUSTOMER, FIELDS, MATCH, MATCHING, named_ids
from kpis.names import CONTACT, NODE_SPACES, WITHIN, split_within, within
from models.record import Row

if TYPE_CHECKING:
    from kpis.tenant import Tenant

REQUEST: Final = "crm.privacy.erasure_requested"
NUL: Final = "\0"
SALT: Final = ""  # the entry that holds the salt
PERSONAL: Final = (*FIELDS, ("contact_id", CONTACT))
Fact = tuple[str, str, Any]  # kind, name, as stored
Erased = list[Any]  # [time of the request, surrogate or None to unpick]


def digest(*parts: str) -> str:
    """A hash of texts."""
    return blake2b("\0".join(parts).encode(), digest_size=12).hexdigest()


class Plan:
    """What one request does to the facts of a tenant."""

    def __init__(self, tenant: "Tenant", row: Row) -> None:
        self.unpick = row.data.get("mode") == "unpick"
        self.ids = subject_ids(tenant, row)
        owners = tenant.people.owners
        things = sorted(thing for thing, said in owners.items() if said[3] in self.ids)
        contacts = [thing for thing in things if thing.startswith(CONTACT)]
        if (contact := row.data.get("contact_id")) is not None and CONTACT + str(contact) not in contacts:
            contacts.append(CONTACT + str(contact))
        named = digest(row.source, row.id)
        self.surrogates = {
            raw: f"{raw.partition(':')[0]}:erased-{digest(named, str(number))}"
            for number, raw in enumerate([*self.ids, *contacts])
        }
        # A mail to many is everybody's: it stays.
        sent = Counter(f"message:{key.partition(NUL)[0]}" for key in tenant.messages)
        self.objects = {thing for thing in set(things) - set(contacts) if sent[thing] <= 1}
        self.time = row.time
        self.salt = tenant.erased.get(SALT) or [named]

    def remembered(self, before: dict[str, list[Any]]) -> dict[str, list[Any]]:
        """What is kept of the erased ids, with what was kept of others."""
        found = {**before, SALT: self.salt}
        for raw, surrogate in self.surrogates.items():
            if raw.startswith(MATCH):
                continue
            key = digest(self.salt[0], raw)
            said = [self.time, None if self.unpick else surrogate]
            found[key] = sorted([*found.get(key, ()), said], key=lambda one: one[0])
        return found

    def facts(self, stored: Iterable[Fact]) -> Iterator[Fact]:
        """The facts that are left, rewritten."""
        for kind, name, value in stored:
            parts = name.split("\0")
            if kind == "link":
                if (both := self._link(parts)) is not None:
                    yield kind, "\0".join(both), value
            elif not self.unpick:
                yield kind, "\0".join(map(self._surrogate, parts)), self._rewritten(value)
            elif not self._is_gone(kind, parts, value):
                yield kind, name, value

    def _link(self, pair: list[str]) -> list[str] | None:
        named = sum(one in self.surrogates for one in pair)
        if not named:
            return pair
        return None if self.unpick or named == 1 else sorted(self.surrogates[one] for one in pair)

    def _surrogate(self, text: str) -> str:
        if text.startswith(WITHIN):
            account, person = split_within(text)
            return within(self._surrogate(account), self._surrogate(person))
        return self.surrogates.get(text, text)

    def _rewritten(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._surrogate(value)
        if isinstance(value, list):
            return [self._rewritten(one) for one in value]
        return {key: self._rewritten(one) for key, one in value.items()} if isinstance(value, dict) else value

    def _is_gone(self, kind: str, parts: list[str], value: Any) -> bool:
        if f"{kind}:{parts[0]}" in self.objects:
            return True
        told = [one for one in value if isinstance(one, str)] if isinstance(value, list) else ()
        return any(self._names(part) for part in (*parts, *told))

    def _names(self, text: str) -> bool:
        if text.startswith(WITHIN):
            return any(one in self.surrogates for one in split_within(text))
        return text in self.surrogates or text in self.objects


def subject_ids(tenant: "Tenant", row: Row) -> list[str]:
    """The ids that a request is about: all of the subject's, in accounts of the person's when a person is named."""
    people = tenant.people
    ids = named_ids(row.data)
    if not ids:
        return []
    if people.account and not ids[0].startswith(CUSTOMER):
        return list(people.identity.person_members(people.person(ids[0])))
    return list(people.identity.members(people.subject(ids[0])))


def treated(erased: dict[str, list[Any]], row: Row) -> Row | None:
    """An event as it is filed after erasures: with surrogates, or without unpicked ids; None: not at all."""
    salt = erased[SALT][0]

    def said(raw: str) -> Erased | None:
        return next((one for one in erased.get(digest(salt, raw), ()) if row.time <= one[0]), None)

    found = {
        field: one for field, space in PERSONAL
        if row.data.get(field) is not None and (one := said(space + str(row.data[field])))
    }  # fmt: skip
    first = next((field for field, _ in PERSONAL if row.data.get(field) is not None), None)
    data = {name: value for name, value in row.data.items() if not (first in found and name in MATCHING)}
    for field, (_, surrogate) in found.items():
        if surrogate is None and field in (first, "contact_id"):
            return None
        data[field] = surrogate.partition(":")[2] if surrogate else None
    words = row.type.startswith("crm.identity.")
    if words and row.data.get("winner_id") is not None and not _merge(data, said):
        return None
    return row._replace(data=data) if found or data != row.data else row


def _merge(data: dict[str, Any], said: Any) -> bool:
    """Put surrogates into a merge; False when nothing is left to say."""
    entity = data.get("entity", "customer")

    def name(one: Any) -> Any:
        text = str(one) if str(one).startswith(NODE_SPACES) else f"{entity}:{one}"
        found = said(text)
        return one if found is None else found[1]

    losers = data.get("loser_ids") or []
    data["winner_id"] = name(data["winner_id"])
    data["loser_ids"] = [one for one in map(name, [losers] if isinstance(losers, str) else losers) if one is not None]
    return data["winner_id"] is not None and bool(data["loser_ids"])
