"""Every line of a process that was asked for JSON is one JSON object."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from models.settings import SettingsError
from ops.logs import as_json, json_log_line

WORKER = """
import logging, warnings
from ops.logs import set_up_logs
from streams.stop import Refused, die
set_up_logs()
logging.getLogger("streams.lane").info("lane %s: restored", 3, extra={"lane": 3})
for broker in range(40):
    logging.getLogger("aiokafka.conn").error("Unable to connect to broker %s", broker)
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("streams.app").exception("line\\nbreak")
warnings.warn("old", stacklevel=1)
END
"""


def lines(end: str, **env: str) -> tuple[list[str], int]:
    """What a process writes to stderr, and its exit code."""
    done = subprocess.run(
        [sys.executable, "-c", WORKER.replace("END", end)], env={**os.environ, **env}, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    return done.stderr.splitlines(), done.returncode


def parsed(end: str, **env: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines(end, CRMKPI_LOG_FORMAT="json", **env)[0]]


def test_every_line_is_an_object_with_the_same_first_fields() -> None:
    """Ours with their fields, aiokafka's (the same one only once in a while), tracebacks, warnings, the last words."""
    found = parsed("die('fetching', ValueError('odd'))")
    assert all(list(line)[:4] == ["timestamp", "level", "logger", "event"] for line in found)
    assert [(line["logger"], line["level"]) for line in found] == [
        ("streams.lane", "info"),
        ("aiokafka.conn", "error"),
        ("streams.app", "error"),
        ("py.warnings", "warning"),
        ("streams.stop", "critical"),
    ]
    assert (found[0]["event"], found[0]["lane"]) == ("lane 3: restored", 3)
    assert found[2]["exception"].endswith("ZeroDivisionError: division by zero")
    assert found[-1]["event"] == "crmkpi worker stopped: fetching: ValueError: odd"
    assert (found[-1]["doing"], found[-1]["reason"], found[-1]["code"]) == ("fetching", "ValueError: odd", 70)


def test_the_traceback_of_the_last_words_is_a_field_and_so_is_that_of_what_nobody_caught() -> None:
    """One object each, however many lines the traceback has."""
    debug = parsed("try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    die('a', e)", CRMKPI_LOG_LEVEL="debug")
    assert "Traceback" in debug[-1]["exception"]
    assert "Traceback" in parsed("raise KeyError('x')")[-1]["exception"]


def test_text_stays_as_it_was() -> None:
    """The default."""
    found, code = lines("die('a', Refused('say yes'))")
    assert found[0].endswith(" INFO streams.lane: lane 3: restored")
    assert (found[-1], code) == ("crmkpi worker stopped: a: say yes", 78)


def test_a_format_that_is_none_is_refused_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """By whoever reads it; commands end with the code of wrong usage."""
    monkeypatch.setenv("CRMKPI_LOG_FORMAT", "xml")
    with pytest.raises(SettingsError, match="CRMKPI_LOG_FORMAT is 'xml'"):
        as_json()
    done = subprocess.run([sys.executable, "-m", "cli", "kpis", "list"], capture_output=True, text=True, check=False)
    assert (done.returncode, "CRMKPI_LOG_FORMAT" in done.stderr) == (2, True)


def test_a_command_complains_in_json_too() -> None:
    """What cannot be mended by a retry, as one object."""
    done = subprocess.run(
        [sys.executable, "-m", "cli", "lag", "--kafka", "127.0.0.1:1"], capture_output=True, text=True, check=False,
        env={**os.environ, "CRMKPI_LOG_FORMAT": "json"},
    )  # fmt: skip
    line = json.loads(done.stderr.splitlines()[-1])
    assert (line["level"], line["logger"], done.returncode) == ("error", "cli", 69)


def test_fields_that_are_unknown_are_left_out() -> None:
    """And control characters cannot leave the line."""
    line = json_log_line("a\nb", logger="x", one=None, two=2)
    assert "\n" not in line
    assert json.loads(line).keys() == {"timestamp", "level", "logger", "event", "two"}
