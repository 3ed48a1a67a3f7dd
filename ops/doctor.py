"""`crmkpi doctor`: checks this machine and its servers, with a fix for every failure."""

from __future__ import annotations

import asyncio
import shutil
import sys

from aiokafka.errors import KafkaError

from access.kafka import client_options
from models import topics as names
from models.settings import Settings
from ops import kafka_reach, redis_reach
from ops.check import Check
from ops.kafka_rights import rights
from ops.local.docker import why_not
from ops.local.jars import cache_folder
from ops.local.java import find_java
from ops.local.kafka import MEMORY_MB, available_mb
from ops.local.redis import find_redis
from ops.local.servers import given
from ops.local.unit import ServerError
from ops.losses import ACKNOWLEDGE, read_losses, texts, unknown
from ops.topics import TopicsWrong, admin, check, wanted_topics

DISK_MB = 1000


def machine() -> list[Check]:
    """What local servers and workers need on this machine; just Python if the environment names both servers."""
    if all(given()):
        return [_python(), Check("local servers", True, "not needed: the environment names Kafka and Redis")]
    return [_python(), _java(), _redis_program(), _memory(), _disk(), _docker()]


async def servers(settings: Settings) -> list[Check]:
    """Access to Kafka and Redis, our rights there, the topics, and unacknowledged losses."""
    kafka, redis = await asyncio.gather(kafka_reach.reachable(settings.kafka), redis_reach.reachable(settings.redis))
    if not kafka.ok:
        return [kafka, redis]
    return [kafka, await rights(settings), await _topics(settings), await _losses(settings), redis]


def _python() -> Check:
    found = ".".join(map(str, sys.version_info[:3]))
    return Check("Python", sys.version_info >= (3, 11), found, "install Python 3.11 or newer")


def _java() -> Check:
    try:
        path, which = find_java()
    except ServerError as error:
        return Check("Java", False, "no version 17 or newer found", str(error))
    return Check("Java", True, f"{which} ({path})")


def _redis_program() -> Check:
    try:
        path, which = find_redis()
    except ServerError as error:
        return Check("Redis program", False, "none", str(error))
    return Check("Redis program", True, f"{which} ({path})")


def _memory() -> Check:
    free = available_mb()
    found = "unknown" if free is None else f"{free} MB available"
    fix = f"Kafka and a worker need about {MEMORY_MB + 500} MB: free some memory, or use a Kafka elsewhere"
    return Check("memory", free is None or free >= MEMORY_MB + 500, found, fix)


def _disk() -> Check:
    folder = cache_folder()
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free >> 20
    return Check("disk", free >= DISK_MB, f"{free} MB free for {folder}", f"free {DISK_MB} MB, or set CRMKPI_CACHE")


def _docker() -> Check:
    reason = why_not()
    return Check("Docker", True, f"not used: {reason}" if reason else "an engine responds")


async def _topics(settings: Settings) -> Check:
    wanted = wanted_topics(settings)
    try:
        async with admin(settings.kafka) as link:
            await check(link, wanted)
    except TopicsWrong as error:
        return Check("topics", False, f"{len(error.changes)} missing or different", str(error))
    except (KafkaError, OSError) as error:
        return Check("topics", False, f"cannot be read: {error}", "see the Kafka line above")
    return Check("topics", True, f"all {len(wanted)} as required")


async def _losses(settings: Settings) -> Check:
    try:
        found = unknown(await read_losses(client_options(settings.kafka), names.control(settings)))
    except (KafkaError, OSError) as error:
        return Check("lost records", False, f"cannot be read: {error}", "see the Kafka line above")
    text = "; ".join(texts(found))
    return Check("lost records", not found, text or "none unacknowledged", ACKNOWLEDGE)
