"""Topic names: pure functions of the settings."""

from typing import Final

from models.events import TOPIC_OF, TOPICS
from models.settings import Settings

JOURNAL: Final = "kpi.accepted.v1"
NOTICE_PARTITIONS: Final = 4  # so many servers share the work
_DEAD: Final = ".dlq"


def inputs(settings: Settings) -> tuple[str, ...]:
    """Every topic producers write to."""
    return tuple(settings.topic_prefix + topic for topic in TOPICS)


def journal(settings: Settings) -> str:
    """Accepted events, keyed by tenant."""
    return settings.topic_prefix + JOURNAL


def dead_letters(topic: str) -> str:
    """The dead-letter topic of an input topic; ``topic`` already has its prefix."""
    return topic + _DEAD


def state(settings: Settings) -> str:
    """The compacted changelog of all tables; as many partitions as the journal."""
    return f"{settings.topic_prefix}{settings.app_id}-state"


def control(settings: Settings) -> str:
    """Losses and operators' acknowledgements of them; compacted, one partition."""
    return f"{settings.topic_prefix}{settings.app_id}-control"


def marks(settings: Settings) -> str:
    """Which dead letters were retried or discarded; one partition."""
    return f"{settings.topic_prefix}{settings.app_id}-dlq-marks"


def notices(settings: Settings) -> tuple[str, int]:
    """What was decided to be told, and what was delivered: the topic's name, and its partitions; compacted."""
    return f"{settings.topic_prefix}{settings.app_id}-notices", NOTICE_PARTITIONS


def every(settings: Settings) -> tuple[str, ...]:
    """All topics that counting needs; the notices are apart, because only who tells somebody needs them."""
    given = inputs(settings)
    own = (journal(settings), control(settings), marks(settings), state(settings))
    return (*given, *map(dead_letters, given), *own)


def topic_of(settings: Settings, type_: str) -> str | None:
    """The input topic of an event type, with or without ``.v1``; None for types unknown to this build."""
    topic = TOPIC_OF.get(type_.removesuffix(".v1"))
    return None if topic is None else settings.topic_prefix + topic
