"""Targets against a real Kafka, a real Redis and a real worker: set, told by the dashboard, listed, withdrawn."""

import asyncio
import json
import subprocess
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from dashboard.sending import KafkaEventSender
from models.settings import load_settings
from models.targets import target_event
from tests.integration.test_cli import EXAMPLE, PATIENCE_S, Shell, published, settled, shell, worker

pytestmark = pytest.mark.servers
__all__ = ["shell", "worker"]


def listed(shell: Shell, until: Callable[[Mapping[str, Any]], bool]) -> dict[str, Any]:
    """Targets by KPI once they are as wanted; fails when that takes too long."""
    end = time.monotonic() + PATIENCE_S
    while True:
        found = {doc["kpi"]: doc["target"] for doc in shell.json("targets", "list", "--tenant", "acme")}
        if until(found):
            return found
        assert time.monotonic() < end, found
        time.sleep(0.5)


def test_a_target_is_set_published_and_withdrawn(shell: Shell, worker: subprocess.Popen[bytes]) -> None:
    """By command and as the dashboard tells it; verify recounts it."""
    shell.json("import", str(EXAMPLE))
    published(shell, "win_rate", 2 / 3)
    (landed,) = shell.json("targets", "set", "win_rate", "month", "0.5", "--tenant", "acme")
    assert landed["topic"].endswith("crm.costs.v1")
    place = load_settings(
        {"kafka": {"bootstrap_servers": shell.env["KAFKA_BOOTSTRAP_SERVERS"]},
         "topic_prefix": shell.env["CRMKPI_TOPIC_PREFIX"]}
    )  # fmt: skip
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    given = {"kpi": "closed_won_deals", "window": "month", "value": "4"}
    told = target_event("acme", given, source="/dashboard", event_id="told", time=now)
    asyncio.run(KafkaEventSender(place).send(told))
    found = listed(shell, lambda targets: len(targets) == 2)
    assert found["win_rate"]["attainment"] == pytest.approx(4 / 3)
    assert (found["closed_won_deals"]["value"], "pace" in found["closed_won_deals"]) == (4.0, True)
    settled(shell)
    verdict = shell.run("verify", "--frozen", "--json")
    assert json.loads(verdict.stdout)["differences"] == []
    assert "133%" in shell.run("targets", "list", "--tenant", "acme").stdout
    assert shell.run("targets", "remove", "win_rate", "month", "--tenant", "acme").returncode == 0
    assert listed(shell, lambda targets: "win_rate" not in targets).keys() == {"closed_won_deals"}
