"""Rules of the servers as containers, and of docker-compose.yml; skipped, with the reason, without a Docker engine."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import redis
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from ops.local import local_servers
from ops.local.docker import why_not
from ops.topics import Topic, admin, ensure

ROOT = Path(__file__).parents[2]
MISSING = why_not()
pytestmark = [pytest.mark.docker, pytest.mark.skipif(bool(MISSING), reason=MISSING)]
HOLD = """
import time
from ops.local import local_servers
with local_servers(way="docker") as s:
    print(s.kafka.bootstrap, s.redis.url, flush=True)
    time.sleep(600)
"""


def _docker(*words: str) -> str:
    return subprocess.run(["docker", *words], capture_output=True, text=True, check=True, cwd=ROOT).stdout


def _ours(port: str) -> str:
    return _docker("ps", "--all", "--quiet", "--filter", f"name=crmkpi-(kafka|redis)-{port}")


async def test_containers_keep_their_data_and_port_over_restarts() -> None:
    """A record written before stop, kill and pause is read after them at the same address; Redis answers again."""
    with local_servers(way="docker") as servers:
        kafka, unit = servers.kafka.bootstrap, servers.kafka.unit
        async with admin(kafka) as link:
            await ensure(link, [Topic("t", 1, 1, {})])
        async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
            await producer.send_and_wait("t", b"1")
        unit.stop()
        unit.start()
        unit.kill()
        unit.start()
        unit.pause()
        unit.resume()
        assert unit.memory() > 50 << 20
        async with AIOKafkaConsumer("t", bootstrap_servers=kafka, auto_offset_reset="earliest") as consumer:
            assert (await consumer.getone()).value == b"1"
        servers.redis.unit.kill()
        servers.redis.unit.start()
        servers.redis.flush()
        assert redis.Redis.from_url(servers.redis.url).ping()


def test_containers_do_not_outlive_a_program_that_was_killed() -> None:
    """After kill -9 of the owner both containers are removed within seconds."""
    owner = subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    with owner:
        ports = [address.split(":")[-1].split("/")[0] for address in owner.stdout.readline().split()]
        assert all(map(_ours, ports))
        owner.kill()
    end = time.monotonic() + 60
    while time.monotonic() < end and any(map(_ours, ports)):
        time.sleep(0.2)
    assert not any(map(_ours, ports))


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """docker-compose.yml as compose itself understands it, every profile on."""
    config: dict[str, Any] = json.loads(_docker("compose", "--profile", "*", "config", "--format", "json"))
    return config


def test_compose_opens_ports_on_the_loopback_only(compose: dict[str, Any]) -> None:
    """Nothing of it can be reached from another machine."""
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert {port["host_ip"] for port in ports} == {"127.0.0.1"}
    assert {port["published"] for port in ports} == {"9092", "6379", "8080", "8081"}


def test_compose_lets_workers_scale(compose: dict[str, Any]) -> None:
    """A fixed name or a host port would stop `--scale worker=2`."""
    worker = compose["services"]["worker"]
    assert not {"container_name", "ports"} & set(worker)


def test_everything_in_compose_that_stays_has_a_health_check(compose: dict[str, Any]) -> None:
    """`up --wait` returns when all are healthy; the one-shot ones are waited for by their end."""
    services = compose["services"]
    assert {name for name, service in services.items() if "healthcheck" not in service} == {"topics", "password"}
    assert services["worker"]["depends_on"]["topics"]["condition"] == "service_completed_successfully"
    assert services["demo"]["profiles"] == ["demo"]


def test_nothing_in_compose_has_more_rights_or_memory_than_it_needs(compose: dict[str, Any]) -> None:
    """No capabilities, none to be gained, a limit of memory and of processes for each."""
    for name, service in compose["services"].items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["mem_limit"], name
        assert service["pids_limit"], name
    writable = {name for name, service in compose["services"].items() if not service.get("read_only")}
    assert writable == {"kafka"}  # its entry script writes the broker's configuration


def test_no_password_stands_in_compose(compose: dict[str, Any]) -> None:
    """Redis gets it over stdin, workers by a file."""
    command = " ".join(compose["services"]["redis"]["command"])
    assert "requirepass $$(cat " in command
    assert "--requirepass" not in command
    worker = compose["services"]["worker"]
    assert worker["environment"]["CRMKPI_REDIS__PASSWORD_FILE"].startswith("/run/crmkpi/")
    assert worker["command"] == ["worker", "--hold"]
