"""The topic of each event type. A test compares this with the server's topics."""

from typing import Final

UNKNOWN: Final = "crm.activity.v1"
"""For types unknown to this version: every input topic accepts them."""

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
"""The first word of a type without ``crm.`` -> its topic, without prefix."""


def topic_of(type_: str) -> str:
    """``crm.deal.won`` or ``deal.won`` -> ``crm.touchpoints.deals.v1``."""
    return TOPICS.get(type_.removeprefix("crm.").partition(".")[0], UNKNOWN)
