"""HubSpot: webhooks of private and public apps.

https://developers.hubspot.com/docs/api/webhooks and, for signatures,
https://developers.hubspot.com/docs/guides/apps/authentication/validating-requests (version 3; older versions do not
sign the time, and are refused).
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from collectors.arrived import Arrived, Unreadable
from collectors.event import Event, Reading
from collectors.webhooks.crm.hubspot_notice import Notice
from collectors.webhooks.crm.hubspot_objects import events_of
from collectors.webhooks.hmacs import base64_mac, fresh, prove, stamp
from collectors.webhooks.items import Fault, document, maybe, reading, table, text, whole
from collectors.webhooks.options import currency, traits
from collectors.webhooks.provider import Provider
from collectors.webhooks.signing import header
from collectors.webhooks.times import of_ms

MOST: Final = 100  # notifications per delivery, HubSpot's maximum
# Characters HubSpot decodes before signing, except the question mark that starts the query.
_DECODED: Final = {
    "%3A": ":", "%2F": "/", "%3F": "?", "%40": "@", "%21": "!", "%24": "$", "%27": "'", "%28": "(", "%29": ")",
    "%2A": "*", "%2C": ",", "%3B": ";",
}  # fmt: skip
_ESCAPED: Final = re.compile("|".join(_DECODED))
_OBJECTS: Final = {"0-1": "contact", "0-2": "company", "0-3": "deal", "0-5": "ticket"}


def _verify(arrived: Arrived, secrets: Sequence[str]) -> None:
    signature = header(arrived, "x-hubspot-signature-v3")
    sent = header(arrived, "x-hubspot-request-timestamp")
    fresh(arrived, stamp(sent))
    address = _ESCAPED.sub(lambda match: _DECODED[match[0]], arrived.url)
    message = f"{arrived.method}{address}".encode("utf-8", "replace") + arrived.body + sent.encode()
    prove([signature], secrets, lambda key: base64_mac(key, message))


def _read(arrived: Arrived) -> Reading:
    notices = document(arrived)
    if not isinstance(notices, list):
        raise Unreadable("must be an array of notices")
    if len(notices) > MOST:
        raise Unreadable(f"more than {MOST} notices")
    money = currency(arrived), currency(arrived, "company_currency")
    wanted = traits(arrived)

    def make(item: Any) -> Iterable[Event]:
        notice = _notice(item, money, wanted)
        return () if notice is None else events_of(notice)

    return reading(arrived, notices, make)


def _notice(item: Any, money: tuple[str | None, str | None], wanted: frozenset[str]) -> Notice | None:
    """The parsed notification; None if it is about an object we do not use."""
    table(item)
    kind, _, change = text(item, "subscriptionType").partition(".")
    if kind == "object":  # the newer format has the object type in a separate field
        kind = _OBJECTS.get(maybe(item, "objectTypeId") or maybe(item, "fromObjectTypeId") or "", "")
    if kind not in _OBJECTS.values():
        return None
    at = whole(item, "occurredAt")
    if at < 0:
        raise Fault("occurredAt", "is below zero")
    name = f"{text(item, 'eventId')}-{text(item, 'subscriptionId')}-{at}"
    return Notice(item, kind, change, name, at, of_ms(at, "occurredAt"), *money, wanted)


PROVIDER: Final = Provider(
    "hubspot", "HubSpot", "the client secret of the app (private app: Auth; public app: Basic info)", _verify, _read
)
