"""Explains failures of Kafka and Redis: connects again to find out why."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from cli.exits import UNAVAILABLE, CliError
from models.settings import KafkaSettings, Settings
from sinks.base import SinkUnavailable

T = TypeVar("T")
NOT_ALLOWED: Final = frozenset({29, 30, 31, 53})  # Kafka's codes: topic, group, cluster, transactional id


def redis_away(error: SinkUnavailable) -> CliError:
    """The error to show when a Redis operation failed: connects again to find out why."""
    from ops.redis_reach import reachable

    if error.place is None:
        return CliError(str(error), UNAVAILABLE)
    check = asyncio.run(reachable(error.place))
    if check.ok:
        return CliError(f"{check.name} responds with: {error}", UNAVAILABLE)
    return CliError(f"{check.name}: {check.found}; {check.fix}", UNAVAILABLE)


def kafka_away(kafka: KafkaSettings | str, error: BaseException | None = None) -> CliError:
    """The error to show when a Kafka operation failed with ``error``: connects again to find out why."""
    from ops.kafka_reach import reach_kafka  # aiokafka is slow to import, and most commands succeed

    if getattr(error, "errno", None) in NOT_ALLOWED:
        hint = "docs/security.md lists the ACLs needed; `crmkpi doctor` names the missing ones"
        return CliError(f"Kafka denied access: {type(error).__name__} {error} ({hint})", UNAVAILABLE)
    check = reach_kafka(kafka)
    if check.ok:
        return CliError(f"{check.name} responds with: {type(error).__name__} {error}", UNAVAILABLE)
    return CliError(f"{check.name}: {check.found}; {check.fix}", UNAVAILABLE)


def run_on_kafka(place: Settings, work: Coroutine[Any, Any, T]) -> T:
    """Run work that uses Kafka. Raises CliError if Kafka does not respond or refuses."""
    from aiokafka.errors import KafkaError

    try:
        return asyncio.run(work)
    except (KafkaError, OSError) as error:
        raise kafka_away(place.kafka, error) from error
