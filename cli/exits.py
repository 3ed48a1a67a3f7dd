"""Exit codes, and the one kind of error that is shown as a line instead of a traceback."""

import asyncio
from typing import Final

from models.settings import KafkaSettings
from sinks.base import SinkUnavailable

OK: Final = 0
DIFFERENT: Final = 1  # verify found a difference, or what was asked for does not exist
USAGE: Final = 2  # a flag, a file or a value the user gave is wrong
UNAVAILABLE: Final = 69  # Kafka or Redis cannot be reached
FAIL_STOP: Final = 70  # a worker or a check stopped itself rather than go on half-done
REFUSED: Final = 78  # a worker that a restart cannot help: a wrong setting, topics that do not fit

EPILOG: Final = (
    "Exit codes: 0 ok · 1 difference or not found · 2 invalid usage or input · 69 Kafka or Redis unavailable · "
    "70 fail-stop · 78 worker cannot run, a restart will not help."
)


NOT_ALLOWED: Final = frozenset({29, 30, 31, 53})  # Kafka's codes: topic, group, cluster, transactional id


class CliError(Exception):
    """Says in one line what is wrong and what to do; ends the command with ``code``."""

    def __init__(self, message: str, code: int = USAGE) -> None:
        super().__init__(message)
        self.code = code


def redis_away(error: SinkUnavailable) -> CliError:
    """What to say when Redis did not do what was asked: looks once more to find out why."""
    from ops.redis_reach import reachable

    if error.place is None:
        return CliError(str(error), UNAVAILABLE)
    check = asyncio.run(reachable(error.place))
    if check.ok:
        return CliError(f"{check.name} responds with: {error}", UNAVAILABLE)
    return CliError(f"{check.name}: {check.found}; {check.fix}", UNAVAILABLE)


def kafka_away(kafka: KafkaSettings | str, error: BaseException | None = None) -> CliError:
    """What to say when Kafka did not do what was asked, because of ``error``: looks once more to find out why."""
    from ops.kafka_reach import reach_kafka  # aiokafka takes a while to load, and most commands end well

    if getattr(error, "errno", None) in NOT_ALLOWED:
        hint = "docs/security.md lists the ACLs needed; `crmkpi doctor` names the missing ones"
        return CliError(f"Kafka denied access: {type(error).__name__} {error} ({hint})", UNAVAILABLE)
    check = reach_kafka(kafka)
    if check.ok:
        return CliError(f"{check.name} responds with: {type(error).__name__} {error}", UNAVAILABLE)
    return CliError(f"{check.name}: {check.found}; {check.fix}", UNAVAILABLE)
