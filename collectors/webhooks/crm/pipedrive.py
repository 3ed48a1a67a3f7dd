"""Pipedrive: webhooks, version 1 and 2.

https://pipedrive.readme.io/docs/guide-for-webhooks-v2 and https://pipedrive.readme.io/docs/guide-for-webhooks.
A delivery has one object's current and previous state. Organization maps to customer, person to contact.
"""

from collections.abc import Iterator
from typing import Any, Final

from collectors.arrived import Arrived
from collectors.event import Event, Reading
from collectors.webhooks.crm.pipedrive_activities import activity_events
from collectors.webhooks.crm.pipedrive_objects import Notice, events_of
from collectors.webhooks.hmacs import basic
from collectors.webhooks.items import at, document, maybe, reading, table, text, whole
from collectors.webhooks.options import traits
from collectors.webhooks.provider import Provider
from collectors.webhooks.times import us_of

_ACTIONS: Final = {"create": "created", "added": "created", "change": "updated", "updated": "updated",
                   "delete": "deleted", "deleted": "deleted", "merged": "merged"}  # fmt: skip


def _read(arrived: Arrived) -> Reading:
    wanted = traits(arrived)
    return reading(arrived, [document(arrived)], lambda item: _events(_notice(item, wanted)))


def _events(notice: Notice) -> Iterator[Event]:
    return activity_events(notice) if notice.entity == "activity" else events_of(notice)


def _notice(item: Any, wanted: frozenset[str]) -> Notice:
    meta = table(item, "meta")
    entity = text(meta, "entity" if "entity" in meta else "object")
    action = _ACTIONS.get(text(meta, "action"), "")
    name = text(meta, "entity_id" if "entity_id" in meta else "id")
    us = _moment(meta)
    now, before = at(item, "data") or at(item, "current"), at(item, "previous")
    if not isinstance(now, dict):
        now = before if isinstance(before, dict) else {}
    event = maybe(meta, "id") if "entity_id" in meta else None
    key = "-".join(filter(None, (event, text(meta, "action"), entity, name, str(us))))
    return Notice(entity, action, name, now, before if isinstance(before, dict) else {}, key, us,
                  maybe(meta, "user_id"), wanted)  # fmt: skip


def _moment(meta: dict[str, Any]) -> int:
    """The event time in microseconds since 1970."""
    if "timestamp_micro" in meta:
        return whole(meta, "timestamp_micro")
    stamp = at(meta, "timestamp")
    return us_of(stamp, "meta.timestamp") if isinstance(stamp, str) else whole(meta, "timestamp") * 1_000_000


PROVIDER: Final = Provider(
    "pipedrive", "Pipedrive", "user:password, as in the fields HTTP auth username and password of the webhook", basic,
    _read,
)  # fmt: skip
