"""Maps HubSpot notifications: company to customer, contact to contact and lead, deal to deal. Pure."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from collectors.event import Event
from collectors.webhooks.crm.hubspot_notice import Notice
from collectors.webhooks.crm.hubspot_properties import property_changed
from collectors.webhooks.items import Fault, maybe, rows, text

_ORIGINS: Final = {"IMPORT": "import", "CRM_UI": "ui", "CRM_UI_BULK_ACTION": "ui", "API": "api", "INTEGRATION": "api"}
_ENTITIES: Final = {"contact": "lead", "company": "customer"}
# The older format names an association in words, the newer one by both object types.
_TYPES: Final = {"0-1": "CONTACT", "0-2": "COMPANY", "0-3": "DEAL", "0-5": "TICKET"}
_FIELDS: Final = {"CONTACT": "contact_id", "COMPANY": "customer_id", "DEAL": "deal_id", "TICKET": "ticket_id"}


def events_of(notice: Notice) -> Iterator[Event]:
    """The events of a notification. Raises Fault."""
    change = _CHANGES.get(notice.change)
    return change(notice) if change else iter(())


def _record(notice: Notice, happening: str, record: str, suffix: str = "-record", **more: str) -> Event:
    origin = _ORIGINS.get(maybe(notice.item, "changeSource") or "")
    return notice.event(f"record.{happening}", suffix, object=notice.kind, record_id=record, origin=origin, **more)


def _creation(notice: Notice) -> Iterator[Event]:
    name = text(notice.item, "objectId")
    if notice.kind == "deal":
        yield notice.event("deal.created", deal_id=name)
    if notice.kind == "ticket":
        yield notice.event("ticket.opened", ticket_id=name)
    yield _record(notice, "created", name)


def _deletion(notice: Notice) -> Iterator[Event]:
    name = text(notice.item, "objectId")
    if notice.kind == "deal":
        yield notice.event("deal.deleted", deal_id=name)
    yield _record(notice, "deleted", name)


def _forgotten(notice: Notice) -> Iterator[Event]:
    name = text(notice.item, "objectId")
    if notice.kind == "contact":
        yield notice.event("privacy.erasure_requested", lead_id=name, contact_id=name, mode="forget")


def _restore(notice: Notice) -> Iterator[Event]:
    if notice.kind == "deal":
        yield notice.event("deal.reopened", deal_id=text(notice.item, "objectId"))


def _merge(notice: Notice) -> Iterator[Event]:
    """Objects merged into another one. The merged object may be new: then both originals were merged into it."""
    primary = text(notice.item, "primaryObjectId")
    stays = maybe(notice.item, "newObjectId") or primary
    merged = [
        text(notice.item, f"mergedObjectIds.{place}") for place in range(len(rows(notice.item, "mergedObjectIds")))
    ]
    gone = list(dict.fromkeys(name for name in (*merged, primary) if name != stays))
    if not gone:
        raise Fault("mergedObjectIds", "names no object that was merged")
    if entity := _ENTITIES.get(notice.kind):
        yield notice.event("identity.merged", winner_id=stays, loser_ids=gone, entity=entity)
    for place, name in enumerate(gone):
        if notice.kind == "deal":
            yield notice.event("deal.merged", f"-{place}", deal_id=name, into_deal_id=stays)
        yield _record(notice, "merged", name, f"-record-{place}", into_record_id=stays)


def _association(notice: Notice) -> Iterator[Event]:
    """A deal's company or contact, or a contact's company. Of several companies, the primary one counts."""
    item = notice.item
    first, second = _ends(item)
    if item.get("associationRemoved") is True or first not in _FIELDS or second not in _FIELDS or first == second:
        return
    if "COMPANY" in (first, second) and item.get("isPrimaryAssociation") is False:
        return
    ids = {_FIELDS[first]: text(item, "fromObjectId"), _FIELDS[second]: text(item, "toObjectId")}
    if ids.keys() == {"deal_id", "customer_id"}:
        yield notice.event("deal.updated", **ids)
    elif ids.keys() == {"deal_id", "contact_id"}:
        # A deal.created with the lead links the two; of several, the earliest dates the deal.
        yield notice.event("deal.created", **ids, lead_id=ids["contact_id"])
    elif ids.keys() == {"contact_id", "customer_id"}:
        yield notice.event("identity.identified", **ids, lead_id=ids["contact_id"])


def _ends(item: dict[str, Any]) -> tuple[str, str]:
    if named := maybe(item, "associationType"):
        first, _, second = named.partition("_TO_")
        return first, second
    types = (maybe(item, name) or "" for name in ("fromObjectTypeId", "toObjectTypeId"))
    first, second = (_TYPES.get(name, "") for name in types)
    return first, second


_CHANGES: Final[dict[str, Callable[[Notice], Iterator[Event]]]] = {
    "creation": _creation, "deletion": _deletion, "privacyDeletion": _forgotten, "restore": _restore, "merge": _merge,
    "associationChange": _association, "propertyChange": property_changed,
}  # fmt: skip
