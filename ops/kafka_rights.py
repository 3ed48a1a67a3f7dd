"""The rights (ACLs) needed by accept, count and publish that are missing. Read only.

Kafka reports our rights on topics. It doesn't for groups and transactional ids, so two harmless requests are sent that
it authorises before anything else: a heartbeat of a member that does not exist, and offsets for a transaction of a
producer that does not exist.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from aiokafka.errors import KafkaError
from aiokafka.protocol.group import HeartbeatRequest
from aiokafka.protocol.transaction import AddOffsetsToTxnRequest

from access.kafka import security
from models import topics
from models.settings import Settings
from ops.check import Check
from ops.kafka_reach import first_open
from ops.kafka_talk import Metadata, connected

READ, WRITE, CREATE, DESCRIBE_CONFIGS = 3, 4, 5, 10  # Kafka's codes, and bits of its answers
NAMES: Final = {
    READ: "Read",
    WRITE: "Write",
    CREATE: "Create",
    DESCRIBE_CONFIGS: "DescribeConfigs",
}
UNKNOWN_TOPIC, TOPIC_REFUSED, GROUP_REFUSED, ID_REFUSED = 3, 29, 30, 53


def needed(settings: Settings) -> dict[str, tuple[int, ...]]:
    """The operations a worker needs on each topic."""
    inputs = topics.inputs(settings)
    both: tuple[int, ...] = (READ, WRITE, DESCRIBE_CONFIGS)
    reading: tuple[int, ...] = (READ, DESCRIBE_CONFIGS)
    rights = dict.fromkeys(inputs, reading)
    rights |= dict.fromkeys(map(topics.dead_letters, inputs), (WRITE, DESCRIBE_CONFIGS))
    rights |= dict.fromkeys((topics.journal(settings), topics.state(settings), topics.control(settings)), both)
    return rights | {topics.marks(settings): reading}


async def rights(settings: Settings) -> Check:
    """Every missing right, by name. Kafka must be reachable."""
    try:
        missing = await _missing(settings)
    except (KafkaError, OSError, TimeoutError) as error:
        return Check("Kafka rights", False, f"cannot be checked: {error}", "see the Kafka line above")
    if missing:
        return Check("Kafka rights", False, f"{len(missing)} missing", "\n".join([*missing, "see docs/security.md"]))
    return Check("Kafka rights", True, "to accept, count and publish")


async def _missing(settings: Settings) -> list[str]:
    address = await asyncio.to_thread(first_open, settings.kafka)
    if address is None:
        raise ConnectionError("nothing is listening")
    async with connected(*address, **security(settings.kafka)) as link:
        wanted = needed(settings)
        answer = await link.send(Metadata(list(wanted)))
        return [
            *_of_topics(answer, wanted),
            *await _of_group(link, settings.app_id),
            *await _of_id(link, settings.app_id),
        ]


def _of_topics(answer: Any, wanted: dict[str, tuple[int, ...]]) -> list[str]:
    missing, absent = [], []
    for code, name, *_, granted in answer.topics:
        if code == TOPIC_REFUSED:
            missing.append(f"topic {name}: {', '.join(NAMES[right] for right in wanted[name])}")
        elif code == UNKNOWN_TOPIC:
            absent.append(name)
        elif lacking := [NAMES[right] for right in wanted[name] if not granted >> right & 1]:
            missing.append(f"topic {name}: {', '.join(lacking)}")
    if absent and not answer.operations >> CREATE & 1:
        missing.append(f"cluster: Create, for {len(absent)} topics that do not exist (or create them as another user)")
    return sorted(missing)


async def _of_group(link: Any, group: str) -> list[str]:
    code = (await link.send(HeartbeatRequest(group, -1, "crmkpi-doctor"))).error_code
    return [f"group {group}: Read"] if code == GROUP_REFUSED else []


async def _of_id(link: Any, app: str) -> list[str]:
    code = (await link.send(AddOffsetsToTxnRequest(f"{app}-count-0", -1, -1, app))).error_code
    return [f"transactional ids starting with {app}-count-: Write"] if code == ID_REFUSED else []
