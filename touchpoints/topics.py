"""Which topic an event type belongs to. A test compares this with the topics of the server."""

from typing import Final

UNKNOWN: Final = "crm.activity.v1"
"""For types that this version does not know: every input topic takes them."""

_ENTITIES: Final = {
    "crm.touchpoints.pages.v1": "page link form",
    "crm.touchpoints.email.v1": "email",
    "crm.touchpoints.calls.v1": "call meeting chat",
    "crm.touchpoints.social.v1": "social",
    "crm.touchpoints.deals.v1": "deal",
    "crm.customers.v1": "lead customer identity privacy",
    "crm.revenue.v1": "order subscription renewal payment",
    "crm.surveys.v1": "survey",
    "crm.activity.v1": "user record ticket",
    "crm.costs.v1": "cost target fx",
}
TOPICS: Final = {entity: topic for topic, entities in _ENTITIES.items() for entity in entities.split()}
"""The second word of a type -> its topic, without prefix."""


def topic_of(type_: str) -> str:
    """``crm.deal.won`` or ``deal.won`` -> ``crm.touchpoints.deals.v1``."""
    return TOPICS.get(type_.removeprefix("crm.").partition(".")[0], UNKNOWN)
