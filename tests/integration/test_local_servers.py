"""Rules of the servers we start ourselves: they serve, survive what tests do to them, and leave nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from ops.local import Kafka, ServerError, Servers, local_servers
from ops.local.kafka import SETTINGS, start_kafka
from ops.local.net import free_port, is_free
from ops.local.redis import start_redis
from ops.local.servers import choose
from ops.local.unit import host_port

pytestmark = pytest.mark.servers
HOLD = """
import sys, time
from ops.local import local_servers
with local_servers(way="local") as s:
    units = s.kafka.unit, s.redis.unit
    print(s.kafka.bootstrap, s.redis.url, *(u.folder for u in units), *(u.pid for u in units), flush=True)
    time.sleep(600)
"""


async def _write(kafka: Kafka, topic: str, values: list[bytes]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, max_request_size=9 << 20)
    await producer.start()
    try:
        for value in values:
            await producer.send_and_wait(topic, value, partition=0)
    finally:
        await producer.stop()


async def _read(kafka: Kafka, topic: str, count: int) -> list[bytes]:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=kafka.bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        return [(await consumer.getone()).value for _ in range(count)]
    finally:
        await consumer.stop()


async def _make_topic(kafka: Kafka, topic: str, **configs: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, 1, 1, topic_configs=configs)])
    finally:
        await admin.close()


async def test_records_survive_a_graceful_and_a_hard_restart_of_the_broker() -> None:
    """What was acknowledged is read again from the same port after stop/start and kill -9/start, also after a pause."""
    kafka = start_kafka(lambda line: None)
    try:
        await _make_topic(kafka, "t")
        await _write(kafka, "t", [b"1"])
        kafka.unit.stop()
        kafka.unit.start()
        await _write(kafka, "t", [b"2"])
        kafka.unit.kill()
        kafka.unit.start()
        kafka.unit.pause()
        kafka.unit.resume()
        assert await _read(kafka, "t", 2) == [b"1", b"2"]
    finally:
        kafka.unit.remove()


async def test_what_is_kept_is_there_next_time(tmp_path: Path) -> None:
    """In a folder that need not exist; whoever comes second meanwhile is told."""
    for number in (b"1", b"2"):
        kafka = start_kafka(lambda line: None, keep=tmp_path / "new" / "kafka")
        try:
            if number == b"1":
                await _make_topic(kafka, "t")
                with pytest.raises(ServerError, match="in use"):
                    start_kafka(lambda line: None, keep=tmp_path / "new" / "kafka")
            await _write(kafka, "t", [number])
            kept = await _read(kafka, "t", int(number))
        finally:
            kafka.unit.remove()
    assert kept == [b"1", b"2"]


@pytest.mark.parametrize(("name", "value"), [("KAFKA_BOOTSTRAP_SERVERS", "h:1"), ("CRMKPI_SERVERS", "docker")])
def test_only_what_is_started_here_can_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """The error names what stands against it."""
    for other in ("KAFKA_BOOTSTRAP_SERVERS", "CRMKPI_KAFKA__BOOTSTRAP_SERVERS", "CRMKPI_SERVERS"):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, value)
    with pytest.raises(ServerError, match=name), local_servers(lambda line: None, keep=tmp_path):
        raise AssertionError("nothing was to be started")


async def test_a_record_of_8_mb_fits_where_the_topic_allows_it(kafka: Kafka, app_id: str) -> None:
    """Internal topics take blocks and dead letters larger than any input."""
    await _make_topic(kafka, app_id, **{"max.message.bytes": str(8 << 20)})
    big = os.urandom((8 << 20) - 1000)
    await _write(kafka, app_id, [big])
    assert await _read(kafka, app_id, 1) == [big]


def test_redis_can_be_flushed_stopped_killed_and_started_again() -> None:
    """A restarted or flushed Redis is empty and answers at the same address."""
    server = start_redis(lambda line: None)
    client = redis.Redis.from_url(server.url)
    try:
        client.set("a", 1)
        server.flush()
        assert client.dbsize() == 0
        client.set("a", 1)
        server.unit.stop()
        server.unit.start()
        assert client.dbsize() == 0
        server.unit.kill()
        server.unit.start()
        assert client.ping()
    finally:
        client.close()
        server.unit.remove()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_is_left_behind_however_the_program_ends(number: signal.Signals) -> None:
    """After kill -9, SIGTERM or Ctrl-C of the owner both servers and their folders are gone within seconds."""
    owner = subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    with owner:
        bootstrap, url, *rest = owner.stdout.readline().split()
        folders, pids = [Path(path) for path in rest[:2]], [int(pid) for pid in rest[2:]]
        assert all(folder.exists() for folder in folders)
        owner.send_signal(number)
        owner.wait(60)
    ports = [host_port(bootstrap, 0)[1], host_port(url, 0)[1]]
    end = time.monotonic() + 60
    while time.monotonic() < end and (any(map(_alive, pids)) or any(folder.exists() for folder in folders)):
        time.sleep(0.1)
    assert not any(map(_alive, pids))
    assert not any(folder.exists() for folder in folders)
    assert all(map(is_free, ports))


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_taken_port_is_named_with_what_to_do() -> None:
    """Nothing is started on a port somebody else holds, and the message says how to find who."""
    with socket.create_server(("127.0.0.1", free_port())) as holder:
        port = holder.getsockname()[1]
        with pytest.raises(ServerError, match=rf"port {port} .* is in use .*ss -ltnp"):
            start_redis(lambda line: None, port)


def test_short_memory_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """With too little memory Kafka is not even started."""
    monkeypatch.setattr("ops.local.kafka.available_mb", lambda: 300)
    with pytest.raises(ServerError, match=r"only 300 MB .* KAFKA_BOOTSTRAP_SERVERS"):
        start_kafka(lambda line: None)


def test_a_server_that_dies_at_start_shows_its_last_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of the log is in the error, and the whole log is kept where it says."""
    monkeypatch.setitem(SETTINGS, "num.io.threads", "none")
    with pytest.raises(
        ServerError, match=r"exited with code 1.*\n(.*\n)*.*num\.io\.threads(.*\n)*.*Full log: "
    ) as caught:
        start_kafka(lambda line: None)
    kept = Path(str(caught.value).rsplit("Full log: ", 1)[1])
    assert "num.io.threads" in kept.read_text()
    kept.unlink()


