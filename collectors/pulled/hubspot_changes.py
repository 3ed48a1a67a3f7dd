"""Turns a HubSpot object and its property history into the notifications its webhooks would have sent. Pure.

https://developers.hubspot.com/docs/api-reference/crm-objects-v3/guide (``propertiesWithHistory``).
`collectors.webhooks.crm` interprets the notifications; this module only reconstructs them. Their ids are not part of
the object, so event ids are made of object, property and time instead.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from collectors.event import Event
from collectors.webhooks.crm.hubspot_notice import Notice
from collectors.webhooks.crm.hubspot_objects import events_of
from collectors.webhooks.items import at, maybe, rows, table, text
from collectors.webhooks.times import ms_of, of_ms

CURRENCY: Final = "deal_currency_code"
COMPANY: Final = "associatedcompanyid"
MERGED: Final = "hs_merged_object_ids"
_OWN: Final = {
    "deal": ("dealstage", "hs_is_closed_won", "hs_is_closed_lost", "createdate", "closedate", "pipeline",
             "hubspot_owner_id", "hs_analytics_source", "closed_lost_reason", "closed_won_reason", MERGED),
    "contact": ("lifecyclestage", "hs_lead_status", COMPANY, MERGED),
    "company": ("lifecyclestage", "hubspot_owner_id", "country", MERGED),
}  # fmt: skip
_PRIMARY: Final = 5  # the type of association from a deal to its primary company


class Terms(NamedTuple):
    """Settings of a source."""

    currency: str | None  # for deals without a currency
    company_currency: str | None  # amounts are read in this currency
    traits: frozenset[str]

    def properties(self, kind: str) -> list[str]:
        """The properties whose history is requested."""
        money = (
            () if kind != "deal" else ("amount_in_home_currency",) if self.company_currency else ("amount", CURRENCY)
        )
        own = self.traits if kind != "contact" else frozenset[str]()
        return sorted({*_OWN[kind], *money, *own})


class Past(NamedTuple):
    """A value of a property, and since when."""

    at: int  # ms UTC
    value: str | None
    source: str | None  # who set it, in HubSpot's words


def changes(item: Any, kind: str, terms: Terms) -> Iterator[Notice]:
    """An object's history as notifications. Raises Fault if the object has no id."""
    name, created = text(table(item), "id"), ms_of(text(item, "createdAt"), "createdAt")
    origin = maybe(item, "properties.hs_object_source")
    yield _notice(kind, "creation", f"{kind}-{name}-created", created, terms, objectId=name, changeSource=origin)
    for field in terms.properties(kind):
        past = _history(item, field)
        if field == MERGED:
            yield from _merges(kind, name, past, terms)
        elif field == CURRENCY:
            yield from _priced(name, past, _history(item, "amount"), terms)
        else:
            yield from _properties(kind, name, field, past, _currencies(item), terms)


def deletion(item: Any, kind: str, terms: Terms) -> Notice:
    """The notification of an object's deletion. Raises Fault."""
    name, when = text(table(item), "id"), ms_of(text(item, "archivedAt"), "archivedAt")
    return _notice(kind, "deletion", f"{kind}-{name}-deleted-{when}", when, terms, objectId=name)


def association(item: Any, deal: Any, other: str, terms: Terms) -> Iterator[Notice]:
    """A deal's current company or contacts, dated by the deal's last change: HubSpot does not say since when."""
    when = ms_of(text(deal, "updatedAt"), "updatedAt")
    for one in rows(item, "to"):
        types = [at(kind, "typeId") for kind in rows(one, "associationTypes")]
        if other == "company" and _PRIMARY not in types:
            continue
        name, to = text(deal, "id"), text(one, "toObjectId")
        ends = {"fromObjectId": name, "toObjectId": to, "associationType": f"DEAL_TO_{other.upper()}"}
        yield _notice("deal", "associationChange", f"deal-{name}-{other}-{to}-{when}", when, terms, **ends)


def events(notice: Notice) -> Iterator[Event]:
    """The events of a notification, as for the webhook. Raises Fault."""
    return events_of(notice)


def _notice(kind: str, change: str, name: str, when: int, terms: Terms, **item: Any) -> Notice:
    time = of_ms(when, "timestamp")
    return Notice(item, kind, change, name, when, time, terms.currency, terms.company_currency, terms.traits)


def _history(item: Any, field: str) -> list[Past]:
    """Oldest first."""
    found = [
        Past(ms_of(text(one, "timestamp"), f"propertiesWithHistory.{field}.timestamp"), maybe(one, "value"),
             maybe(one, "sourceType"))
        for one in rows(at(item, "propertiesWithHistory"), field)
    ]  # fmt: skip
    return sorted(found, key=lambda one: one.at)


def _currencies(item: Any) -> list[Past]:
    return _history(item, CURRENCY)


def _properties(
    kind: str, name: str, field: str, past: list[Past], currencies: list[Past], terms: Terms
) -> Iterator[Notice]:
    for one in past:
        key = f"{kind}-{name}-{field}-{one.at}"
        if field == COMPANY:
            if one.value is not None:
                ends = {"fromObjectId": name, "toObjectId": one.value, "associationType": "CONTACT_TO_COMPANY"}
                yield _notice(kind, "associationChange", key, one.at, terms, **ends)
            continue
        payload = {"objectId": name, "propertyName": field, "propertyValue": one.value, "changeSource": one.source}
        priced = terms._replace(currency=_at(currencies, one.at) or terms.currency) if field == "amount" else terms
        yield _notice(kind, "propertyChange", key, one.at, priced, **payload)


def _priced(name: str, past: list[Past], amounts: list[Past], terms: Terms) -> Iterator[Notice]:
    """Amount notifications: a change of currency changes the amount, though not its number."""
    for one in past:
        amount = _at(amounts, one.at) if amounts and amounts[0].at <= one.at else None
        if amount is None or one.value is None:
            continue
        payload = {"objectId": name, "propertyName": "amount", "propertyValue": amount, "changeSource": one.source}
        key = f"deal-{name}-{CURRENCY}-{one.at}"
        yield _notice("deal", "propertyChange", key, one.at, terms._replace(currency=one.value), **payload)


def _at(past: list[Past], when: int) -> str | None:
    """A property's value at an instant; before its first value, the first."""
    before = [one for one in past if one.at <= when]
    return (before[-1] if before else past[0]).value if past else None


def _merges(kind: str, name: str, past: list[Past], terms: Terms) -> Iterator[Notice]:
    """The property lists every object ever merged into this one; each is dated when it first appears."""
    known: set[str] = set()
    for one in past:
        fresh = [gone for gone in (one.value or "").split(";") if gone and gone != name and gone not in known]
        known.update(fresh)
        for gone in fresh:
            ends = {"primaryObjectId": name, "mergedObjectIds": [gone], "newObjectId": name}
            yield _notice(kind, "merge", f"{kind}-{name}-merged-{gone}-{one.at}", one.at, terms, **ends)
