"""Which input topic an event belongs on, and under which key it is sent."""

from typing import Any, Final

TOPIC_OF_ENTITY: Final = {
    "page": "crm.touchpoints.pages.v1",
    "link": "crm.touchpoints.pages.v1",
    "form": "crm.touchpoints.pages.v1",
    "email": "crm.touchpoints.email.v1",
    "call": "crm.touchpoints.calls.v1",
    "meeting": "crm.touchpoints.calls.v1",
    "chat": "crm.touchpoints.calls.v1",
    "social": "crm.touchpoints.social.v1",
    "deal": "crm.touchpoints.deals.v1",
    "lead": "crm.customers.v1",
    "customer": "crm.customers.v1",
    "identity": "crm.customers.v1",
    "privacy": "crm.customers.v1",
    "order": "crm.revenue.v1",
    "subscription": "crm.revenue.v1",
    "renewal": "crm.revenue.v1",
    "payment": "crm.revenue.v1",
    "survey": "crm.surveys.v1",
    "user": "crm.activity.v1",
    "record": "crm.activity.v1",
    "ticket": "crm.activity.v1",
    "cost": "crm.costs.v1",
    "target": "crm.costs.v1",
    "fx": "crm.costs.v1",
}
OTHERS: Final = "crm.activity.v1"  # newer and malformed types: accepted or dead-lettered there like anywhere


def topic_of(kind: object) -> str:
    """The input topic of an event type; every topic accepts every type, this only keeps them tidy."""
    parts = kind.split(".") if isinstance(kind, str) else []
    return TOPIC_OF_ENTITY.get(parts[1], OTHERS) if len(parts) > 2 and parts[0] == "crm" else OTHERS


def key_of(event: dict[str, Any]) -> bytes | None:
    """The event's id as key: copies of one identity meet in one partition, so the first of a conflict is definite."""
    identity = event.get("id")
    return identity.encode() if isinstance(identity, str) else None
