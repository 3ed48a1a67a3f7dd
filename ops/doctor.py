"""`crmkpi doctor`: what this machine and its servers need, each with what to do where it is not so."""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

from aiokafka.errors import KafkaError

from models import topics as names
from models.settings import Settings
from ops.local.docker import why_not
from ops.local.jars import cache_folder
from ops.local.java import find_java
from ops.local.kafka import MEMORY_MB, available_mb
from ops.local.redis import find_redis
from ops.local.unit import ServerError, host_port
from ops.losses import ACKNOWLEDGE, read_losses, unknown
from ops.topics import TopicsWrong, admin, check, wanted_topics
from ops.wire import brokers_at, redis_answers, tcp_opens

DISK_MB = 1000


class Check(NamedTuple):
    """One line of the list: `found` says what is, `fix` what to do when it is not `ok`."""

    name: str
    ok: bool
    found: str
    fix: str = ""


def machine() -> list[Check]:
    """What local servers and workers need of this machine."""
    return [_python(), _java(), _redis_program(), _memory(), _disk(), _docker()]


async def servers(settings: Settings) -> list[Check]:
    """Whether the Kafka and Redis of `settings` can be reached, and whether the topics are right."""
    kafka = await asyncio.to_thread(kafka_reachable, settings.kafka.bootstrap_servers)
    found = [kafka, await asyncio.to_thread(redis_reachable, settings.redis.url)]
    return [*found, await _topics(settings), await _losses(settings)] if kafka.ok else found


def _python() -> Check:
    found = ".".join(map(str, sys.version_info[:3]))
    return Check("Python", sys.version_info >= (3, 11), found, "install Python 3.11 or newer")


def _java() -> Check:
    try:
        path, which = find_java()
    except ServerError as error:
        return Check("Java", False, "none of version 17 or newer", str(error))
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
    fix = f"Kafka and a worker need about {MEMORY_MB + 500} MB: close something, or use a Kafka elsewhere"
    return Check("memory", free is None or free >= MEMORY_MB + 500, found, fix)


def _disk() -> Check:
    folder = cache_folder()
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free >> 20
    return Check("disk", free >= DISK_MB, f"{free} MB free for {folder}", f"free {DISK_MB} MB, or set CRMKPI_CACHE")


def _docker() -> Check:
    reason = why_not()
    return Check("Docker", True, f"not used: {reason}" if reason else "an engine answers")


def kafka_reachable(bootstrap: str) -> Check:
    """Whether `bootstrap` answers and the addresses its brokers advertise open from here too."""
    host, port = host_port(bootstrap, 9092)
    name = f"Kafka at {bootstrap}"
    if not tcp_opens(host, port):
        fix = (
            f"start it (crmkpi up), or correct KAFKA_BOOTSTRAP_SERVERS; see who listens with: ss -ltn 'sport = :{port}'"
        )
        return Check(name, False, f"nothing listens at {host}:{port}", fix)
    brokers = brokers_at(host, port)
    if not brokers:
        fix = "if this listener wants TLS or SASL, set the security options; if it is no Kafka, correct the address"
        return Check(name, False, "something listens, but it does not answer as Kafka does in plain text", fix)
    lost = [f"{broker.host}:{broker.port}" for broker in brokers if not tcp_opens(broker.host, broker.port)]
    if lost:
        fix = (
            f"listener mismatch: the broker tells clients to come to {', '.join(lost)}, which does not open from here. "
            f"Set its advertised.listeners to an address this machine reaches (such as {host}:{port}), or use the "
            "listener meant for clients outside its network."
        )
        return Check(name, False, f"answers, but advertises {', '.join(lost)}", fix)
    return Check(name, True, f"{len(brokers)} broker(s): " + ", ".join(f"{b.host}:{b.port}" for b in brokers))


def redis_reachable(url: str) -> Check:
    """Whether the server of `url` answers PING (one that asks for a password counts)."""
    if url.startswith("unix://"):
        there = Path(url.removeprefix("unix://").split("?")[0]).exists()
        return Check(f"Redis at {url}", there, "socket is there" if there else "no such socket", "correct REDIS_URL")
    host, port = host_port(url, 6379)
    shown = f"Redis at {host}:{port}"
    if url.startswith("rediss://"):
        return Check(shown, tcp_opens(host, port), "TLS; only the port was tried", "start it, or correct REDIS_URL")
    if redis_answers(host, port):
        return Check(shown, True, "answers")
    what = "something listens, but it is no Redis" if tcp_opens(host, port) else "nothing listens"
    return Check(shown, False, what, "start it (crmkpi up), or correct REDIS_URL")


async def _topics(settings: Settings) -> Check:
    wanted = wanted_topics(settings)
    try:
        async with admin(settings.kafka.bootstrap_servers) as link:
            await check(link, wanted)
    except TopicsWrong as error:
        return Check("topics", False, f"{len(error.changes)} differ", str(error))
    except (KafkaError, OSError) as error:
        return Check("topics", False, f"could not be read: {error}", "see the line on Kafka above")
    return Check("topics", True, f"{len(wanted)} as they should be")


async def _losses(settings: Settings) -> Check:
    try:
        found = unknown(await read_losses(settings.kafka.bootstrap_servers, names.control(settings)))
    except (KafkaError, OSError) as error:
        return Check("lost records", False, f"could not be read: {error}", "see the line on Kafka above")
    text = "; ".join(loss.text() for loss in found)
    return Check("lost records", not found, text or "none that nobody acknowledged", ACKNOWLEDGE)
