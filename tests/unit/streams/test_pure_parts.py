"""The parts of the runtime that need no server."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest
from aiokafka.partitioner import murmur2
from faust.types import TP

from ops.logs import RateLimit
from streams import dead_letters, position
from streams.__main__ import moment
from streams.configure import configured
from streams.fetched import Fetched
from streams.options import WorkerOptions
from streams.partitions import complaint
from streams.position import Position
from streams.producing import lane_of
from streams.stop import Refused, describe
from streams.topic_ids import recreated
from streams.watchdog import Standing, judge

OPTIONS = WorkerOptions(brokers=("127.0.0.1:1",), inputs=("in",))
TP0 = TP("journal", 0)


@pytest.mark.parametrize(
    ("key", "hashed"),
    [(b"21", -973932308), (b"foobar", -790332482), (b"a-little-bit-long-string", -985981536)],
)
def test_the_lane_of_a_tenant_is_what_java_producers_choose(key: bytes, hashed: int) -> None:
    """Values from Kafka's own UtilsTest: a journal written by another client would have the same lanes."""
    assert murmur2(key) == hashed & 0xFFFFFFFF or murmur2(key) == hashed
    assert lane_of(key.decode(), 12) == (hashed & 0x7FFFFFFF) % 12


def test_a_position_comes_back_as_it_was_written() -> None:
    """All fields survive, and a newer version is not misread."""
    at = Position(7, 2, {"journal": "abc"})
    assert position.decode(position.encode(at)) == at
    with pytest.raises(Refused, match="newer build"):
        position.decode(b'{"v":3,"next":7}')


def test_a_partition_that_stands_still_with_lag_is_stuck_after_the_limit_only() -> None:
    """Not before the limit, and not when it moved, has nothing to read, or is gone in between."""
    known, stuck = judge({}, {TP0: (5, True)}, 0.0, 10.0)
    assert (known[TP0], stuck) == (Standing(5, True, 0.0), None)
    assert judge(known, {TP0: (5, True)}, 9.0, 10.0)[1] is None
    assert judge(known, {TP0: (5, True)}, 10.0, 10.0)[1] == TP0
    assert judge(known, {TP0: (6, True)}, 10.0, 10.0)[1] is None
    assert judge(known, {TP0: (5, False)}, 10.0, 10.0)[1] is None
    assert judge(known, {}, 10.0, 10.0) == ({}, None)


def test_lag_that_begins_after_a_long_idle_time_starts_the_clock_anew() -> None:
    """Standing still without lag does not count."""
    known, _ = judge({}, {TP0: (5, False)}, 0.0, 10.0)
    known, _ = judge(known, {TP0: (5, True)}, 100.0, 10.0)
    assert judge(known, {TP0: (5, True)}, 105.0, 10.0)[1] is None


def test_a_changed_count_of_journal_or_state_is_named_and_inputs_may_differ() -> None:
    """The complaint names topic and both numbers; unknown topics are none of its business."""
    assert complaint(OPTIONS, {OPTIONS.journal: 12, OPTIONS.state: 12, "in": 99}) is None
    assert complaint(OPTIONS, {}) is None
    for topic in (OPTIONS.journal, OPTIONS.state):
        text = complaint(OPTIONS, {topic: 16})
        assert text is not None
        assert f"{topic} has 16 partitions" in text


def test_a_recreated_topic_is_found_by_its_id_and_a_new_one_is_fine() -> None:
    """Only names that were known under another id."""
    assert recreated({"a": "1", "b": "2"}, {"a": "1", "b": "3", "c": "4"}) == ["b"]


def test_a_dead_letter_is_whole_up_to_the_limit_and_its_head_above() -> None:
    """Size and sha256 tell what was cut; the headers that were there stay first."""
    headers = dead_letters.headers_of("t", 1, 2, 3, stage="accept", reason="r", field=None, detail="d" * 5_000)
    assert dict(headers)["crmkpi.offset"] == b"2"
    assert len(dict(headers)["crmkpi.detail"] or b"") == 1_000
    assert dead_letters.output(b"k", b"value", [], headers, 6) == (b"k", b"value", headers)
    key, value, more = dead_letters.output(b"k", b"x" * 200_000, [], headers, 1_000)
    assert (key, value) == (b"k", b"x" * dead_letters.HEAD)
    assert dict(more)["crmkpi.truncated"] == b"200000"
    assert len(dict(more)["crmkpi.sha256"] or b"") == 64


