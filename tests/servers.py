"""Fixtures with a real Kafka and a real Redis: started when none is given, so no test is skipped for want of them."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator
from contextlib import nullcontext

import pytest

from ops.local import Kafka, Servers, local_servers


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config) -> Iterator[Servers]:
    """One Kafka and one Redis for the whole test run; how they were chosen is printed."""
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")

    def say(line: str) -> None:
        with capture.global_and_fixture_disabled() if capture else nullcontext():
            print(f"\n  {line}", file=sys.stderr)  # noqa: T201 - also from one of several processes (pytest -n)

    with local_servers(say) as both:
        yield both


@pytest.fixture(scope="session")
def kafka(servers: Servers) -> Kafka:
    """The broker of this run: `kafka.bootstrap` to connect, `kafka.unit` to stop, kill, pause and start it."""
    return servers.kafka


@pytest.fixture(scope="session")
def redis_url(servers: Servers) -> str:
    """The Redis of this run, `redis://host:port/0`."""
    return servers.redis.url


@pytest.fixture
def app_id() -> str:
    """An application id (consumer group, topic and key prefix) no other test has."""
    return f"test-{uuid.uuid4().hex[:12]}"