def test_addresses_from_the_environment_win_and_are_never_stopped(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given servers are used as they are; the product's own variable names win over the common ones."""
    monkeypatch.delenv("CRMKPI_SERVERS", raising=False)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "elsewhere:1")
    monkeypatch.setenv("CRMKPI_KAFKA__BOOTSTRAP_SERVERS", servers.kafka.bootstrap)
    monkeypatch.setenv("REDIS_URL", servers.redis.url)
    with local_servers() as given:
        assert given.kafka.bootstrap == servers.kafka.bootstrap
        assert "environment" in given.how
        with pytest.raises(ServerError, match="is external"):
            given.kafka.unit.kill()
    assert redis.Redis.from_url(servers.redis.url).ping()


def test_a_forced_way_must_exist_and_be_possible(monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt CRMKPI_SERVERS, or `env` without addresses, is an error that says what can be set."""
    for name in ("CRMKPI_KAFKA__BOOTSTRAP_SERVERS", "KAFKA_BOOTSTRAP_SERVERS", "CRMKPI_REDIS__URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ServerError, match="local, docker, env"):
        choose("dokcer")
    with pytest.raises(ServerError, match="REDIS_URL must be set"):
        choose("env")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("redis://u:p@h:1/0", ("h", 1)),
        ("a:1,b:2", ("a", 1)),
        ("[::1]:5", ("::1", 5)),
        ("[::1]", ("::1", 9)),
        ("h", ("h", 9)),
    ],
)
def test_host_and_port_are_read_from_every_form_of_address(address: str, expected: tuple[str, int]) -> None:
    """URL with password, list of brokers, IPv6, and a bare host."""
    assert host_port(address, 9) == expected
