"""Every route of the collector, asked anything its OpenAPI page allows: no 5xx, and answers as the page says."""

import os
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from typing import Any, Final

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import checks
from schemathesis.specs.openapi import checks as answers

from bench.broker import create_inputs
from bench.place import environment, place
from models import topics
from ops.local import Kafka
from ops.local.net import HOST, free_port

pytestmark = pytest.mark.servers
CHECKS: Final = [checks.not_a_server_error, answers.status_code_conformance, answers.content_type_conformance]
KEY: Final = {"Authorization": "Basic YWNtZTo="}  # acme:


@pytest.fixture(scope="module")
def schema(kafka: Kafka) -> Iterator[Any]:
    """Of a collector in a process of its own."""
    settings_ = place(kafka.bootstrap, "redis://127.0.0.1:1/0", f"test-{uuid.uuid4().hex[:12]}")
    create_inputs(settings_.kafka, topics.inputs(settings_), 1)
    port = free_port()
    command = [sys.executable, "-m", "cli", "collector", "--port", str(port)]
    with subprocess.Popen(command, env={**os.environ, **environment(settings_)}, stdout=subprocess.DEVNULL) as process:
        wait_for(f"http://{HOST}:{port}/readyz")
        yield schemathesis.openapi.from_url(f"http://{HOST}:{port}/openapi.json")
        process.terminate()
        assert process.wait(30) == 0


def wait_for(url: str) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.2)
        else:
            return


def test_no_request_is_too_strange(schema: Any) -> None:
    asked = 0
    for operation in (found.ok() for found in schema.get_all_operations()):

        @settings(max_examples=20, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            nonlocal asked
            asked += 1
            case.call_and_validate(headers=KEY, checks=CHECKS)

        ask()
    assert asked > 100
