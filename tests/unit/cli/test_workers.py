"""How worker processes are started."""

from pathlib import Path
from typing import Any

import pytest

from cli.moment import as_of_ms
from cli.workers import connections, place_of, worker_command
from models.settings import KafkaSettings, RedisSettings, load_settings
from ops.local import Servers
from ops.local.unit import Given, Kafka, Redis
from streams.__main__ import moment


@pytest.mark.parametrize(
    "text", ["2026-10-31", "2026-10-31T12:15:00Z", "2026-10-31T12:15:00+05:30", "2026-10-31T12:15"]
)
@pytest.mark.parametrize("tz", ["UTC", "Europe/Helsinki", "Asia/Kolkata"])
def test_a_worker_understands_the_moment_it_is_given(text: str, tz: str) -> None:
    """Every form of --as-of reaches the worker as the same instant."""
    at = as_of_ms(text, tz)
    command = worker_command(at)

    assert at == moment(command[command.index("--as-of") + 1])


def test_a_worker_has_no_moment_unless_given() -> None:
    """Live is the default."""
    assert "--as-of" not in worker_command()


def test_a_worker_signs_in_as_its_parent_was_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The parent's settings, from wherever they come, are the worker's: read back they are the same."""
    monkeypatch.chdir(tmp_path)
    kafka = {"security_protocol": "SASL_SSL", "sasl_mechanism": "PLAIN", "username": "u", "password": "p"}
    place = load_settings({"kafka": {**kafka, "check_hostname": False}, "redis": {"url": "redis://u:p@h:1/2"}})
    for name, value in connections(place).items():
        monkeypatch.setenv(name, value)
    read = load_settings(file={"kafka": {"ca_file": "/of/the/file"}})
    assert (read.kafka, read.redis) == (place.kafka, place.redis)


def test_servers_started_here_ask_for_no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Settings for another Kafka lie around: they are not for the one `up` starts."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CRMKPI_KAFKA__SECURITY_PROTOCOL", "SSL")
    monkeypatch.setenv("CRMKPI_REDIS__PASSWORD", "p")
    started: Any = object()
    servers = Servers(Kafka("127.0.0.1:1", started), Redis("redis://127.0.0.1:2/0", started), "")
    place = place_of(servers)
    assert place.kafka == KafkaSettings(bootstrap_servers="127.0.0.1:1")
    assert place.redis == RedisSettings(url="redis://127.0.0.1:2/0")
    given = Servers(Kafka("h:1", Given("h:1")), Redis("redis://h:2", Given("redis://h:2")), "")
    assert place_of(given).kafka.security_protocol == "SSL"
    assert place_of(given).redis.password is not None
