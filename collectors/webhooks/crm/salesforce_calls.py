"""Calls logged as tasks in Salesforce. Pure.

https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_task.htm
"""

from collections.abc import Iterator
from typing import Any, Final

from collectors.event import Event
from collectors.webhooks.crm.salesforce_change import Change, reference
from collectors.webhooks.items import given, maybe, maybe_whole

# Object types by the first three characters of an id.
_KINDS: Final = {"001": "customer_id", "003": "contact_id", "006": "deal_id", "00Q": "lead_id"}


def call_events(change: Change) -> Iterator[Event]:
    """A call logged when it is over. A call planned first and completed later does not carry enough data."""
    fields = change.fields
    is_call = maybe(fields, "TaskSubtype") == "Call" or maybe(fields, "CallType") is not None
    if change.kind != "CREATE" or not is_call or maybe(fields, "Status") != "Completed":
        return
    inbound = maybe(fields, "CallType") == "Inbound"
    duration = maybe_whole(fields, "CallDurationInSeconds")
    data = {"direction": "inbound" if inbound else "outbound", "outcome": "connected" if duration else "unknown"}
    about = given(duration_s=duration, owner_id=reference(fields, "OwnerId"))
    yield change.event("call.ended", **data, **about, **_whom(fields))


def _whom(fields: dict[str, Any]) -> dict[str, str]:
    """The call's contact or lead, and account or opportunity."""
    found = (reference(fields, name) for name in ("AccountId", "WhoId", "WhatId"))
    return {_KINDS[one[:3]]: one for one in found if one and one[:3] in _KINDS}
