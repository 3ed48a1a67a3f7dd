"""Chooses Kafka and Redis: given addresses first, then Docker, then local processes."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ops.local import docker
from ops.local.kafka import start_kafka
from ops.local.keeper import Keeper
from ops.local.redis import start_redis
from ops.local.unit import Given, Kafka, Progress, Redis, ServerError, shown

log = logging.getLogger(__name__)
KAFKA_NAMES = ("CRMKPI_KAFKA__BOOTSTRAP_SERVERS", "KAFKA_BOOTSTRAP_SERVERS")
REDIS_NAMES = ("CRMKPI_REDIS__URL", "REDIS_URL")
WAYS = ("local", "docker", "env")


@dataclass(frozen=True)
class Servers:
    """Both servers; `how`: one line on what was chosen and why."""

    kafka: Kafka
    redis: Redis
    how: str

    def kept(self, progress: Progress) -> Keeper:
        """A context in which a server that ends is restarted."""
        return Keeper({"Kafka": self.kafka.unit, "Redis": self.redis.unit}, progress)


@dataclass(frozen=True)
class Choice:
    """The decision before anything starts. An empty address means: start one, by `way`."""

    kafka: str
    redis: str
    way: str
    why: str


@contextmanager
def local_servers(
    progress: Progress = log.info,
    *,
    kafka_port: int = 0,
    redis_port: int = 0,
    way: str | None = None,
    keep: Path | None = None,
) -> Iterator[Servers]:
    """Start or find a Kafka and a Redis; clean up what was started at the end, even after Ctrl-C or kill -9.

    `keep`: a folder in which a Kafka started as a process persists its data. Redis holds nothing the workers can't
    write again.

    `progress` gets short lines for people. `way` (or $CRMKPI_SERVERS) forces "local", "docker" or "env".
    Ports of 0 mean free ones. Raises ServerError with a fix if something can't be started.
    """
    forced = way or os.environ.get("CRMKPI_SERVERS", "")
    choice = choose(forced) if keep is None else _keeping(keep, forced)
    with ExitStack() as stack:
        try:
            kafka, redis = _start(choice, progress, kafka_port, redis_port, stack, keep)
        except docker.ImageMissing as error:
            if choice.why == "forced":
                raise
            choice = Choice(choice.kafka, choice.redis, "local", str(error))
            kafka, redis = _start(choice, progress, kafka_port, redis_port, stack)
        how = f"Kafka at {kafka.bootstrap}, Redis at {shown(redis.url)}: {_words(choice)}"
        progress(how)
        yield Servers(kafka, redis, how)


def choose(forced: str) -> Choice:
    """Decide without starting anything. `forced` is "" or one of WAYS; anything else raises ServerError."""
    if forced not in ("", *WAYS):
        raise ServerError(f"CRMKPI_SERVERS is {forced!r}; it must be {', '.join(WAYS)}, or unset")
    kafka, redis = given()
    if forced == "env" and not (kafka and redis):
        raise ServerError(f"CRMKPI_SERVERS is env, so both {KAFKA_NAMES[1]} and {REDIS_NAMES[1]} must be set")
    if kafka and redis and forced in ("", "env"):
        return Choice(kafka, redis, "env", "addresses from the environment")
    if forced:
        return Choice("", "", forced, "forced")
    unusable = docker.why_not()
    return Choice(kafka, redis, "local" if unusable else "docker", unusable or "a Docker engine responds")


def _keeping(folder: Path, forced: str) -> Choice:
    kafka, redis = given()
    if kafka or forced not in ("", "local"):
        named = KAFKA_NAMES[1] if kafka else f"CRMKPI_SERVERS={forced}"
        raise ServerError(f"{named} is set: only the data of a Kafka started here can be kept in {folder}")
    return Choice("", redis, "local", f"data in {folder}")


def given() -> tuple[str, str]:
    """The addresses of Kafka and Redis in the environment; empty: none."""
    return _from_environment(KAFKA_NAMES), _from_environment(REDIS_NAMES)


def _from_environment(names: tuple[str, ...]) -> str:
    return next((os.environ[name] for name in names if os.environ.get(name)), "")


def _words(choice: Choice) -> str:
    what = {"env": "given", "docker": "containers", "local": "local processes"}[choice.way]
    why = f"CRMKPI_SERVERS={choice.way}" if choice.why == "forced" else choice.why
    given = [name for name, address in (("Kafka", choice.kafka), ("Redis", choice.redis)) if address]
    note = f"; {given[0]} from the environment" if len(given) == 1 else ""
    return f"{what} ({why}{note})"


def _start(
    choice: Choice,
    progress: Progress,
    kafka_port: int,
    redis_port: int,
    stack: ExitStack,
    keep: Path | None = None,
) -> tuple[Kafka, Redis]:
    make_kafka, make_redis = (
        (docker.start_kafka, docker.start_redis)
        if choice.way == "docker"
        else (partial(start_kafka, keep=keep and keep.absolute() / "kafka"), start_redis)
    )

    def kafka() -> Kafka:
        return Kafka(choice.kafka, Given(choice.kafka)) if choice.kafka else make_kafka(progress, kafka_port)

    def redis() -> Redis:
        return Redis(choice.redis, Given(choice.redis)) if choice.redis else make_redis(progress, redis_port)

    with ThreadPoolExecutor(2) as pool:  # in parallel
        first, second = pool.submit(kafka), pool.submit(redis)
    if first.exception() is None:
        stack.callback(first.result().unit.remove)
    if second.exception() is None:
        stack.callback(second.result().unit.remove)
    return first.result(), second.result()
