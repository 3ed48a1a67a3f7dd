"""What the doctor asks of a machine."""

import pytest

from ops import doctor
from ops.local import ServerError
from ops.local.servers import KAFKA_NAMES, REDIS_NAMES


def test_no_local_servers_are_asked_for_where_both_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container without Java is complete when it is told where Kafka and Redis are; with one of them it is not."""
    monkeypatch.setattr(doctor, "find_java", _no_java)
    for name in (*KAFKA_NAMES, *REDIS_NAMES):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "kafka:29092")
    assert {check.name: check.ok for check in doctor.machine()}["Java"] is False
    monkeypatch.setenv("CRMKPI_REDIS__URL", "redis://redis:6379/0")
    assert [check.ok for check in doctor.machine()] == [True, True]


def _no_java() -> tuple[str, str]:
    raise ServerError("no Java")
