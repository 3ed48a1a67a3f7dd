"""An event's input topic and record key."""

from typing import Any, Final

from models import topics
from models.settings import Settings

OTHERS: Final = "crm.activity.v1"  # newer and malformed types: kept or dead-lettered there as on any topic


def topic_of(settings: Settings, kind: object) -> str:
    """The input topic of an event type; every topic accepts every type, this only keeps them tidy."""
    known = topics.topic_of(settings, kind) if isinstance(kind, str) else None
    return known or settings.topic_prefix + OTHERS


def key_of(event: dict[str, Any]) -> bytes | None:
    """The event's id as key: copies share a partition, so which of two conflicting ones came first is definite."""
    identity = event.get("id")
    return identity.encode() if isinstance(identity, str) else None