def test_the_headers_of_a_dead_letter_are_bounded_and_ours_are_ours() -> None:
    """Compressed headers may be larger than Kafka takes; a record that brings our names can't speak for us."""
    ours = dead_letters.headers_of("t", 1, 2, 3, stage="accept", reason="r", field=None, detail="d")
    _, value, found = dead_letters.output(None, b"{", [("trace", bytes(2_000))], ours, 1_000)
    assert (value, dict(found)["crmkpi.truncated"], "trace" in dict(found)) == (b"{", b"1", False)
    sent = [("crmkpi.truncated", b"x"), ("crmkpi.offset", b"9"), ("trace", None)]
    assert dead_letters.output(None, b"{", sent, ours, 1_000)[2] == [("trace", None), *ours]


def test_a_range_knows_its_size() -> None:
    """Markers and tombstones weigh nothing."""
    assert Fetched("t", 0, 5, 9, (), 1).bytes == 0


def test_equal_lines_of_libraries_are_written_once_in_a_while_and_ours_always() -> None:
    """A broker restart may not print thousands of lines."""
    limit = RateLimit()

    def record(name: str) -> logging.LogRecord:
        return logging.LogRecord(name, logging.ERROR, "", 0, "Unable to connect to node %s", (1,), None)

    assert [limit.filter(record("aiokafka")) for _ in range(3)] == [True, False, False]
    assert [limit.filter(record("streams.lane")) for _ in range(3)] == [True, True, True]


def test_the_last_line_of_a_worker_names_error_and_place() -> None:
    """One line, also for an error with a long or broken text."""
    try:
        raise KeyError("x\ny")
    except KeyError as exc:
        text = describe(exc)
    assert text.startswith("KeyError: ")
    assert "test_pure_parts.py" in text
    assert "\n" not in text


@pytest.mark.parametrize(("error", "code"), [("ValueError('no')", 70), ("Refused('do this')", 78)])
def test_a_surprise_ends_with_70_and_a_refusal_with_78(error: str, code: int) -> None:
    """One line on stderr each; the supervisor restarts on the first only."""
    program = f"from streams.stop import Refused, die; die('working', {error})"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.returncode == code
    assert ended.stderr.count("\n") == 1
    assert ended.stderr.startswith("crmkpi worker stopped: working: ")


def test_a_misspelt_failpoint_is_an_error() -> None:
    """A test that never dies would prove nothing."""
    ended = subprocess.run(
        [sys.executable, "-c", "import streams.failpoints"],
        env={"CRMKPI_FAILPOINT": "count-0", "PATH": ""}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "unknown" in ended.stderr


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2017-12-31T00:00:00Z", 1514678400000),
        ("2017-12-31T02:00:00+02:00", 1514678400000),
        ("2017-12-30", 1514678400000),
    ],
)
def test_the_frozen_moment_is_exclusive_and_a_day_means_its_end(text: str, at: int) -> None:
    """As `compute --as-of`."""
    assert moment(text) == at


def test_the_settings_file_gives_each_tenant_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Defaults of the place first, then the file's; a wrong file is refused and named."""
    file = tmp_path / "here.toml"
    file.write_text('app_id = "mine"\n[tenant]\ncurrency = "USD"\n[tenants.acme]\ntz = "Europe/Helsinki"\n')
    monkeypatch.setenv("CRMKPI_CONFIG", str(file))
    settings, book = configured()
    assert settings.app_id == "mine"
    assert (book["acme"].tz, book["acme"].currency, book["other"].tz) == ("Europe/Helsinki", "USD", "UTC")
    for wrong in ("[tenants.acme]\ntz = 'Moon'", "no toml ="):
        file.write_text(wrong)
        with pytest.raises(Refused):
            configured()
    monkeypatch.setenv("CRMKPI_CONFIG", str(tmp_path / "nowhere"))
    with pytest.raises(Refused, match="nowhere"):
        configured()


def test_a_moment_without_an_offset_is_refused() -> None:
    """Whose midnight would it be?"""
    with pytest.raises(ValueError, match="offset"):
        moment("2017-12-31T00:00:00")
