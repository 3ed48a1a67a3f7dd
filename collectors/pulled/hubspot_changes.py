"""An object of HubSpot with the history of its properties, as the notices that its webhooks would have been. Pure.

https://developers.hubspot.com/docs/api-reference/crm-objects-v3/guide (``propertiesWithHistory``). What a notice means
is `collectors.webhooks.crm`'s; here is only which there were. Notices have ids that no object tells: events have those
of object, property and time in their place.
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
    """What the settings say of a source."""

    currency: str | None  # of deals that name none
    company_currency: str | None  # amounts are read in it
    traits: frozenset[str]

    def properties(self, kind: str) -> list[str]:
        """Those whose history is asked for."""
        money = (
            () if kind != "deal" else ("amount_in_home_currency",) if self.company_currency else ("amount", CURRENCY)
        )
        own = self.traits if kind != "contact" else frozenset[str]()
        return sorted({*_OWN[kind], *money, *own})


class Past(NamedTuple):
    """A value that a property had from a moment on."""

    at: int  # ms UTC
    value: str | None
    source: str | None  # who set it, in HubSpot's words


def changes(item: Any, kind: str, terms: Terms) -> Iterator[Notice]:
    """An object's life, as notices. Fault for one that cannot be told from others."""
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
    """That an object was deleted. Fault."""
    name, when = text(table(item), "id"), ms_of(text(item, "archivedAt"), "archivedAt")
    return _notice(kind, "deletion", f"{kind}-{name}-deleted-{when}", when, terms, objectId=name)


def association(item: Any, deal: Any, other: str, terms: Terms) -> Iterator[Notice]:
    """The company, or the contacts, of a deal as it is now: since when is not told, so it is dated as the deal is."""
    when = ms_of(text(deal, "updatedAt"), "updatedAt")
    for one in rows(item, "to"):
        types = [at(kind, "typeId") for kind in rows(one, "associationTypes")]
        if other == "company" and _PRIMARY not in types:
            continue
        name, to = text(deal, "id"), text(one, "toObjectId")
        ends = {"fromObjectId": name, "toObjectId": to, "associationType": f"DEAL_TO_{other.upper()}"}
        yield _notice("deal", "associationChange", f"deal-{name}-{other}-{to}-{when}", when, terms, **ends)


def events(notice: Notice) -> Iterator[Event]:
    """As the webhook's. Fault."""
    return events_of(notice)


def _notice(kind: str, change: str, name: str, when: int, terms: Terms, **item: Any) -> Notice:
    time = of_ms(when, "timestamp")
    return Notice(item, kind, change, name, when, time, terms.currency, terms.company_currency, terms.traits)


def _history(item: Any, field: str) -> list[Past]:
    """From the oldest on."""
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
        told = {"objectId": name, "propertyName": field, "propertyValue": one.value, "changeSource": one.source}
        priced = terms._replace(currency=_at(currencies, one.at) or terms.currency) if field == "amount" else terms
        yield _notice(kind, "propertyChange", key, one.at, priced, **told)


def _priced(name: str, past: list[Past], amounts: list[Past], terms: Terms) -> Iterator[Notice]:
    """Another currency is another amount, of the same number."""
    for one in past:
        amount = _at(amounts, one.at) if amounts and amounts[0].at <= one.at else None
        if amount is None or one.value is None:
            continue
        told = {"objectId": name, "propertyName": "amount", "propertyValue": amount, "changeSource": one.source}
        key = f"deal-{name}-{CURRENCY}-{one.at}"
        yield _notice("deal", "propertyChange", key, one.at, terms._replace(currency=one.value), **told)


def _at(past: list[Past], when: int) -> str | None:
    """What a property was at a moment; before its first value, that one."""
    before = [one for one in past if one.at <= when]
    return (before[-1] if before else past[0]).value if past else None


def _merges(kind: str, name: str, past: list[Past], terms: Terms) -> Iterator[Notice]:
    """The property has all that ever went up in the object: each counts when it is there first."""
    known: set[str] = set()
    for one in past:
        fresh = [gone for gone in (one.value or "").split(";") if gone and gone != name and gone not in known]
        known.update(fresh)
        for gone in fresh:
            ends = {"primaryObjectId": name, "mergedObjectIds": [gone], "newObjectId": name}
            yield _notice(kind, "merge", f"{kind}-{name}-merged-{gone}-{one.at}", one.at, terms, **ends)
