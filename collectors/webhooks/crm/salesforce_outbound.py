"""Salesforce: Outbound Messages of workflow rules and flows, SOAP.

https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_om_outboundmessaging_understanding.htm
A message has the current values of its configured fields, not what has changed. It is resent until acknowledged.
"""

from collections.abc import Iterator
from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from collectors.arrived import Arrived, Unreadable
from collectors.event import Event, Reading
from collectors.webhooks.crm.salesforce_change import Change, record_id
from collectors.webhooks.crm.salesforce_objects import MADE, closed, deal
from collectors.webhooks.items import Fault, maybe, reading, text
from collectors.webhooks.options import currency, traits
from collectors.webhooks.provider import Provider, Reply
from collectors.webhooks.signing import shared_secret
from collectors.webhooks.times import ms_of

MOST: Final = 100  # notifications per message
_OUT: Final = "{http://soap.sforce.com/2005/09/outbound}"
_KNOWN: Final = ("Opportunity", "Lead", "Account", "Contact")
_TYPE: Final = "{http://www.w3.org/2001/XMLSchema-instance}type"
_ACK: Final = (
    b'<?xml version="1.0" encoding="UTF-8"?>'
    b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    b'<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>'
    b"</soapenv:Body></soapenv:Envelope>"
)


def _read(arrived: Arrived) -> Reading:
    try:
        found = list(fromstring(arrived.body).iter(f"{_OUT}Notification"))
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise Unreadable("not XML that is safe to read") from None
    if not 0 < len(found) <= MOST:
        raise Unreadable(f"must hold 1 to {MOST} notifications")
    money, wanted = currency(arrived), traits(arrived)
    return reading(arrived, list(map(_item, found)), lambda item: _events(item, money, wanted))


def _item(notification: Element) -> dict[str, Any]:
    """A notification as a plain object: its id, record type and fields."""
    record = notification.find(f"{_OUT}sObject")
    fields = {} if record is None else {child.tag.rpartition("}")[2]: child.text for child in record}
    kind = "" if record is None else record.get(_TYPE, "").rpartition(":")[2]
    return {"Id": notification.findtext(f"{_OUT}Id"), "type": kind, "fields": fields}


def _events(item: dict[str, Any], money: str | None, wanted: frozenset[str]) -> Iterator[Event]:
    if item["type"] not in _KNOWN:
        return
    fields = dict(item["fields"])
    record = record_id(item, "fields.Id")
    changed = maybe(fields, "SystemModstamp") or maybe(fields, "LastModifiedDate")
    created = maybe(fields, "CreatedDate")
    moment = changed or created
    if moment is None:
        raise Fault("SystemModstamp", "is missing: choose SystemModstamp and CreatedDate as fields of the message")
    new = created is not None and ms_of(created, "CreatedDate") == ms_of(moment, "SystemModstamp")
    if not new:
        fields.pop("Status", None)  # part of every message, so not a change
    change = Change(fields, item["type"], "CREATE" if new else "UPDATE", record, text(item, "Id"), moment,
                    ms_of(moment, "SystemModstamp") * 10_000, money, wanted, {})  # fmt: skip
    if change.entity == "Opportunity":
        yield from _opportunity(change, created)
    else:
        yield from MADE[change.entity](change)


def _opportunity(change: Change, created: str | None) -> Iterator[Event]:
    """The current state of an opportunity: an update with its stage, or its result if it is dated."""
    if created:  # the same id in every message, so it counts once
        yield Event("crm.deal.created", f"{change.record}-created", created, {"deal_id": change.record})
    about = deal(change)
    end = closed(change.fields) if "closed_at" in about else None  # without a date, each later edit would move it
    yield change.event(end or "deal.updated", stage=maybe(change.fields, "StageName"), **about)


PROVIDER: Final = Provider(
    "salesforce_outbound", "Salesforce (Outbound Messages)",
    "a secret of your own, written as ?secret= at the end of the endpoint URL",
    shared_secret, _read, accepted=Reply(200, _ACK, "text/xml"),
)  # fmt: skip
