"""The topics we need, with their settings: planning, creating and checking them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaTimeoutError, TopicAlreadyExistsError, for_code

from access.kafka import client_options
from models import topics as names
from models.settings import KafkaSettings, Settings

DAY_MS = 86_400_000
MB = 1 << 20
VISIBLE_S = 30.0
LARGE = {"max.message.bytes": str(8 * MB)}  # blocks, state entries and dead letters are larger than any input
INPUT = {"cleanup.policy": "delete", "message.timestamp.type": "LogAppendTime", "retention.ms": str(7 * DAY_MS)}
INPUT |= {"max.message.bytes": str(MB + 12)}  # Kafka's default, made explicit
JOURNAL = {
    "cleanup.policy": "delete",
    "message.timestamp.type": "LogAppendTime",
    "retention.ms": str(90 * DAY_MS),
    **LARGE,
}
DEAD = {
    "cleanup.policy": "delete",
    "message.timestamp.type": "LogAppendTime",
    "retention.ms": str(14 * DAY_MS),
    **LARGE,
}
STATE = {
    "cleanup.policy": "compact",  # never compact,delete: state has no age
    "segment.bytes": str(16 * MB),  # only closed segments are compacted, and a restart reads all others in full
    "segment.ms": str(600_000),
    "min.cleanable.dirty.ratio": "0.1",
    "max.compaction.lag.ms": str(DAY_MS),
    **LARGE,
}
CONTROL = {"cleanup.policy": "compact"}
MARKS = {**DEAD, "cleanup.policy": "compact,delete", "retention.ms": str(30 * DAY_MS)}  # outlasts every letter
# Settings for which an operator may choose a safer value; all others must be equal.
AT_LEAST = {"max.message.bytes", "retention.ms", "min.insync.replicas"}
AT_MOST = {"segment.bytes", "segment.ms", "min.cleanable.dirty.ratio", "max.compaction.lag.ms"}


@dataclass(frozen=True)
class Topic:
    """A topic as it should be."""

    name: str
    partitions: int
    copies: int
    configs: Mapping[str, str]


class Change(NamedTuple):
    """A difference, or (from `ensure`) a change that was made. `partitions` can't be fixed automatically."""

    topic: str
    kind: Literal["create", "config", "partitions"]
    detail: str


HINTS = {
    "create": "; create it: crmkpi topics ensure",
    "config": "; fix it: crmkpi topics ensure --mend",
    "partitions": "",
}


class TopicsWrong(RuntimeError):
    """Topics are missing or differ; the text names each with its fix."""

    def __init__(self, changes: Sequence[Change]) -> None:
        super().__init__("\n".join(f"{change.topic}: {change.detail}{HINTS[change.kind]}" for change in changes))
        self.changes = tuple(changes)


def wanted_topics(settings: Settings) -> tuple[Topic, ...]:
    """Inputs, a dead-letter topic for each, the journal, two small topics for operators, the state's changelog."""
    copies = settings.replication
    # With three copies, a write needs two acknowledgements: one broker may be lost or under repair.
    safe = {"min.insync.replicas": "2"} if copies >= 3 else {}
    given = names.inputs(settings)
    parts = [(name, settings.input_partitions, INPUT) for name in given]
    parts += [(names.dead_letters(name), settings.input_partitions, DEAD) for name in given]
    parts += [(names.journal(settings), settings.journal_partitions, JOURNAL)]
    parts += [(names.control(settings), 1, CONTROL), (names.marks(settings), 1, MARKS)]
    parts += [(names.state(settings), settings.journal_partitions, STATE)]
    return tuple(Topic(name, count, copies, {**configs, **safe}) for name, count, configs in parts)


def notice_topic(settings: Settings) -> Topic:
    """What `notify.ledger` writes. Workers need it not, nor rights to it."""
    safe = {"min.insync.replicas": "2"} if settings.replication >= 3 else {}
    return Topic(*names.notices(settings), settings.replication, {**STATE, **safe})


@asynccontextmanager
async def admin(kafka: KafkaSettings | str) -> AsyncIterator[AIOKafkaAdminClient]:
    """An open admin client. Raises KafkaConnectionError if no broker responds, SettingsError for unusable files."""
    link = AIOKafkaAdminClient(client_id="crmkpi-topics", **client_options(kafka))
    try:
        await link.start()
        yield link
    finally:
        await link.close()


async def plan(link: AIOKafkaAdminClient, topics: Iterable[Topic]) -> list[Change]:
    """Everything missing or different, in the order of `topics`; empty if all is well."""
    topics = list(topics)
    counts = await _partition_counts(link)
    configs = await _configs(link, [topic for topic in topics if topic.name in counts])
    return [change for topic in topics for change in _compare(topic, counts.get(topic.name), configs)]


