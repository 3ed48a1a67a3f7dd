"""docker-compose.yml as a user runs it: built, started, used; skipped, with the reason, where it can't be."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.local.docker import why_not
from ops.local.net import wait_until

ROOT = Path(__file__).parents[2]
NAME = "crmkpi-test"  # beside a stack that somebody uses
SERVERS = """
services:
  kafka: {ports: !reset []}
  redis: {ports: !reset []}
  dashboard: {ports: !reset []}
  collector: {ports: !reset []}
"""
WRONG = """
services:
  worker: {environment: {CRMKPI_SESSION_TIMEOUT_S: "ten"}}
"""
MISSING = why_not()
pytestmark = [pytest.mark.docker, pytest.mark.skipif(bool(MISSING), reason=MISSING)]
EVENT = ["--type", "crm.deal.created", "--data", '{"deal_id": "D-1", "owner_id": "anna"}', "--tenant", "acme"]
STATUS = "grep -E '^(CapEff|CapBnd|NoNewPrivs)' /proc/1/status; touch /tmp/x && echo writable; touch /x || echo closed"


def _images() -> str:
    """Why the servers can't be started; empty when they can. The base of our own image is found by the build."""
    for image in _run("config", "--images", "kafka", "redis").stdout.split():
        if image.startswith("crmkpi:"):  # of what they depend on
            continue
        there = subprocess.run(["docker", "image", "inspect", image], capture_output=True).returncode == 0
        if not there and subprocess.run(["docker", "pull", "--quiet", image], capture_output=True).returncode:
            return f"{image} cannot be pulled"
    return ""


def _run(*words: str, files: tuple[Path, ...] = ()) -> subprocess.CompletedProcess[str]:
    named = [part for file in (ROOT / "docker-compose.yml", *files) for part in ("--file", str(file))]
    command = ["docker", "compose", "--project-name", NAME, *named, *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT)


class Stack:
    """The started stack."""

    def __init__(self, folder: Path) -> None:
        self.files = (folder / "servers.yml",)
        self.wrong = (*self.files, folder / "wrong.yml")
        self.files[0].write_text(SERVERS)
        self.wrong[1].write_text(WRONG)

    def ok(self, *words: str) -> str:
        """What compose says on stdout; it has to end well."""
        done = _run(*words, files=self.files)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def states(self, service: str) -> list[dict[str, object]]:
        """One for each container of a service."""
        return [json.loads(line) for line in self.ok("ps", "--all", "--format", "json", service).splitlines()]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Everything, with two workers, until all is healthy; gone at the end."""
    if reason := _images():
        pytest.skip(reason)
    made = Stack(tmp_path_factory.mktemp("compose"))
    try:
        made.ok("up", "--detach", "--wait", "--build", "--scale", "worker=2")
        yield made
    finally:
        _run("down", "--volumes", "--timeout", "5", files=made.files)


def test_an_event_is_counted_and_verified(stack: Stack) -> None:
    """By the commands of the page on operations."""
    stack.ok("run", "--rm", "--no-deps", "-T", "worker", "send", *EVENT)
    assert wait_until(lambda: "verified: " in _verify(stack), 120.0, lambda: True)
    assert " 1 records" in _verify(stack)
    stack.ok("run", "--rm", "--no-deps", "-T", "worker", "doctor")


def _verify(stack: Stack) -> str:
    return _run("run", "--rm", "--no-deps", "-T", "worker", "verify", files=stack.files).stdout


def test_two_workers_are_healthy_and_can_be_asked_by_a_neighbour(stack: Stack) -> None:
    """Their name leads to both."""
    assert [state["Health"] for state in stack.states("worker")] == ["healthy"] * 2
    script = (
        "import socket, urllib.request as u;"
        "found = {a[4][0] for a in socket.getaddrinfo('worker', 9464)};"
        "print(*(u.urlopen(f'http://{ip}:9464/{path}').status for ip in found for path in ('metrics', 'readyz')))"
    )
    told = stack.ok("run", "--rm", "--no-deps", "-T", "--entrypoint", "python3", "topics", "-c", script)
    assert told.split() == ["200"] * 4


def test_the_dashboard_shows_what_was_counted(stack: Stack) -> None:
    """Under the names it has, and to nobody who comes under another."""
    assert [state["Health"] for state in stack.states("dashboard")] == ["healthy"]
    script = (
        "import json, urllib.request as u;"
        "ask = lambda path: json.load(u.urlopen('http://dashboard:8080/api/v1/' + path));"
        "print([one['tenant'] for one in ask('tenants')], ask('lag')['verdict'])"
    )
    told = stack.ok("run", "--rm", "--no-deps", "-T", "--entrypoint", "python3", "topics", "-c", script)
    assert told.strip() == "['acme'] OK"


def test_the_collector_takes_events(stack: Stack) -> None:
    """And answers once Kafka has them."""
    assert [state["Health"] for state in stack.states("collector")] == ["healthy"]
    script = (
        "import json, urllib.request as u;"
        "event = {'type': 'crm.page.viewed', 'data': {'url': 'https://acme.example/'}};"
        "head = {'Content-Type': 'application/json', 'Authorization': 'Basic YWNtZTo='};"
        "print(u.urlopen(u.Request('http://collector:8081/events', json.dumps(event).encode(), head)).read().decode())"
    )
    told = stack.ok("run", "--rm", "--no-deps", "-T", "--entrypoint", "python3", "topics", "-c", script)
    assert json.loads(told) == {"success": True, "accepted": 1, "rejected": []}


def test_redis_wants_its_password(stack: Stack) -> None:
    """Nothing is told without it."""
    assert "NOAUTH" in stack.ok("exec", "-T", "redis", "redis-cli", "dbsize")


ROOTS = [("worker", "closed"), ("dashboard", "closed"), ("collector", "closed"), ("redis", "closed"), ("kafka", "")]


@pytest.mark.parametrize(("service", "root"), ROOTS)
def test_no_rights_are_left(stack: Stack, service: str, root: str) -> None:
    """No capability, none to be gained, and a root that only Kafka may write to."""
    lines = stack.ok("exec", "-T", service, "sh", "-c", STATUS).split()
    assert lines[:6] == ["CapEff:", "0" * 16, "CapBnd:", "0" * 16, "NoNewPrivs:", "1"]
    assert "writable" in lines
    assert not root or lines[-1] == root


def test_a_broker_that_starts_again_ends_nobody(stack: Stack) -> None:
    """Workers wait for it, and are healthy."""
    before = [state["ID"] for state in stack.states("worker")]
    stack.ok("restart", "kafka")
    stack.ok("up", "--detach", "--wait", "--scale", "worker=2", "--no-recreate")
    assert [(state["ID"], state["Health"]) for state in stack.states("worker")] == [(id, "healthy") for id in before]


def test_what_a_restart_cannot_help_is_not_started_again(stack: Stack) -> None:
    """The worker is there, unhealthy, with one line that names the setting."""
    _run("up", "--detach", "--no-deps", "worker", files=stack.wrong)
    assert wait_until(lambda: stack.states("worker")[0]["Health"] == "unhealthy", 120.0, lambda: True)
    (state,) = stack.states("worker")
    inspected = subprocess.run(["docker", "inspect", str(state["ID"])], capture_output=True, text=True, check=True)
    (container,) = json.loads(inspected.stdout)
    assert (container["State"]["Running"], container["RestartCount"]) == (True, 0)
    told = stack.ok("logs", "--no-log-prefix", "worker")
    assert told.count("session_timeout_s") == 1
    assert "holding: no worker is running" in told