async def ensure(link: AIOKafkaAdminClient, topics: Iterable[Topic], *, mend: bool = False) -> list[Change]:
    """Create missing topics and, with `mend`, correct differing settings; returns the changes made.

    Raises TopicsWrong for what remains: partition counts, and settings without `mend`.
    """
    topics = list(topics)
    changes = await plan(link, topics)
    missing = {change.topic for change in changes if change.kind == "create"}
    await _create(link, [topic for topic in topics if topic.name in missing])
    differing = {change.topic for change in changes if change.kind == "config" and mend}
    await _mend(link, [topic for topic in topics if topic.name in differing])
    done = [change for change in changes if change.topic in missing or (change.kind == "config" and mend)]
    if left := [change for change in changes if change not in done]:
        raise TopicsWrong(left)
    return [change._replace(detail=change.detail.replace("missing, expected", "created")) for change in done]


async def check(link: AIOKafkaAdminClient, topics: Iterable[Topic]) -> None:
    """Raises TopicsWrong unless every topic exists as wanted."""
    if changes := await plan(link, topics):
        raise TopicsWrong(changes)


def _compare(topic: Topic, count: int | None, configs: Mapping[str, Mapping[str, str]]) -> list[Change]:
    if count is None:
        return [Change(topic.name, "create", f"missing, expected with {topic.partitions} partitions")]
    changes = [Change(topic.name, "partitions", _partitions_text(count, topic.partitions))] * (
        count != topic.partitions
    )
    actual = configs[topic.name]
    for key, value in topic.configs.items():
        if not _good(key, actual.get(key, ""), value):
            text = f"{key} is {actual.get(key)}, expected {_bound(key)}{value}"
            changes.append(Change(topic.name, "config", text))
    return changes


def _partitions_text(actual: int, wanted: int) -> str:
    return (
        f"has {actual} partitions, expected {wanted}. The number of partitions is fixed, because counted state "
        f"belongs to partitions. If it had {actual} before anything was counted, set CRMKPI_INPUT_PARTITIONS (inputs) "
        "or CRMKPI_JOURNAL_PARTITIONS (journal, state); if it was changed since, recreate the topic with the old "
        "number, or start with a new CRMKPI_APP_ID, which counts everything again."
    )


def _bound(key: str) -> str:
    return "at least " if key in AT_LEAST else "at most " if key in AT_MOST else ""


def _good(key: str, actual: str, wanted: str) -> bool:
    if key in AT_LEAST:
        return actual == "-1" or (actual != "" and float(actual) >= float(wanted))
    if key in AT_MOST:
        return actual != "" and float(actual) <= float(wanted)
    return actual == wanted


async def _partition_counts(link: AIOKafkaAdminClient) -> dict[str, int]:
    # All topics: asking for one by name would create it on brokers with auto-creation.
    return {item["topic"]: len(item["partitions"]) for item in await link.describe_topics() if not item["error_code"]}


async def _configs(link: AIOKafkaAdminClient, topics: list[Topic]) -> dict[str, dict[str, str]]:
    entries = await _entries(link, [topic.name for topic in topics])
    return {name: {entry[0]: entry[1] for entry in found} for name, found in entries.items()}


async def _entries(link: AIOKafkaAdminClient, names: list[str]) -> dict[str, list[tuple[Any, ...]]]:
    """Per topic: (key, value, read only, source, ...) of every setting; source 1 = set on this topic."""
    if not names:
        return {}
    answers = await link.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names])
    found = {}
    for code, text, _, name, entries in (resource for answer in answers for resource in answer.resources):
        if code:
            raise for_code(code)(f"settings of {name}: {text}")
        found[name] = entries
    return found


async def _create(link: AIOKafkaAdminClient, topics: list[Topic]) -> None:
    if not topics:
        return
    new = [NewTopic(topic.name, topic.partitions, topic.copies, topic_configs=dict(topic.configs)) for topic in topics]
    answer = await link.create_topics(new)
    for name, code, *rest in answer.topic_errors:
        if code not in (0, TopicAlreadyExistsError.errno):  # another worker may be creating them right now
            raise for_code(code)(f"creating {name}: {rest[0] if rest else ''}")
    await _visible(link, {topic.name for topic in topics})


async def _visible(link: AIOKafkaAdminClient, made: set[str]) -> None:
    """The controller answers before the brokers know: wait until every new partition has a leader."""
    end = time.monotonic() + VISIBLE_S
    while time.monotonic() < end:
        described = [item for item in await link.describe_topics() if item["topic"] in made and not item["error_code"]]
        parts = [part for item in described for part in item["partitions"]]
        if len(described) == len(made) and all(part["leader"] >= 0 and not part["error_code"] for part in parts):
            return
        await asyncio.sleep(0.05)
    raise KafkaTimeoutError(f"{len(made)} new topics are not available after {VISIBLE_S:g} s; see the broker's log")


async def _mend(link: AIOKafkaAdminClient, topics: list[Topic]) -> None:
    # The request replaces all settings of the topic, so include those set by others.
    entries = await _entries(link, [topic.name for topic in topics])
    resources = []
    for topic in topics:
        own = {entry[0]: entry[1] for entry in entries[topic.name] if entry[3] == 1}
        wrong = {key: value for key, value in topic.configs.items() if not _good(key, own.get(key, ""), value)}
        resources.append(ConfigResource(ConfigResourceType.TOPIC, topic.name, own | wrong))
    if resources:
        for answer in await link.alter_configs(resources):
            for code, text, _, name in answer.resources:
                if code:
                    raise for_code(code)(f"settings of {name}: {text}")
